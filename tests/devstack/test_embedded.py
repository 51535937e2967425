"""The embedded servers, each test in a checkout of its own with real processes."""

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import redis

from devstack.embedded import state
from tests.devstack.checkout import Checkout, kill_hard, running

HOLD = "from devstack import embedded\nwith embedded.lease():\n    print('up', flush=True)\n    input()\n"


def python(checkout: Checkout, code: str) -> "subprocess.Popen[str]":
    """Another running command of the checkout."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=checkout.root,
        env=checkout.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hold(checkout: Checkout) -> "subprocess.Popen[str]":
    """A command that holds a lease until `leave`."""
    process = python(checkout, HOLD)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n", process.communicate()
    return process


def new_checkout(folder: Path) -> Checkout:
    """A checkout that has no data yet, its path with spaces and quotes."""
    if state.as_root():  # pytest's folders are accessible to root only; so is the checkout
        folder.chmod(0o700)
    return Checkout(folder / 'it\'s a "checkout" of mine')


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """One for all tests that leave its servers stopped and its data whole: setting up a database takes seconds."""
    made = new_checkout(tmp_path_factory.mktemp("checkout"))
    yield made
    made.remove()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Checkout]:
    """One without data, for one test."""
    made = new_checkout(tmp_path)
    yield made
    made.remove()


def leave(*holders: "subprocess.Popen[str]") -> None:
    for holder in holders:
        _, errors = holder.communicate("\n", timeout=60)
        assert holder.returncode == 0, errors


def test_starts_the_engines_that_production_runs(checkout: Checkout) -> None:
    started = checkout.run("start")
    assert started.returncode == 0, started.stderr
    with closing(checkout.database()) as database:
        (version,) = database.execute("SHOW server_version_num").fetchone() or ("",)
        assert str(version).startswith("18")
        (locale,) = database.execute(
            "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'markaz'"
        ).fetchone() or ("",)
        assert locale == "bC.UTF-8"
        (superuser,) = database.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone() or (True,)
        assert superuser is False
        assert database.execute("SHOW fsync").fetchone() == ("on",)
        for extension in ("btree_gist", "pg_trgm"):
            database.execute(f"CREATE EXTENSION {extension}")
    with closing(checkout.broker()) as broker:
        assert broker.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert broker.config_get("appendonly")["appendonly"] == "yes"
        assert str(broker.info("server")["valkey_version"]).startswith("9.")
    servers = checkout.pids()
    for pid in servers:
        assert os.stat(f"/proc/{pid}").st_uid != 0
        assert set(listening_addresses(pid)) == {"127.0.0.1"}
    assert checkout.run("stop").returncode == 0
    assert not any(running(pid) for pid in servers)


def listening_addresses(pid: int) -> list[str]:
    """Local addresses of the process's listening TCP sockets, IPv4 and IPv6."""
    sockets = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found = []
    for family, table in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                packed = bytes.fromhex(fields[1].split(":")[0])
                found.append(socket.inet_ntop(family, packed[::-1] if family == socket.AF_INET else packed))
    return found


