"""Usage that accrues with time, its cost, and the quota it eats."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from devstack.sandbox import ControlError, NewInstance, SandboxServer

from .conftest import TODAY, Product, Wall

LAST_MONTH = (date(2026, 8, 1), date(2026, 8, 31))
NOTHING = {"total_sent": 0, "total_received": 0, "failed_messages": 0, "total_cost": 0}


def _later(sandbox: SandboxServer, **time: float) -> None:
    """Move sandbox time only: the login stays valid."""
    sandbox.control.advance_clock(int(timedelta(**time).total_seconds()))


@pytest.fixture
def busy(sandbox: SandboxServer, product: Product) -> Product:
    """`busy` has sent about 1,000 messages a day since 1 August."""
    sandbox.control.add_instance(
        "demo-key",
        "busy",
        status="connected",
        since=LAST_MONTH[0],
        daily_messages=1000,
        fail_ratio=Decimal("0.05"),
    )
    return product


def test_usage_is_the_same_every_time_and_adds_up(busy: Product, sandbox: SandboxServer) -> None:
    first, last = LAST_MONTH
    month = busy.usage(first, last, "busy")
    days = [busy.usage(first + timedelta(n), first + timedelta(n), "busy") for n in range(31)]
    for name, total in month.items():
        assert sum(day[name] for day in days) == total
    assert 20_000 < month["total_sent"] < 40_000
    assert month["failed_messages"] == pytest.approx(month["total_sent"] * 0.05, abs=31)
    assert busy.usage(first, last, "busy") == month
    with SandboxServer(rate_limit=1000, clock=sandbox.state.clock.wall) as second:
        second.control.add_instances(
            [
                NewInstance("demo-key", "busy", "connected", "1", 1000, first, Decimal("0.05")),
                NewInstance("demo-key", "other", "connected", "1", 1000, first, Decimal("0.05")),
            ]
        )
        product = Product(second).login()
        assert product.usage(first, last, "busy") == month
        assert product.usage(first, last, "other") != month


def test_weekends_are_quieter(busy: Product) -> None:
    def sent(weekday: int) -> int:
        days = [LAST_MONTH[0] + timedelta(n) for n in range(31)]
        chosen = [day for day in days if day.weekday() == weekday][:4]
        return sum(busy.usage(day, day, "busy")["total_sent"] for day in chosen)

    assert sent(4) < sent(6)  # Friday, Sunday


def test_today_grows_and_tomorrow_is_empty(busy: Product, sandbox: SandboxServer) -> None:
    noon = busy.usage(TODAY, TODAY, "busy")
    assert busy.usage(TODAY + timedelta(1), TODAY + timedelta(30), "busy") == NOTHING
    _later(sandbox, hours=5)
    evening = busy.usage(TODAY, TODAY, "busy")
    _later(sandbox, hours=7)  # midnight in Riyadh
    whole = busy.usage(TODAY, TODAY, "busy")
    assert 0 < noon["total_sent"] < evening["total_sent"] < whole["total_sent"]
    _later(sandbox, days=3)
    assert busy.usage(TODAY, TODAY, "busy") == whole


def test_nothing_before_the_first_day(busy: Product) -> None:
    assert busy.usage(date(2026, 7, 1), date(2026, 7, 31), "busy") == NOTHING


def test_no_usage_while_logged_out_or_disabled(busy: Product, sandbox: SandboxServer) -> None:
    def sent() -> Any:
        return busy.usage(TODAY, TODAY, "busy")["total_sent"]

    before = sent()
    sandbox.control.logout_phone("busy")
    _later(sandbox, hours=1)
    assert sent() == before
    sandbox.control.set_status("busy", "connected")
    _later(sandbox, hours=1)
    connected = sent()
    assert connected > before
    busy.post("/instance/toggle", data={"instance_id": "busy", "action": "disable"})
    _later(sandbox, hours=1)
    assert sent() == connected
    busy.post("/instance/toggle", data={"instance_id": "busy", "action": "enable"})
    _later(sandbox, hours=1)
    assert sent() > connected


def test_a_number_seen_last_some_days_ago_sent_nothing_since(busy: Product, sandbox: SandboxServer) -> None:
    yesterday = TODAY - timedelta(1)
    assert busy.usage(yesterday, yesterday, "busy")["total_sent"] > 0
    sandbox.control.set_status("busy", "disconnected", sandbox.state.clock.now() - timedelta(days=3))
    assert busy.usage(yesterday, yesterday, "busy") == NOTHING
    assert busy.usage(*LAST_MONTH, "busy")["total_sent"] > 20_000


def test_cost_is_exact_and_follows_the_countrys_rates(sandbox: SandboxServer, product: Product) -> None:
    for kind in ("marketing", "utility", "authentication", "service"):
        sandbox.control.set_rate("3", kind, Decimal("0.0455"))
    sandbox.control.add_instance(
        "demo-key", "flat", status="connected", country_id="3", daily_messages=500, since=TODAY
    )
    _later(sandbox, days=1)
    tomorrow = TODAY + timedelta(1)
    day = product.usage(tomorrow, tomorrow, "flat")
    delivered = day["total_sent"] - day["failed_messages"]
    assert delivered > 0
    assert day["total_cost"] == delivered * Decimal("0.0455")


def test_a_new_rate_changes_no_past_cost(busy: Product, sandbox: SandboxServer) -> None:
    noon = busy.usage(TODAY, TODAY, "busy")
    month = busy.usage(*LAST_MONTH, "busy")
    for kind in ("marketing", "utility", "authentication", "service"):
        sandbox.control.set_rate("1", kind, Decimal(2))
    assert busy.usage(TODAY, TODAY, "busy") == noon
    sandbox.state.forget_closed_days()  # also when computed again
    assert busy.usage(*LAST_MONTH, "busy") == month
    _later(sandbox, hours=3)
    later = busy.usage(TODAY, TODAY, "busy")
    delivered = (later["total_sent"] - noon["total_sent"]) - (
        later["failed_messages"] - noon["failed_messages"]
    )
    assert later["total_cost"] - noon["total_cost"] == delivered * 2


def test_additions_and_corrections(sandbox: SandboxServer, product: Product) -> None:
    day = date(2026, 9, 1)
    sandbox.control.add_usage("n1", day, sent=10, received=4, failed=2, cost=Decimal("0.1234"))
    sandbox.control.add_usage("n1", day, sent=-3, cost=Decimal("-0.0234"))
    answer = product.get("/analytics/usage", instance_id="n1", from_date="2026-09-01", to_date="2026-09-01")
    assert '"total_cost": 0.1000}' in answer.text
    assert product.usage(day, day) == {
        "total_sent": 7,
        "total_received": 4,
        "failed_messages": 2,
        "total_cost": Decimal("0.1000"),
    }
    with pytest.raises(ControlError, match="lies in the future"):
        sandbox.control.add_usage("n1", TODAY + timedelta(1), sent=1)


def test_the_main_account_is_the_sum(sandbox: SandboxServer, busy: Product) -> None:
    sandbox.control.add_instance(
        "demo-key", "quiet", status="connected", daily_messages=90, since=date(2026, 8, 9)
    )
    main = busy.main_usage(*LAST_MONTH)
    quota = main.pop("available_quota")
    each = [busy.usage(*LAST_MONTH, name) for name in ("n1", "busy", "quiet")]
    assert main == {name: sum(usage[name] for usage in each) for name in main}
    assert quota > 0


def test_the_quota_goes_down_with_what_is_sent(sandbox: SandboxServer, busy: Product) -> None:
    def left() -> Any:
        return busy.main_usage(TODAY, TODAY)["available_quota"]

    sandbox.control.set_quota("demo-key", 5000)
    assert left() == 5000
    before = busy.usage(TODAY, TODAY, "busy")["total_sent"]
    _later(sandbox, hours=4)
    sent = busy.usage(TODAY, TODAY, "busy")["total_sent"] - before
    assert sent > 0
    assert left() == 5000 - sent
    sandbox.control.add_usage("busy", TODAY, sent=100)
    assert left() == 4900 - sent
    _later(sandbox, days=30)
    assert left() == 0


def test_days_are_the_accounts_own(sandbox: SandboxServer, wall: Wall) -> None:
    """22:30 in Riyadh is 12:30 in Los Angeles: the same numbers are at another time of their day."""
    wall.pass_(hours=10, minutes=30)  # wall time: the sandbox's clock is moved and put back below
    sent = {}
    for zone in ("Asia/Riyadh", "America/Los_Angeles"):
        sandbox.control.add_account(zone, "a@b.example", "secret", time_zone=zone)
        sandbox.control.add_instance(
            zone, f"n-{zone}", status="connected", daily_messages=10_000, since=TODAY
        )
        product = Product(sandbox, zone).login("a@b.example", "secret")
        so_far = product.usage(TODAY, TODAY, f"n-{zone}")["total_sent"]
        _later(sandbox, days=2)
        sent[zone] = so_far / product.usage(TODAY, TODAY, f"n-{zone}")["total_sent"]
        sandbox.control.set_clock_offset(0)
        assert product.usage(TODAY, TODAY, f"n-{zone}")["total_sent"] == so_far
    assert sent["Asia/Riyadh"] > 0.9
    assert 0.3 < sent["America/Los_Angeles"] < 0.5
