"""What usage that changed after its invoice does: adjustments, credits, flags for staff."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.invoicing import NothingToCharge, preview_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage, dismiss_flagged_usage
from billing.ledger import balances
from billing.models import FlaggedUsage, Invoice, InvoiceLine
from billing.periods import Period
from billing.pricing.exchange_rates import set_exchange_rate
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, corrected, issue
from whatsapp.models import Instance

D = Decimal


def test_a_number_that_moved_is_billed_to_who_had_it(shop: Shop) -> None:
    number = shop.number(held_since=datetime(2026, 2, 27, 9, tzinfo=UTC))
    other = shop.new_center()
    shop.read(number, date(2026, 2, 27), sent=1, cost="1")
    moved_at = datetime(2026, 2, 27, 21, tzinfo=UTC)  # midnight in Riyadh
    Instance.objects.filter(pk=number.pk).update(center=other, held_since=moved_at)
    number.refresh_from_db()
    shop.read(number, date(2026, 2, 28), sent=1, cost="2")
    assert issue(shop).total == 1
    assert issue(shop, center=other).total == 2


def test_late_usage_of_a_number_that_moved_away_is_flagged_for_who_was_billed(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=1, cost="1")
    issue(shop)
    shop.leaves(number, date(2026, 2, 3))
    shop.read(number, date(2026, 2, 3), at=NOW, sent=2, cost="2")
    flagged = FlaggedUsage.objects.get()
    assert (flagged.flag, flagged.center) == (FlaggedUsage.Flag.LATE, shop.center)


def test_a_reading_that_went_down_blocks_until_staff_decide(shop: Shop) -> None:
    number = shop.number()
    day = date(2026, 2, 3)
    shop.read(number, day, sent=10, cost="10")
    shop.read(number, day, sent=8, cost="8", at=NOW)
    with pytest.raises(OperationRefused, match="went down"):
        issue(shop)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    assert issue(shop).total == 8


def test_a_fall_read_while_the_day_lasted_is_no_reading_of_the_whole_day(shop: Shop) -> None:
    number = shop.number()
    noon = datetime(2026, 2, 28, 9, tzinfo=UTC)
    shop.read(number, noon.date(), sent=10, cost="10", at=noon)
    shop.read(number, noon.date(), sent=8, cost="8", at=noon + timedelta(hours=1))
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    with pytest.raises(OperationRefused, match="hasn't been fetched since"):
        issue(shop)
    shop.read(number, noon.date(), sent=30, cost="30", at=NOW)
    assert issue(shop).total == 30


def test_a_dismissed_reading_changes_nothing(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    shop.read(number, date(2026, 2, 3), sent=8, cost="8", at=NOW)
    reading = FlaggedUsage.objects.get()
    dismiss_flagged_usage(flagged=reading, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="no longer needs"):
        accept_flagged_usage(flagged=reading, by=None, now=NOW)
    assert issue(shop).total == 10


def test_late_usage_becomes_an_adjustment_with_the_old_terms(shop: Shop) -> None:
    old = shop.margin("10", "1")
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    assert issue(shop).total == 21
    shop.margin("90", valid_from=date(2026, 2, 1))
    shop.read(number, date(2026, 2, 3), sent=12, failed=1, cost="13", at=NOW)
    assert FlaggedUsage.objects.get().flag == "late"
    shop.read(number, date(2026, 3, 3), sent=1, cost="1", at=APRIL_5)
    invoice = issue(shop, MARCH, now=APRIL_5)
    line = InvoiceLine.objects.get(kind="adjustment")
    assert (line.cost, line.quantity, line.margin) == (3, 1, old)
    assert line.amount == D("4.30")
    assert invoice.total == D("4.30") + D("1.90")
    assert FlaggedUsage.objects.get().resolution == "accepted"
    # Nothing is left to correct.
    assert preview_invoice(shop.center, Period(date(2026, 4, 1), date(2026, 4, 2))).lines == ()


def test_an_accepted_decrease_of_an_invoiced_day_is_given_back(shop: Shop) -> None:
    shop.margin("0", "1")
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    issue(shop)
    shop.read(number, date(2026, 2, 3), sent=4, cost="4", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    [note] = corrected(shop)
    assert (note.total, note.credit_kind) == (-12, Invoice.CreditKind.CORRECTION)
    assert balances(shop.center, NOW)[0].due == 8
    assert Invoice.objects.get(number="INV-2026-0001").open_amount == 8


def test_a_day_read_for_the_first_time_after_its_invoice(shop: Shop) -> None:
    shop.margin("10")
    other = shop.number()
    shop.read(other, date(2026, 2, 3), sent=1, cost="1")
    issue(shop)
    shop.read(shop.number(), date(2026, 2, 4), sent=2, cost="2", at=NOW)
    assert FlaggedUsage.objects.get().flag == "late"
    draft = preview_invoice(shop.center, MARCH)
    assert [(line.kind, line.amount) for line in draft.lines] == [("adjustment", D("2.20"))]


def test_corrections_of_a_waived_period_are_charged_next_time(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3))
    with pytest.raises(NothingToCharge):
        issue(shop)
    shop.read(number, date(2026, 2, 3), sent=2, cost="2", at=NOW)
    assert preview_invoice(shop.center, MARCH).total == 2


def test_usage_before_any_closed_period_is_never_charged_automatically(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 1, 3), sent=2, cost="2")
    shop.read(number, date(2026, 2, 3), sent=1, cost="1")
    assert issue(shop).total == 1


def test_an_adjustment_keeps_its_exchange_rate(shop: Shop) -> None:
    center = shop.new_center(currency="LYD")
    number = shop.number(center)
    shop.read(number, date(2026, 2, 3), sent=1, cost="10")
    for day, rate in ((date(2026, 2, 1), "5"), (date(2026, 3, 1), "9")):
        set_exchange_rate(
            reseller=shop.reseller, base="USD", quote="LYD", day=day, rate=D(rate), by=None, now=NOW
        )
    issue(shop, center=center)
    shop.read(number, date(2026, 2, 3), sent=2, cost="11", at=NOW)
    assert preview_invoice(center, MARCH).total == 5
    Center.objects.filter(pk=center.pk).update(currency="USD")
    center.refresh_from_db()
    assert preview_invoice(center, MARCH).total == 1
