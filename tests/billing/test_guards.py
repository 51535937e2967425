"""What the database refuses, regardless of the code."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from billing.models import (
    BillingPeriod,
    ExchangeRate,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Margin,
    Payment,
    UsageClaim,
    UsageRecord,
)
from billing.pricing.exchange_rates import set_exchange_rate
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW, Shop, make_shop
from tests.factories import CenterFactory
from tests.shared_rows import ROWS


@pytest.fixture
def written_rows(request: pytest.FixtureRequest) -> Shop:
    """Made once for all that is tried with them."""
    return ROWS.get(request, _write)


@pytest.fixture
def written(written_rows: Shop) -> Iterator[Shop]:
    with tenant(written_rows.reseller):
        yield written_rows


def _write() -> Shop:
    shop = make_shop()
    with tenant(shop.reseller):
        shop.margin("10")
        set_exchange_rate(
            reseller=shop.reseller,
            base="USD",
            quote="LYD",
            day=date(2026, 1, 1),
            rate=Decimal(5),
            by=None,
            now=NOW,
        )
        shop.owe("10")
        shop.pay("5")
    return shop


FROZEN = [
    (Invoice, "total", Decimal(1)),
    (Invoice, "currency", "EUR"),
    (Invoice, "parties", {}),
    (Invoice, "due_on", date(2030, 1, 1)),
    (Invoice, "number", "X"),
    (InvoiceLine, "amount", Decimal(1)),
    (InvoiceLine, "cost", Decimal(1)),
    (LedgerEntry, "amount", Decimal(1)),
    (Payment, "amount", Decimal(1)),
    (Payment, "reference", "X"),
    (Margin, "percent", Decimal(1)),
    (ExchangeRate, "rate", Decimal(1)),
    (UsageClaim, "cost", Decimal(1)),
    (BillingPeriod, "end_day", date(2030, 1, 1)),
]


@pytest.mark.parametrize(("model", "name", "value"), FROZEN)
def test_what_is_written_stays(written: Shop, model, name: str, value: object) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        model.objects.update(**{name: value})


@pytest.mark.parametrize("table", sorted({model._meta.db_table for model, _name, _value in FROZEN}))
def test_nothing_is_removed(written: Shop, table: str) -> None:
    with (
        pytest.raises(IntegrityError, match="never removed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DELETE FROM {table}")


def test_voiding_is_permanent(written: Shop) -> None:
    Invoice.objects.update(voided_at=NOW, open_amount=0)
    with pytest.raises(IntegrityError, match="never taken back"), transaction.atomic():
        Invoice.objects.update(voided_at=None)


def test_a_line_cannot_be_slipped_in(written: Shop) -> None:
    line = InvoiceLine.objects.get()
    line.pk, line.position = None, 2
    with transaction.atomic():
        line.save(force_insert=True)
        with pytest.raises(IntegrityError, match="add up"), transaction.atomic():
            connection.check_constraints()
        transaction.set_rollback(True)


def test_periods_of_a_center_never_overlap(written: Shop) -> None:
    values = {"reseller": written.reseller, "center": written.center, "outcome": "waived", "closed_at": NOW}
    with pytest.raises(IntegrityError, match="billingperiod_apart"), transaction.atomic():
        BillingPeriod.objects.create(first_day=FEBRUARY.first_day, end_day=FEBRUARY.end_day, **values)
    BillingPeriod.objects.create(first_day=date(2026, 2, 11), end_day=date(2026, 3, 1), **values)


def test_two_invoices_never_share_a_day(written: Shop) -> None:
    invoice = Invoice.objects.get()
    invoice.pk, invoice.number, invoice.sequence = None, "INV-X", 99
    invoice.end_day += timedelta(days=5)
    with pytest.raises(IntegrityError, match="invoice_periods_apart"), transaction.atomic():
        invoice.save(force_insert=True)


def test_a_day_is_claimed_once(written: Shop) -> None:
    claim = UsageClaim.objects.get()
    claim.pk = None
    with pytest.raises(IntegrityError, match="usageclaim_once"), transaction.atomic():
        claim.save(force_insert=True)


def test_credit_is_not_paid_out_twice(written: Shop) -> None:
    with pytest.raises(IntegrityError, match="more than the credit"), transaction.atomic():
        LedgerEntry.objects.create(
            reseller=written.reseller,
            center=written.center,
            kind="refund",
            amount=Decimal(1),
            currency="USD",
            reference="r",
            at=NOW,
        )


def test_entries_fit_their_kind(written: Shop) -> None:
    with pytest.raises(IntegrityError, match="ledger_entry_fits_kind"), transaction.atomic():
        LedgerEntry.objects.create(
            reseller=written.reseller,
            center=written.center,
            kind="payment",
            amount=Decimal(-1),
            currency="USD",
            at=NOW,
        )


def test_a_center_of_another_reseller_is_refused(written: Shop) -> None:
    stranger = CenterFactory()
    with transaction.atomic():
        BillingPeriod.objects.create(
            reseller=written.reseller,
            center=stranger,
            first_day=FEBRUARY.first_day,
            end_day=FEBRUARY.end_day,
            outcome="waived",
            closed_at=NOW,
        )
        with pytest.raises(IntegrityError, match="center_of_reseller"), transaction.atomic():
            connection.check_constraints()
        transaction.set_rollback(True)


def test_counts_are_never_negative_nor_no_number(written: Shop) -> None:
    with pytest.raises(IntegrityError, match="usagerecord_counts"), transaction.atomic():
        UsageRecord.objects.update(sent=F("sent") - 5)
    with (
        pytest.raises(IntegrityError, match="usagerecord_counts"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE billing_usagerecord SET cost = 'NaN'")
