"""Disputes: no reminder for the invoice and no suspension because of it, until what was decided is recorded."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.dunning import close_dispute, open_dispute, open_disputes, planned_for
from billing.dunning.suspension import outstanding_debt, suspend
from billing.jobs import dunning_job
from billing.models import Dispute, Invoice, Reminder, Suspension
from billing.payments import record_payment
from centers.errors import OperationRefused
from tests.billing.conftest import NOW, Shop
from tests.factories import UserFactory

DUE = date(2026, 2, 26)


def at(offset: int) -> datetime:
    """That many days from the due date."""
    return datetime(DUE.year, DUE.month, DUE.day, 9, tzinfo=UTC) + timedelta(days=offset)


def contested(invoice: Invoice, on: int = 1) -> Dispute:
    return open_dispute(invoice=invoice, because="Wrong month", by=None, now=at(on))


def test_a_disputed_invoice_is_not_reminded_of_and_suspends_no_one(shop: Shop) -> None:
    invoice, other = shop.owe("10"), shop.owe("3", day=date(2026, 2, 11))
    dispute = contested(invoice)
    dunning_job(reseller=shop.reseller, now=at(3))
    assert set(Reminder.objects.values_list("invoice", flat=True)) == {other.pk}
    planned = planned_for(shop.center, at(3))
    assert planned is not None
    assert (planned.amount, planned.invoices) == (3, (other,))
    assert list(open_disputes(shop.reseller)) == [dispute]
    record_payment(
        center=shop.center, amount="3", currency="USD", reference="R-1", received_on=DUE, settles=[other.pk],
        by=None, now=at(4),
    )  # fmt: skip
    assert planned_for(shop.center, at(4)) is None
    close_dispute(dispute=dispute, decision="The month is right", by=None, now=at(11))
    dunning_job(reseller=shop.reseller, now=at(11))
    assert Reminder.objects.filter(invoice=invoice, skipped=False).exists()
    assert Suspension.objects.filter(center=shop.center, ended_at=None).exists()


def test_it_resumes_a_center_that_was_suspended_for_it(shop: Shop) -> None:
    invoice = shop.owe("10")
    assert suspend(center=shop.center, now=at(10))
    contested(invoice, on=11)
    assert Suspension.objects.get().ending == Suspension.Ending.SETTLED
    assert outstanding_debt(shop.center, at(11)) is None


def test_who_recorded_and_who_decided(shop: Shop) -> None:
    invoice, first, second = shop.owe("10"), UserFactory(), UserFactory()
    dispute = open_dispute(invoice=invoice, because=" Wrong  month ", by=first, now=NOW)
    with pytest.raises(OperationRefused, match="already disputed"):
        contested(invoice)
    with pytest.raises(OperationRefused, match="decided"):
        close_dispute(dispute=dispute, decision=" ", by=second, now=NOW)
    close_dispute(dispute=dispute, decision="Credited", by=second, now=at(5))
    dispute.refresh_from_db()
    assert (dispute.because, dispute.opened_by, dispute.decision) == ("Wrong month", first, "Credited")
    assert (dispute.closed_by, dispute.closed_at) == (second, at(5))
    with pytest.raises(OperationRefused, match="already closed"):
        close_dispute(dispute=dispute, decision="Again", by=first, now=at(6))
    assert contested(invoice, on=7).pk != dispute.pk


def test_what_can_not_be_disputed(shop: Shop) -> None:
    invoice = shop.owe("10")
    with pytest.raises(OperationRefused, match="disputes"):
        open_dispute(invoice=invoice, because=" ", by=None, now=NOW)
    shop.pay("10")
    with pytest.raises(OperationRefused, match="Nothing is left"):
        contested(invoice)
    assert not Dispute.objects.exists()
