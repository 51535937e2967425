"""Many accounts at once, made inside the product in one go, and what the sandbox saw of them."""

from collections import defaultdict
from datetime import datetime, timedelta

from devstack.sandbox import NewInstance, SandboxControl
from tests.browser.stack import Stack
from tests.browser.tenants import Tenant

MINUTE = timedelta(minutes=1)
PASSWORD = "sandbox-password"


def fleet(stack: Stack, prefix: str, *, accounts: int, numbers: int, rate_limit: int) -> list[Tenant]:
    """So many resellers, each with an account of its own at the sandbox and with connected numbers."""
    slugs = [f"{prefix}-{n}" for n in range(accounts)]
    control = SandboxControl(stack.sandbox_url)
    for slug in slugs:
        control.add_account(slug, f"api@{slug}.example", PASSWORD, rate_limit=rate_limit)
        ids = [f"{slug}-{n}" for n in range(numbers)]
        control.add_instances(
            [NewInstance(account_key=slug, instance_id=one, status="connected") for one in ids]
        )
    call = f"make({slugs!r}, {numbers}, {rate_limit}, {stack.sandbox_url!r})"
    stack.manage("shell", "-v0", "-c", f"from tests.chaos import fleet; fleet.{call}")
    return [Tenant(stack, slug, stack.sandbox_url) for slug in slugs]


def make(slugs: list[str], numbers: int, rate_limit: int, sandbox_url: str) -> None:
    """The rows of these resellers; runs inside the product."""
    from tests.factories import CenterFactory, InstanceFactory, MazbotAccountFactory, ResellerFactory

    for slug in slugs:
        center = CenterFactory(reseller=ResellerFactory(name=slug, slug=slug), name=slug)
        for n in range(numbers):
            InstanceFactory(center=center, instance_id=f"{slug}-{n}")
        MazbotAccountFactory(
            reseller=center.reseller,
            base_url=sandbox_url + "/api",
            api_key=slug,
            email=f"api@{slug}.example",
            password=PASSWORD,
            rate_limit=rate_limit,
        )


def requests_of(tenants: list[Tenant]) -> dict[str, list[datetime]]:
    """When the sandbox got each account's requests, in order. Fails if it refused one for its limit."""
    slugs = {tenant.slug for tenant in tenants}
    found: dict[str, list[datetime]] = defaultdict(list)
    for entry in tenants[0].control.requests_log():
        if entry.account_key in slugs:
            assert entry.status_code != 429, f"{entry.account_key} exceeded its limit at {entry.at}"
            found[entry.account_key].append(entry.at)
    return found


def worst_window(moments: list[datetime]) -> int:
    """The most requests in any 60 seconds."""
    worst = first = 0
    for last, at in enumerate(moments):
        while moments[first] <= at - MINUTE:
            first += 1
        worst = max(worst, last - first + 1)
    return worst
