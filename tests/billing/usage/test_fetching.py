"""Readings: what is taken over, what is flagged, and reading from a MazBot over real HTTP."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoicing import due_periods, issue_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage, dismiss_flagged_usage
from billing.jobs import JOBS, account_job, due_resellers, invoice_job, rates_job, run_if_due, usage_job
from billing.models import AccountUsageRecord, FlaggedUsage, Invoice, RateFetch, UsageRecord
from billing.periods import Period, today
from billing.policies import save_policy
from billing.pricing.price_list import PriceList
from billing.pricing.priced_alike import priced_alike
from billing.pricing.rate_types.classes import set_class
from billing.pricing.rates import countries_of, latest_moves, refresh_rates
from billing.reports.gaps import check_gap
from billing.usage.due import due_days
from billing.usage.fetching import read_usage
from billing.usage.for_closing import read_before_closing
from billing.usage.main_account import read_account_usage
from centers.errors import OperationRefused
from centers.models import Center, JobRun
from centers.tenancy.scoping import tenant
from centers.values.formats import day_text
from tests.billing.conftest import NOW, Shop
from tests.billing.usage.conftest import Place
from whatsapp.models import Alert, Instance, MazbotAccount

D = Decimal
TODAY = date(2026, 3, 5)


# --- Merging --------------------------------------------------------------------------------------


def counts(number: Instance, day: date) -> tuple[int, int, int, Decimal]:
    row = UsageRecord.objects.get(instance=number, day=day)
    return row.sent, row.received, row.failed, row.cost


def test_growing_counts_are_taken_over_without_a_trace(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, TODAY, sent=1, cost="1", at=NOW)
    shop.read(number, TODAY, sent=3, received=1, failed=1, cost="2.5", at=NOW + timedelta(hours=1))
    assert counts(number, TODAY) == (3, 1, 1, D("2.5"))
    assert FlaggedUsage.objects.count() == 0


def test_a_repeated_reading_only_counts(shop: Shop) -> None:
    number = shop.number()
    for _ in range(3):
        shop.read(number, TODAY, sent=1, cost="1", at=NOW)
    row = UsageRecord.objects.get()
    assert (row.sent, row.repeats) == (1, 2)


def test_a_past_day_that_grows_is_kept_as_changed(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 3, 4), sent=1, cost="1", at=NOW)
    shop.read(number, date(2026, 3, 4), sent=2, cost="2", at=NOW)
    assert FlaggedUsage.objects.get().flag == ""
    assert counts(number, date(2026, 3, 4))[0] == 2


@pytest.mark.parametrize("name", ["sent", "received", "failed", "cost"])
def test_anything_that_goes_down_is_flagged_and_not_taken_over(shop: Shop, name: str) -> None:
    number = shop.number()
    full = {"sent": 9, "received": 9, "failed": 5, "cost": 9}
    shop.read(number, TODAY, at=NOW, **full)
    for _ in range(2):
        shop.read(number, TODAY, at=NOW, **(full | {name: full[name] - 1}))
    assert counts(number, TODAY) == (9, 9, 5, 9)
    reading = FlaggedUsage.objects.get()
    assert (reading.flag, reading.resolution) == ("decreased", "")
    shop.read(number, TODAY, at=NOW, **full)
    reading.refresh_from_db()
    assert reading.resolution == "superseded"


def test_a_day_to_come_is_flagged_and_never_accepted(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, TODAY + timedelta(days=1), sent=1, cost="1", at=NOW)
    assert UsageRecord.objects.count() == 0
    reading = FlaggedUsage.objects.get()
    assert reading.flag == "future"
    with pytest.raises(OperationRefused):
        accept_flagged_usage(flagged=reading, by=None, now=NOW)
    dismiss_flagged_usage(flagged=reading, by=None, now=NOW)


def test_an_answer_asked_for_earlier_is_ignored(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, TODAY, sent=5, cost="5", at=NOW)
    shop.read(number, TODAY, sent=3, cost="3", at=NOW - timedelta(minutes=1))
    assert counts(number, TODAY)[0] == 5
    assert FlaggedUsage.objects.count() == 0


def test_a_late_reading_cannot_be_dismissed(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=1, cost="1")
    issue_invoice(center=shop.center, period=Period(date(2026, 2, 3), date(2026, 2, 4)), by=None, now=NOW)
    for sent in (2, 3):
        shop.read(number, date(2026, 2, 3), sent=sent, cost=sent, at=NOW)
    reading = FlaggedUsage.objects.get()
    assert (reading.flag, reading.sent) == ("late", 3)
    with pytest.raises(OperationRefused, match="next invoice"):
        dismiss_flagged_usage(flagged=reading, by=None, now=NOW)


# --- Reading --------------------------------------------------------------------------------------


def test_a_round_reads_today_and_the_last_days(place: Place) -> None:
    number = place.here_and_there()
    place.control.add_usage(number.instance_id, TODAY, sent=10, received=4, failed=1, cost=D("0.5"))
    place.control.add_usage(number.instance_id, date(2026, 3, 2), sent=7, cost=D("0.35"))
    run = usage_job(reseller=place.reseller, now=NOW)
    assert (run.state, run.done, run.failed) == ("done", 4, 0)
    assert counts(number, TODAY) == (10, 4, 1, D("0.5"))
    assert counts(number, date(2026, 3, 2)) == (7, 0, 0, D("0.35"))
    # Each day is read once after it ended, today at noon.
    calls = place.calls("usage")
    usage_job(reseller=place.reseller, now=NOW + timedelta(hours=1))
    assert place.calls("usage") == calls
    with CaptureQueriesContext(connection) as queries:
        assert due_days(place.reseller, NOW + timedelta(hours=1)) == []
    assert not any("generate_series" in query["sql"] for query in queries), "no day is looked for again"
    assert len(due_days(place.reseller, NOW + timedelta(hours=12))) == 1
    assert len(due_days(place.reseller, NOW + timedelta(days=1))) == 2
    save_policy(reseller=place.reseller, by=None, now=NOW, today_reads=24, reread_days=3)
    assert len(due_days(place.reseller, NOW + timedelta(hours=1))) == 1
    assert len(due_days(place.reseller, NOW + timedelta(days=1))) == 4


def test_one_unknown_number_does_not_stop_the_others(place: Place) -> None:
    known = place.here_and_there()
    unknown = place.number()
    run = usage_job(reseller=place.reseller, now=NOW)
    assert (run.state, run.done, run.failed) == ("partial", 4, 1), "it is asked for once"
    assert str(unknown) in run.failures[0]["item"]
    assert UsageRecord.objects.filter(instance=known).count() == 4


def test_a_cost_that_no_column_holds_does_not_stop_the_others(place: Place) -> None:
    absurd, number = place.here_and_there(), place.here_and_there()
    place.control.add_usage(absurd.instance_id, TODAY, sent=1, cost=D("500000000000000"))
    place.control.add_usage(number.instance_id, TODAY, sent=1, cost=D("1"))
    run = usage_job(reseller=place.reseller, now=NOW)
    assert (run.state, run.done, run.failed) == ("partial", 7, 1)
    assert str(absurd) in run.failures[0]["item"]
    assert counts(number, TODAY) == (1, 0, 0, D(1))
    assert account_job(reseller=place.reseller, now=NOW).state == "partial"
    row = AccountUsageRecord.objects.get(day=TODAY)
    assert (row.sent, row.cost) == (2, None)
    assert row.odd.startswith("total_cost: 500000000000001")


def test_a_refused_login_ends_the_round_at_once(place: Place) -> None:
    for _ in range(3):
        place.here_and_there()
    MazbotAccount.objects.update(password="wrong", credentials_version=2)
    run = usage_job(reseller=place.reseller, now=NOW)
    assert (run.state, run.done, run.failed) == ("failed", 0, 1)


def test_without_an_account_the_round_says_so(shop: Shop) -> None:
    MazbotAccount.objects.update(email="")
    for job in ("usage", "account", "rates"):
        run = JOBS[job].run(reseller=shop.reseller, now=NOW)
        assert run.state == "failed"
        assert "MazBot" in run.failures[0]["why"]
        assert due_resellers(job, NOW) == []


def test_a_round_out_of_time_leaves_the_rest_due(place: Place) -> None:
    place.here_and_there()
    outcome = read_usage(
        reseller=place.reseller,
        instances=place.reseller.instances.all(),
        days=[TODAY],
        now=NOW,
        deadline=time.monotonic() - 1,
    )
    assert (outcome.read, outcome.left) == (0, 1)


def test_many_readings_are_merged_in_batches(place: Place) -> None:
    numbers = [place.here_and_there() for _ in range(26)]
    days = [TODAY - timedelta(days=back) for back in range(4)]
    outcome = read_usage(reseller=place.reseller, instances=numbers, days=days, now=NOW)
    assert (outcome.read, outcome.left, UsageRecord.objects.count()) == (104, 0, 104)


def test_the_main_account_its_quota_and_a_gap(place: Place) -> None:
    number = place.here_and_there()
    stranger = "not-entered-here"
    place.control.add_instance("demo-key", stranger, daily_messages=0)
    yesterday = TODAY - timedelta(days=1)
    place.control.add_usage(number.instance_id, yesterday, sent=10, cost=D("5"))
    place.control.add_usage(stranger, yesterday, sent=2, cost=D("1"))
    place.control.set_quota("demo-key", 0)
    usage_job(reseller=place.reseller, now=NOW)
    run = account_job(reseller=place.reseller, now=NOW)
    assert run.state == "done"
    row = AccountUsageRecord.objects.get(day=yesterday)
    assert (row.sent, row.cost, row.available_quota) == (12, 6, None)
    assert AccountUsageRecord.objects.get(day=TODAY).available_quota == 0
    kinds = set(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))
    assert kinds == {Alert.Kind.USAGE_GAP, Alert.Kind.QUOTA_LOW}
    # Support reads alerts and may not see costs.
    text = Alert.objects.get(kind=Alert.Kind.USAGE_GAP).detail.removeprefix(day_text(yesterday))
    assert text
    assert not any(character.isdigit() for character in text)
    place.control.set_quota("demo-key", 100_000)
    place.account.refresh_from_db()
    UsageRecord.objects.filter(day=yesterday).update(cost=6)
    account_job(reseller=place.reseller, now=NOW + timedelta(hours=1))
    assert not Alert.objects.filter(resolved_at=None).exists()
    read_account_usage(reseller=place.reseller, now=NOW, days=[date(2026, 2, 1)])
    assert AccountUsageRecord.objects.filter(day=date(2026, 2, 1)).exists()


def test_no_gap_is_claimed_before_everything_is_read(place: Place) -> None:
    number = place.here_and_there()
    place.read(number, date(2026, 3, 4), sent=1, cost="1", at=datetime(2026, 3, 4, 9, tzinfo=UTC))
    assert check_gap(place.reseller, NOW) == []


def test_rates_are_kept_when_they_change_and_prices_move(place: Place) -> None:
    place.margin("-10")
    place.new_center(country_id="2")
    assert countries_of(place.reseller) == ["", "1", "2"]
    first = rates_job(reseller=place.reseller, now=NOW)
    assert (first.state, first.done) == ("done", 3)
    assert RateFetch.objects.count() == 3
    rates_job(reseller=place.reseller, now=NOW + timedelta(hours=6))
    assert RateFetch.objects.count() == 3
    assert RateFetch.objects.filter(fetched_at=NOW).count() == 0
    place.control.set_rate("1", "marketing", D("0.06"))
    place.control.remove_rate("1", "utility")
    outcome = refresh_rates(reseller=place.reseller, now=NOW + timedelta(hours=12))
    moves = {move.type: move for move in outcome.moves}
    assert outcome.changed == ("1",)
    marketing = moves["marketing"]
    assert (marketing.old_cost, marketing.new_price, marketing.is_loss) == (D("0.0455"), D("0.054"), True)
    assert (moves["utility"].new_price, moves["utility"].is_loss) == (None, False)
    assert outcome.losses == (marketing,)
    prices = PriceList(place.reseller, today(place.reseller, NOW))
    assert latest_moves(prices, 100, priced_alike(prices)) == (list(outcome.moves), len(outcome.moves))
    place.control.set_rate("1", "marketing", D("0.08"))
    assert "below cost" in rates_job(reseller=place.reseller, now=NOW).note


def test_a_country_without_rates_keeps_the_last_list(place: Place) -> None:
    refresh_rates(reseller=place.reseller, now=NOW)
    for kind in RateFetch.objects.get(country_id="1").rates.values_list("type", flat=True):
        place.control.remove_rate("1", kind)
    outcome = refresh_rates(reseller=place.reseller, now=NOW)
    assert [country for country, _why in outcome.failures] == ["1"]
    assert RateFetch.objects.filter(country_id="1").count() == 1


def test_a_country_that_fails_does_not_stop_the_others(place: Place) -> None:
    place.control.set_fault("rates", "500", times=1)
    run = rates_job(reseller=place.reseller, now=NOW)
    assert (run.state, run.done, run.failed) == ("partial", 1, 1)
    assert [fetch.country_id for fetch in RateFetch.objects.all()] == ["1"]


def test_categories_are_decided_by_staff(shop: Shop) -> None:
    set_class(reseller=shop.reseller, rate_type="x", counts_as="month", by=None, now=NOW)
    assert set_class(reseller=shop.reseller, rate_type="x", counts_as="message", by=None, now=NOW).pk
    with pytest.raises(OperationRefused):
        set_class(reseller=shop.reseller, rate_type="x", counts_as="gold", by=None, now=NOW)


# --- Closing --------------------------------------------------------------------------------------


def test_the_invoice_run_reads_what_is_missing_first(place: Place) -> None:
    number = place.here_and_there()
    Instance.objects.update(held_since=datetime(2026, 2, 27, 9, tzinfo=UTC))
    Center.objects.update(created_at=datetime(2026, 2, 27, 9, tzinfo=UTC))
    for day in (27, 28):
        place.control.add_usage(number.instance_id, date(2026, 2, day), sent=2, cost=D(day))
    run = invoice_job(reseller=place.reseller, now=NOW)
    assert (run.state, run.done) == ("done", 1)
    assert Invoice.objects.get().total == 55
    assert due_periods(place.reseller, NOW) == []
    assert invoice_job(reseller=place.reseller, now=NOW).done == 0


def test_a_sum_that_does_not_fit_has_every_day_read_again(place: Place) -> None:
    number = place.here_and_there()
    Instance.objects.update(held_since=datetime(2026, 2, 1, 9, tzinfo=UTC))
    week = Period(date(2026, 2, 1), date(2026, 2, 8))
    for day in week.days():
        place.read(number, day, sent=1, cost="1", at=datetime(2026, 2, 9, tzinfo=UTC))
        place.control.add_usage(number.instance_id, day, sent=1, cost=D(1))
    read_before_closing(center=place.center, period=week, now=NOW)
    assert place.calls("usage") == 1
    place.control.add_usage(number.instance_id, date(2026, 2, 2), sent=1, cost=D(1))
    read_before_closing(center=place.center, period=week, now=NOW)
    assert counts(number, date(2026, 2, 2))[0] == 2


def test_a_refused_period_becomes_an_alert_and_the_others_go_on(place: Place) -> None:
    Center.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    blocked = place.new_center(name="Blocked", currency="LYD")
    Center.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    for center in (place.center, blocked):
        number = place.here_and_there(center)
        place.control.add_usage(number.instance_id, date(2026, 2, 3), sent=1, cost=D(10))
        place.read(number, date(2026, 2, 3), sent=1, cost="10")
    Instance.objects.update(held_since=NOW)
    run = invoice_job(reseller=place.reseller, now=NOW)
    assert (run.state, run.done, run.failed) == ("partial", 1, 1)
    alert = Alert.objects.get(kind=Alert.Kind.BILLING_BLOCKED)
    assert alert.center == blocked
    assert "USD to LYD" in alert.detail
    Center.objects.filter(pk=blocked.pk).update(currency="USD")
    invoice_job(reseller=place.reseller, now=NOW)
    alert.refresh_from_db()
    assert alert.resolved_at is not None


def test_later_months_wait_for_a_refused_one(place: Place) -> None:
    Center.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC), currency="LYD")
    number = place.here_and_there()
    place.control.add_usage(number.instance_id, date(2026, 1, 3), sent=1, cost=D(10))
    place.read(number, date(2026, 1, 3), sent=1, cost="10")
    run = invoice_job(reseller=place.reseller, now=NOW)
    assert (run.done, run.failed, run.total) == (0, 1, 2)


# --- Rounds and mail ------------------------------------------------------------------------------


def test_what_is_due_is_in_the_database(place: Place) -> None:
    assert due_resellers("dunning", NOW) == [place.reseller.pk]
    assert run_if_due("dunning", reseller_id=place.reseller.pk, now=NOW)
    assert due_resellers("dunning", NOW + timedelta(minutes=4)) == []
    assert not run_if_due("dunning", reseller_id=place.reseller.pk, now=NOW)
    assert due_resellers("dunning", NOW + timedelta(minutes=5)) == [place.reseller.pk]
    assert JobRun.objects.count() == 1


def test_another_reseller_is_out_of_reach(place: Place) -> None:
    number = place.here_and_there()
    place.read(number, TODAY, sent=1, cost="1", at=NOW)
    with tenant(place.reseller.pk + 1000):
        assert UsageRecord.objects.count() == 0
