"""The request limit of an account."""

from concurrent.futures import ThreadPoolExecutor

from devstack.sandbox import SandboxServer

from .conftest import Product, Wall


def test_the_limit_counts_the_login_and_slides(sandbox: SandboxServer, product: Product, wall: Wall) -> None:
    sandbox.control.set_rate_limit("demo-key", 3)  # one of the three was the login
    assert product.get("/whatsapp/status/n1").status_code == 200
    wall.pass_(seconds=30)
    assert product.get("/whatsapp/status/n1").status_code == 200
    refused = product.get("/whatsapp/status/n1")
    assert refused.status_code == 429
    assert refused.json()["success"] is False
    assert not [name for name in refused.headers if name.lower().startswith("x-ratelimit")]
    assert "Retry-After" not in refused.headers
    wall.pass_(seconds=29.9)
    assert product.get("/whatsapp/status/n1").status_code == 429
    wall.pass_(seconds=0.1)  # login and first call are 60 s old, the second 30 s
    codes = [product.get("/whatsapp/status/n1").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_retry_after_when_the_account_sends_it(sandbox: SandboxServer, wall: Wall) -> None:
    sandbox.control.add_account("k", "a@b.example", "secret", rate_limit=1, retry_after=True)
    product = Product(sandbox, "k").login("a@b.example", "secret")
    wall.pass_(seconds=15)
    refused = product.get("/billing/rates")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "46")


def test_a_limit_set_with_restart_forgets_earlier_requests(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_rate_limit("demo-key", 1, restart=True)
    codes = [product.get("/whatsapp/status/n1").status_code for _ in range(2)]
    assert codes == [200, 429]


def test_accounts_do_not_share_a_limit(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_rate_limit("demo-key", 1)
    sandbox.control.add_account("k", "a@b.example", "secret")
    assert product.get("/billing/rates").status_code == 429
    assert Product(sandbox, "k").login("a@b.example", "secret").get("/billing/rates").status_code == 200


def test_parallel_requests_never_pass_the_limit(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_rate_limit("demo-key", 21)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: product.get("/whatsapp/status/n1").status_code, range(60)))
    assert (codes.count(200), codes.count(429)) == (20, 40)


def test_the_request_log_tells_what_came(sandbox: SandboxServer, product: Product, wall: Wall) -> None:
    sandbox.control.set_rate_limit("demo-key", 2)
    product.get("/whatsapp/status/n1")
    product.get("/billing/rates")
    log = sandbox.control.requests_log()
    assert [(entry.call, entry.instance_id, entry.status_code) for entry in log] == [
        ("login", "", 200),
        ("status", "n1", 200),
        ("rates", "", 429),
    ]
    assert {entry.account_key for entry in log} == {"demo-key"}
    assert {entry.at for entry in log} == {wall.at}