def test_a_wrong_password_is_refused(checkout: Checkout) -> None:
    checkout.run("start")
    address = checkout.status()["DATABASE_URL"]
    password = address.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address.replace(password, "guess"))
    broker = checkout.status()["REDIS_URL"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(broker.replace(broker.split(":")[2].split("@")[0], "guess")).ping()
    assert checkout.run("stop").returncode == 0


def test_the_last_one_out_stops_the_servers(checkout: Checkout) -> None:
    first, second = hold(checkout), hold(checkout)
    servers = checkout.pids()
    leave(first)
    assert all(running(pid) for pid in servers)
    leave(second)
    assert not any(running(pid) for pid in servers)


def test_a_killed_holder_does_not_count_and_its_servers_are_adopted(checkout: Checkout) -> None:
    holder = hold(checkout)
    servers = checkout.pids()
    holder.kill()
    holder.communicate()
    assert all(running(pid) for pid in servers)
    assert checkout.status()["In use"] == "no"
    second = hold(checkout)
    assert checkout.pids() == servers
    leave(second)
    assert not any(running(pid) for pid in servers)


def test_committed_work_survives_kill_9_of_everything(checkout: Checkout) -> None:
    for turn in range(2):
        holder = hold(checkout)
        with closing(checkout.database()) as database, closing(checkout.broker()) as broker:
            database.execute("CREATE TABLE IF NOT EXISTS kept (turn int)")
            database.execute("INSERT INTO kept VALUES (%s)", [turn])
            broker.set(f"kept-{turn}", "yes")
            broker.execute_command("WAITAOF", 1, 0, 5000)
            kill_hard(holder.pid, *checkout.pids())
            holder.communicate()
    holder = hold(checkout)
    with closing(checkout.database()) as database, closing(checkout.broker()) as broker:
        assert database.execute("SELECT turn FROM kept ORDER BY turn").fetchall() == [(0,), (1,)]
        assert [broker.get(f"kept-{turn}") for turn in range(2)] == ["yes", "yes"]
    leave(holder)


def test_one_killed_server_is_started_again(checkout: Checkout) -> None:
    holder = hold(checkout)
    postgres, valkey = checkout.pids()
    kill_hard(valkey)
    second = hold(checkout)
    assert checkout.pids()[0] == postgres
    assert checkout.pids()[1] != valkey
    leave(holder, second)


def test_a_stale_pid_file_that_names_a_stranger_is_cleared_and_the_stranger_lives(checkout: Checkout) -> None:
    leave(hold(checkout))
    user = {"user": 65534} if state.as_root() else {}
    stranger = subprocess.Popen(["sleep", "60"], **user)
    try:
        (checkout.data() / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n")
        (checkout.data() / "valkey" / "valkey.pid").write_text(f"{stranger.pid}\n")
        leave(hold(checkout))
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_port_taken_by_another_program_is_left_to_them(checkout: Checkout) -> None:
    leave(hold(checkout))
    before = checkout.status()
    port = int(before["DATABASE_URL"].rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        holder = hold(checkout)
        after = checkout.status()
        assert after["DATABASE_URL"] != before["DATABASE_URL"]
        assert after["REDIS_URL"] == before["REDIS_URL"]
        with closing(checkout.database()) as database:
            assert database.execute("SELECT 1").fetchone() == (1,)
        leave(holder)


def test_two_checkouts_side_by_side(checkout: Checkout, fresh: Checkout) -> None:
    holders = [hold(checkout), hold(fresh)]
    first, second = checkout.status(), fresh.status()
    assert not {first["DATABASE_URL"], first["REDIS_URL"], first["Data"]} & set(second.values())
    leave(holders[0])
    with closing(fresh.database()) as database:
        assert database.execute("SELECT 1").fetchone() == (1,)
    leave(holders[1])


def test_commands_that_start_at_the_same_moment_share_the_servers(checkout: Checkout) -> None:
    code = HOLD.replace("'up'", "embedded.database_url(), embedded.redis_url(), embedded.secret('field-key')")
    commands = [python(checkout, code) for _ in range(4)]
    said = {process.stdout.readline() for process in commands if process.stdout}
    assert len(said) == 1, said
    assert "" not in said, [process.communicate() for process in commands]
    leave(*commands)


def test_a_server_of_ones_own_is_used_and_none_is_started(fresh: Checkout) -> None:
    fresh.environment |= {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere/3"}
    code = HOLD.replace("'up'", "embedded.database_url(), embedded.redis_url()")
    said, errors = python(fresh, code).communicate("\n", timeout=30)
    assert said == "postgres://elsewhere/db redis://elsewhere/3\n", errors
    assert not (fresh.data() / "postgres").exists()
    _, errors = python(fresh, "from devstack import embedded; embedded.secret('field-key')").communicate()
    assert "FIELD_KEYS is not set" in errors
    del fresh.environment["DATABASE_URL"], fresh.environment["REDIS_URL"]


def test_the_dot_env_file_counts_like_the_environment(checkout: Checkout) -> None:
    (checkout.root / ".env").write_text("DATABASE_URL=postgres://elsewhere/db\nREDIS_URL=\n")
    shown = checkout.status()
    assert shown["DATABASE_URL"] == "postgres://elsewhere/db"
    assert shown["REDIS_URL"].startswith("redis://:")
    (checkout.root / ".env").unlink()


def test_secrets_are_made_once_and_private(checkout: Checkout) -> None:
    code = "from devstack.embedded import secret; print(secret('secret-key'), secret('field-key'))"
    first, second = (python(checkout, code).communicate(timeout=30)[0] for _ in range(2))
    assert first == second
    assert len(first.split()[0]) >= 50
    for path in [checkout.data() / "servers.json", *(checkout.data() / "secrets").iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_server_that_cannot_start_says_why_in_a_sentence(checkout: Checkout) -> None:
    leave(hold(checkout))
    settings = checkout.data() / "postgres" / "postgresql.conf"
    right = settings.read_text()
    settings.write_text("no_such_setting = 1\n")
    failed = checkout.run("start")
    settings.write_text(right)
    assert failed.returncode == 1
    assert failed.stderr.startswith("PostgreSQL did not start. Its log (")
    assert "no_such_setting" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_data_of_another_major_version_is_not_touched(checkout: Checkout) -> None:
    leave(hold(checkout))
    version = checkout.data() / "postgres" / "PG_VERSION"
    right = version.read_text()
    version.write_text("17\n")
    failed = checkout.run("start")
    version.write_text(right)
    assert failed.returncode == 1
    assert "was made by PostgreSQL 17" in failed.stderr
    assert (checkout.data() / "postgres" / "base").exists()


def test_reset_asks_and_refuses_while_in_use(checkout: Checkout) -> None:
    holder = hold(checkout)
    refused = checkout.run("reset", "--yes")
    assert refused.returncode == 1
    assert "in use" in refused.stderr
    leave(holder)
    for answer, status in (("n\n", 0), ("\n", 0), ("", 1)):
        assert checkout.run("reset", answer=answer).returncode == status
        assert (checkout.data() / "postgres").exists()
    assert checkout.run("reset", answer="y\n").returncode == 0
    assert not (checkout.data() / "postgres").exists()


def test_after_a_reset_an_initdb_that_was_killed_half_way_is_started_over(checkout: Checkout) -> None:
    half = checkout.data() / "postgres"
    if half.exists():  # this test runs alone
        checkout.run("reset", "--yes")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    leave(hold(checkout))


def test_only_root_copies_the_programs_and_an_older_wheels_copy_goes(checkout: Checkout) -> None:
    leave(hold(checkout))
    copies = list(checkout.data().glob("programs-*"))
    assert len(copies) == (1 if state.as_root() else 0)
    (checkout.data() / "programs-older").mkdir()
    for copy in copies:
        shutil.rmtree(copy)
    leave(hold(checkout))
    if state.as_root():
        assert list(checkout.data().glob("programs-*")) == copies
