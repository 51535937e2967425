"""One odd field of a MazBot answer never costs the others: jobs against a MazBot over real HTTP that sends them."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.invoicing.flagged_usage import accept_flagged_usage, dismiss_flagged_usage
from billing.jobs import account_job, rates_job, usage_job
from billing.models import AccountUsageRecord, FlaggedUsage, Rate, UsageRecord
from billing.periods import Period
from billing.policies import save_policy
from billing.reports.gaps import check_gap
from billing.reports.quota import quota_runway
from billing.usage.for_closing import read_before_closing
from centers.errors import OperationRefused
from tests.billing.conftest import NOW
from tests.billing.usage.conftest import Place, place
from tests.billing.usage.test_fetching import TODAY
from whatsapp.mazbot import ErrorKind, MazBotError
from whatsapp.models import Alert
from whatsapp.monitoring.scheduler import check_instances

__all__ = ["place"]
YESTERDAY = TODAY - timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def busy(place: Place) -> Place:
    number = place.here_and_there()
    save_policy(reseller=place.reseller, by=None, now=NOW, today_reads=24)
    for day in (TODAY, YESTERDAY):
        place.control.add_usage(number.instance_id, day, sent=10, received=4, failed=1, cost=Decimal("0.5"))
    return place


def odd(place: Place, call: str, field: str, value: str, **more: object) -> None:
    place.control.set_fault(call, "odd_field", field=field, value=value, **more)


@pytest.mark.parametrize("value", ["-1", "-1.0", '"-1"', "unlimited", "غير محدود"])
def test_an_unlimited_quota_costs_nothing_else_and_is_no_alert(busy: Place, value: str) -> None:
    busy.control.set_quota("demo-key", 0)
    account_job(reseller=busy.reseller, now=NOW)
    assert Alert.objects.filter(kind=Alert.Kind.QUOTA_LOW, resolved_at=None).exists()
    odd(busy, "usage_main", "available_quota", value)
    run = account_job(reseller=busy.reseller, now=NOW + HOUR)
    row = AccountUsageRecord.objects.get(day=TODAY)
    assert (run.state, row.sent, row.received, row.failed, row.cost) == ("done", 10, 4, 1, Decimal("0.5"))
    runway = quota_runway(busy.reseller, NOW)
    assert (runway.unlimited, runway.quota, runway.days_left, runway.per_day) == (True, None, None, 3)
    assert not Alert.objects.filter(kind=Alert.Kind.QUOTA_LOW, resolved_at=None).exists()


def test_an_odd_quota_costs_nothing_else_and_is_said(busy: Place) -> None:
    odd(busy, "usage_main", "available_quota", "many")
    run = account_job(reseller=busy.reseller, now=NOW)
    assert (run.state, run.failed) == ("partial", 1), "of now only: what past days say of it is nothing to us"
    assert "many" in run.failures[0]["why"]
    row = AccountUsageRecord.objects.get(day=TODAY)
    assert (row.sent, row.cost, row.available_quota) == (10, Decimal("0.5"), None)
    assert quota_runway(busy.reseller, NOW).odd == "many"
    busy.control.clear_faults()
    account_job(reseller=busy.reseller, now=NOW + HOUR)
    assert quota_runway(busy.reseller, NOW).odd == ""


@pytest.mark.parametrize("value", ["abc", "null", "1e999"])
def test_a_quota_that_cannot_be_read_leaves_the_last_one_and_its_alert(busy: Place, value: str) -> None:
    busy.control.set_quota("demo-key", 10)
    account_job(reseller=busy.reseller, now=NOW)
    assert Alert.objects.filter(kind=Alert.Kind.QUOTA_LOW, resolved_at=None).exists()
    odd(busy, "usage_main", "available_quota", value)
    run = account_job(reseller=busy.reseller, now=NOW + HOUR)
    assert AccountUsageRecord.objects.get(day=TODAY).sent == 10, run.failures
    assert quota_runway(busy.reseller, NOW).quota == 10
    assert Alert.objects.filter(kind=Alert.Kind.QUOTA_LOW, resolved_at=None).exists()


@pytest.mark.parametrize(
    ("field", "left"), [("total_sent", "sent"), ("total_received", "received"), ("total_cost", "cost")]
)
def test_an_odd_figure_of_the_main_account_is_unknown_and_asked_for_again(
    busy: Place, field: str, left: str
) -> None:
    usage_job(reseller=busy.reseller, now=NOW)
    odd(busy, "usage_main", field, "n/a")
    account_job(reseller=busy.reseller, now=NOW)
    row = AccountUsageRecord.objects.get(day=YESTERDAY)
    assert row.odd == f"{field}: n/a"
    known = {"sent": 10, "received": 4, "failed": 1, "cost": Decimal("0.5")}
    assert {name: getattr(row, name) for name in known} == known | {left: None}
    assert check_gap(busy.reseller, NOW) == []
    assert not Alert.objects.filter(kind=Alert.Kind.USAGE_GAP).exists(), "unknown is no gap"
    busy.control.clear_faults()
    account_job(reseller=busy.reseller, now=NOW + HOUR)
    row.refresh_from_db()
    assert (row.odd, getattr(row, left)) == ("", known[left])


@pytest.mark.parametrize("field", ["total_sent", "failed_messages", "total_cost"])
def test_usage_without_a_billed_figure_is_flagged_and_not_billed(busy: Place, field: str) -> None:
    odd(busy, "usage", field, '"x"')
    run = usage_job(reseller=busy.reseller, now=NOW)
    assert (run.state, UsageRecord.objects.count()) == ("failed", 0)
    assert field in run.failures[0]["why"]
    reading = FlaggedUsage.objects.get(day=YESTERDAY)
    assert (reading.flag, reading.note, reading.received) == ("odd", f"{field}: x", 4)
    with pytest.raises(OperationRefused, match="figure is missing"):
        accept_flagged_usage(flagged=reading, by=None, now=NOW)
    with pytest.raises(MazBotError) as caught:
        read_before_closing(center=busy.center, period=Period(date(2026, 3, 4), TODAY), now=NOW)
    assert caught.value.kind is ErrorKind.MALFORMED
    dismiss_flagged_usage(flagged=reading, by=None, now=NOW)
    usage_job(reseller=busy.reseller, now=NOW + HOUR)
    assert not FlaggedUsage.objects.filter(day=YESTERDAY, resolved_at=None).exists(), "not asked twice"
    busy.control.clear_faults()
    usage_job(reseller=busy.reseller, now=NOW + 2 * HOUR)
    assert UsageRecord.objects.get(day=YESTERDAY).cost == Decimal("0.5")
    assert not FlaggedUsage.objects.filter(resolved_at=None).exists(), "MazBot's better answer ends the flag"


def test_usage_without_what_was_received_is_taken_over_and_flagged(busy: Place) -> None:
    usage_job(reseller=busy.reseller, now=NOW)
    number = UsageRecord.objects.first()
    assert number is not None
    busy.control.add_usage(number.instance.instance_id, TODAY, sent=2, cost=Decimal("0.1"))
    odd(busy, "usage", "total_received", "")
    run = usage_job(reseller=busy.reseller, now=NOW + HOUR)
    row = UsageRecord.objects.get(day=TODAY)
    assert (row.sent, row.received, row.cost) == (12, 4, Decimal("0.6")), "what was known of it stays"
    reading = FlaggedUsage.objects.get(day=TODAY)
    assert (run.failed, reading.flag, reading.received, reading.note) == (1, "odd", None, "total_received: -")
    busy.control.clear_faults()
    usage_job(reseller=busy.reseller, now=NOW + 2 * HOUR)
    assert not FlaggedUsage.objects.filter(resolved_at=None).exists()


def test_one_bad_rate_keeps_its_last_cost_and_costs_no_other(place: Place) -> None:
    rates_job(reseller=place.reseller, now=NOW)
    before = dict(Rate.objects.filter(fetch__country_id="").values_list("type", "cost"))
    place.control.set_rate("", "marketing", before["marketing"] + Decimal("0.01"))
    first = next(iter(before))
    odd(place, "rates", "cost", "free", row=list(before).index(first))
    run = rates_job(reseller=place.reseller, now=NOW + HOUR)
    latest = Rate.objects.filter(fetch__country_id="").order_by("fetch__pk", "pk")
    after = dict(latest.values_list("type", "cost"))
    assert run.failed
    assert any("free" in failure["why"] and first in failure["why"] for failure in run.failures)
    assert set(after) == set(before)
    assert after[first] == before[first]
    if first != "marketing":
        assert after["marketing"] == before["marketing"] + Decimal("0.01")


def test_an_odd_last_seen_costs_no_status(place: Place) -> None:
    number = place.here_and_there(status="connected")
    odd(place, "status", "last_seen", '{"at": "soon"}')
    check_instances(reseller=place.reseller, instances=[number], now=NOW, deadline=10)
    number.refresh_from_db()
    assert (number.connection, number.last_seen) == ("connected", None)
