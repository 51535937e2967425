"""The monthly run when something is in its way: other people, a number that is gone, a rule that breaks."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.invoicing.flagged_usage import dismiss_flagged_usage, waive_days
from billing.invoicing.run import monthly_run
from billing.jobs import invoice_job
from billing.models import BillingPeriod, FlaggedUsage, Invoice, InvoiceNumber
from billing.policies import save_center_policy
from billing.pricing.exchange_rates import set_exchange_rate
from billing.usage.fetching import read_usage
from billing.usage.for_closing import read_before_closing
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import issue
from tests.billing.usage.conftest import Place, place
from whatsapp.mazbot import MazBotError
from whatsapp.models import Alert, Instance

__all__ = ["place"]

FEBRUARY_1 = datetime(2026, 2, 1, tzinfo=UTC)


def blocked() -> list[Center | None]:
    rows = Alert.objects.filter(kind=Alert.Kind.BILLING_BLOCKED, resolved_at=None)
    return [row.center for row in rows.select_related("center")]


def in_dinars(shop: Shop) -> Center:
    """A center whose February is read and cannot be invoiced: no one entered the exchange rate."""
    Center.objects.update(created_at=FEBRUARY_1, currency="LYD")
    shop.center.refresh_from_db()
    number = shop.number(created_at=NOW)
    shop.read(number, date(2026, 2, 3), sent=1, cost="10")
    Instance.objects.update(held_since=NOW)
    return shop.center


def enter_rate(shop: Shop) -> None:
    set_exchange_rate(
        reseller=shop.reseller,
        base="USD",
        quote="LYD",
        day=FEBRUARY_1.date(),
        rate=Decimal(5),
        by=None,
        now=NOW,
    )


def test_issuing_by_hand_ends_the_alert(place: Place) -> None:
    center = in_dinars(place)
    invoice_job(reseller=place.reseller, now=NOW)
    assert blocked() == [center]
    enter_rate(place)
    issue(place, center=center)
    assert blocked() == []


def test_who_is_issued_by_hand_from_now_on_is_not_blocked(place: Place) -> None:
    center = in_dinars(place)
    invoice_job(reseller=place.reseller, now=NOW)
    save_center_policy(center=center, by=None, now=NOW, auto_invoice=False)
    invoice_job(reseller=place.reseller, now=NOW)
    assert blocked() == []


def test_what_someone_closed_meanwhile_is_done_and_raises_no_alert(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    center = in_dinars(place)
    enter_rate(place)
    issue(place, center=center)
    monkeypatch.setattr(
        monthly_run, "due_periods", lambda *_args: [(center, FEBRUARY)]
    )  # as the run saw it before
    done = invoice_job(reseller=place.reseller, now=NOW)
    assert (done.state, done.done, done.failed, blocked()) == ("done", 1, 0, [])


def test_a_rule_of_the_database_that_breaks_does_not_end_the_run(place: Place) -> None:
    Center.objects.update(created_at=FEBRUARY_1)
    for center in (place.center, place.new_center(created_at=FEBRUARY_1)):
        number = place.here_and_there(center)
        place.control.add_usage(number.instance_id, date(2026, 2, 3), sent=1, cost=Decimal(10))
        place.read(number, date(2026, 2, 3), sent=1, cost="10")
    Instance.objects.update(held_since=NOW)
    place.owe("1", place.new_center())
    InvoiceNumber.objects.update(last=0)  # as if the counter had been restored from an old backup
    first = invoice_job(reseller=place.reseller, now=NOW)
    assert (first.state, first.done, first.failed) == ("partial", 1, 2)  # the third has nothing to charge
    assert "database refused" in first.failures[0]["why"]
    assert len(blocked()) == 2
    assert Invoice.objects.count() == 1
    InvoiceNumber.objects.update(last=1)
    assert invoice_job(reseller=place.reseller, now=NOW).done == 2
    assert blocked() == []


def test_a_number_that_mazbot_no_longer_knows_is_billed_once_its_days_are_waived(place: Place) -> None:
    Center.objects.update(created_at=datetime(2026, 2, 26, 9, tzinfo=UTC))
    number = place.number()  # the sandbox has never heard of it
    Instance.objects.update(held_since=datetime(2026, 2, 26, 9, tzinfo=UTC))
    number.refresh_from_db()
    place.read(number, date(2026, 2, 26), sent=1, cost="10")
    with pytest.raises(MazBotError):
        read_before_closing(center=place.center, period=FEBRUARY, now=NOW)
    assert invoice_job(reseller=place.reseller, now=NOW).failed == 1
    alert = Alert.objects.get(kind=Alert.Kind.BILLING_BLOCKED, resolved_at=None)
    for words in (f"the ID of “{number}”", "Correct the ID, or waive the missing days"):
        assert words in alert.detail
    Instance.objects.update(label="Front desk")
    invoice_job(reseller=place.reseller, now=NOW)
    alert.refresh_from_db()
    assert "“Front desk”" in alert.detail, "an alert that is open says what blocks the invoice now"
    waive_days(instance=number, period=FEBRUARY, because="MazBot lost it", by=None, now=NOW)
    assert invoice_job(reseller=place.reseller, now=NOW).failed == 0
    assert Invoice.objects.get().total == 10
    assert BillingPeriod.objects.count() == 1


def test_a_fall_that_staff_dismissed_does_not_stop_the_run_again(place: Place) -> None:
    Center.objects.update(created_at=FEBRUARY_1)
    number, day = place.here_and_there(), date(2026, 2, 27)
    Instance.objects.update(held_since=FEBRUARY_1)
    number.refresh_from_db()
    place.control.add_usage(number.instance_id, day, sent=10, cost=Decimal(10))
    read_usage(reseller=place.reseller, instances=[number], days=[day], now=NOW - timedelta(days=2))
    place.control.add_usage(number.instance_id, day, sent=-2, cost=Decimal(-2))
    assert invoice_job(reseller=place.reseller, now=NOW).failed == 1
    dismiss_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    # Another answer is another question.
    place.control.add_usage(number.instance_id, day, sent=-1, cost=Decimal(-1))
    assert invoice_job(reseller=place.reseller, now=NOW + timedelta(hours=1)).failed == 1
    dismiss_flagged_usage(flagged=FlaggedUsage.objects.get(resolved_at=None), by=None, now=NOW)
    assert invoice_job(reseller=place.reseller, now=NOW + timedelta(hours=2)).failed == 0
    assert Invoice.objects.get().total == 10


def test_mazbot_out_of_reach_still_stops_the_closing(place: Place) -> None:
    Center.objects.update(created_at=FEBRUARY_1)
    number = place.here_and_there()
    Instance.objects.update(held_since=FEBRUARY_1)
    place.read_all([(number, day) for day in FEBRUARY.days()])
    place.control.set_fault("usage", "500", times=5)
    with pytest.raises(MazBotError):
        read_before_closing(center=place.center, period=FEBRUARY, now=NOW)
