"""Usage that staff do not charge: taken by a waiver as firmly as by a line, with a reason, for good."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from billing.invoicing import preview_invoice, void_invoice, waive_late_corrections, waive_usage
from billing.invoicing.flagged_usage import accept_flagged_usage, waive_days
from billing.models import FlaggedUsage, InvoiceLine, UsageClaim, Waiver
from billing.periods import Period
from billing.pricing.estimates import charges_by_center
from billing.reports.reconciliation import reconcile
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.threads import at_once
from whatsapp.models import Instance

D = Decimal


def corrected(shop: Shop) -> Instance:
    """A number whose third of February cost 10 on the invoice and 13 now."""
    shop.margin("10")
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    issue(shop)
    shop.read(number, date(2026, 2, 3), sent=12, cost="13", at=NOW)
    return number


def test_a_waived_correction_is_on_no_invoice(shop: Shop) -> None:
    corrected(shop)
    waiver = waive_late_corrections(center=shop.center, because=" Goodwill ", by=None, now=NOW)
    assert preview_invoice(shop.center, MARCH).lines == ()
    claim = waiver.claims.get()
    assert (claim.sent, claim.cost, claim.line, claim.period, claim.revision) == (2, 3, None, None, 1)
    assert FlaggedUsage.objects.get().resolution == "waived"
    assert AuditEntry.objects.get(action="usage.waived").data["because"] == "Goodwill"


def test_what_comes_later_is_charged_with_the_terms_of_the_invoice(shop: Shop) -> None:
    number = corrected(shop)
    waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=NOW)
    shop.margin("90", valid_from=date(2026, 2, 1))
    shop.read(number, date(2026, 2, 3), sent=13, cost="15", at=APRIL_5)
    draft = preview_invoice(shop.center, MARCH)
    assert [(line.kind, line.amount) for line in draft.lines] == [("adjustment", D("2.20"))]


def test_a_waived_correction_stays_waived_when_the_invoice_is_voided(shop: Shop) -> None:
    corrected(shop)
    waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=NOW)
    void_invoice(invoice=InvoiceLine.objects.get().invoice, because="x", by=None, now=NOW)
    assert issue(shop).total == 11
    assert sum(claim.cost for claim in UsageClaim.objects.filter(voided_at=None)) == 13


def test_a_waiver_needs_a_reason_and_something_to_waive(shop: Shop) -> None:
    corrected(shop)
    with pytest.raises(OperationRefused, match="reason"):
        waive_late_corrections(center=shop.center, because=" ", by=None, now=NOW)
    waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=NOW)
    with pytest.raises(OperationRefused, match="nothing left to waive"):
        waive_late_corrections(center=shop.center, because="Again", by=None, now=NOW)
    assert Waiver.objects.count() == 1


def test_the_page_shows_what_is_charged_where_a_fall_was_waived(shop: Shop) -> None:
    shop.margin("0", "1")
    number, day = shop.number(), date(2026, 2, 3)
    shop.read(number, day, sent=100, failed=5, cost="100")
    assert issue(shop).total == 195
    shop.read(number, day, sent=95, failed=8, cost="95", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=NOW)
    assert charges_by_center(shop.reseller, [shop.center], FEBRUARY) == {(shop.center.pk, "USD"): 195}


def test_usage_that_is_not_to_be_charged_is_left_out_of_the_invoice(shop: Shop) -> None:
    shop.margin("10")
    tested, real = shop.number(), shop.number()
    for number in (tested, real):
        for day in (3, 4):
            shop.read(number, date(2026, 2, day), sent=1, cost="10")
    third = Period(date(2026, 2, 3), date(2026, 2, 4))
    waive_usage(instance=tested, period=third, because="Test messages", by=None, now=NOW)
    assert charges_by_center(shop.reseller, [shop.center], FEBRUARY) == {(shop.center.pk, "USD"): 33}
    assert issue(shop).total == 33
    row = reconcile(shop.reseller, FEBRUARY, by_months=True)[0]
    assert (row.centers_cost, row.invoiced_cost, row.waived_cost, row.unbilled_cost) == (40, 30, 10, 0)
    with pytest.raises(OperationRefused, match="nothing left to waive"):
        waive_usage(instance=tested, period=FEBRUARY, because="Closed by now", by=None, now=NOW)


def test_what_is_read_of_a_waived_day_before_its_invoice_is_charged(shop: Shop) -> None:
    shop.margin("10")
    number = shop.number()
    day = date(2026, 2, 3)
    shop.read(number, day, sent=1, cost="10")
    waive_usage(instance=number, period=FEBRUARY, because="Test", by=None, now=NOW)
    shop.read(number, day, sent=2, cost="15", at=NOW)
    assert issue(shop).total == D("5.50")
    # After the invoice its own terms count, not those of the waiver, which has none.
    shop.margin("90", valid_from=date(2026, 2, 1))
    shop.read(number, day, sent=3, cost="16", at=APRIL_5)
    assert preview_invoice(shop.center, MARCH).total == D("1.10")


def test_a_closed_day_known_only_by_its_waiver_is_priced_by_its_own_margin(shop: Shop) -> None:
    shop.margin("10")
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=1, cost="10")
    waive_usage(instance=number, period=FEBRUARY, because="Test", by=None, now=NOW)
    shop.owe("1", day=date(2026, 2, 3))  # closes the day; the waived number has nothing left on it
    shop.read(number, date(2026, 2, 3), sent=2, cost="12", at=APRIL_5)
    assert preview_invoice(shop.center, MARCH).total == D("2.20")


def test_what_is_read_can_be_waived_with_the_unread_days(shop: Shop) -> None:
    number = shop.number()
    Instance.objects.filter(pk=number.pk).update(held_since=datetime(2026, 2, 26, 9, tzinfo=UTC))
    number.refresh_from_db()
    shop.read(number, date(2026, 2, 26), sent=1, cost="1")
    waive_days(instance=number, period=FEBRUARY, because="Gone", also_read=True, by=None, now=NOW)
    assert preview_invoice(shop.center, FEBRUARY).lines == ()
    with pytest.raises(OperationRefused, match="nothing left to waive"):
        waive_days(instance=number, period=FEBRUARY, because="Gone", also_read=True, by=None, now=NOW)


def test_what_is_read_can_be_waived_where_nothing_is_unread(shop: Shop) -> None:
    number = shop.number()
    Instance.objects.filter(pk=number.pk).update(held_since=datetime(2026, 2, 28, 9, tzinfo=UTC))
    number.refresh_from_db()
    shop.read(number, date(2026, 2, 28), sent=1, cost="1")
    waive_days(instance=number, period=FEBRUARY, because="Gone", also_read=True, by=None, now=NOW)
    assert preview_invoice(shop.center, FEBRUARY).lines == ()


def test_a_waiver_is_never_changed_and_a_claim_is_billed_or_waived(shop: Shop) -> None:
    corrected(shop)
    waiver = waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=NOW)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Waiver.objects.update(because="Nothing")
    with pytest.raises(DatabaseError, match="never removed"), transaction.atomic():
        Waiver.objects.all()._raw_delete("default")
    claim = UsageClaim.objects.get(waiver=waiver)
    with pytest.raises(IntegrityError, match="billed_or_waived"), transaction.atomic():
        UsageClaim.objects.create(
            reseller=shop.reseller,
            usage_record=claim.usage_record,
            revision=7,
            sent=0,
            received=0,
            failed=0,
            sent_before=0,
            failed_before=0,
            cost=0,
        )
    with pytest.raises(IntegrityError, match="waiver_has_a_reason"), transaction.atomic():
        Waiver.objects.create(reseller=shop.reseller, center=shop.center, because="", at=NOW)


def test_eight_people_waive_once(committed_shop: Shop) -> None:
    corrected(committed_shop)
    found = at_once(
        lambda n: waive_late_corrections(center=committed_shop.center, because=f"No. {n}", by=None, now=NOW),
        reseller=committed_shop.reseller,
    )
    assert sum(isinstance(item, Waiver) for item in found) == 1
    assert all(isinstance(item, Waiver | OperationRefused) for item in found)
    assert UsageClaim.objects.filter(waiver__isnull=False).count() == 1


def test_waiving_and_invoicing_at_once_take_the_correction_once(committed_shop: Shop) -> None:
    shop = committed_shop
    corrected(shop)
    shop.read(Instance.objects.get(), date(2026, 3, 3), sent=1, cost="1", at=APRIL_5)

    def operation(number: int) -> object:
        if number % 2:
            return waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=APRIL_5)
        return issue(shop, MARCH, now=APRIL_5)

    found = at_once(operation, reseller=shop.reseller)
    unexpected = [
        item for item in found if isinstance(item, Exception) and not isinstance(item, OperationRefused)
    ]
    assert unexpected == []
    day = UsageClaim.objects.filter(usage_record__day=date(2026, 2, 3), voided_at=None)
    assert sum(claim.cost for claim in day) == 13
