"""Payments, credit and balances."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.ledger import balances, refresh_all_payment_statuses, sums
from billing.mail import mails_about
from billing.models import Invoice, LedgerEntry, Payment
from billing.payments import payable_in, record_payment, refund_credit, reverse_payment
from billing.queries import takings
from centers import live
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from tests.billing.conftest import NOW, Shop
from tests.billing.mails.reading import text_of
from tests.factories import UserFactory

D = Decimal


def open_amounts() -> list[Decimal]:
    return list(Invoice.objects.order_by("due_on").values_list("open_amount", flat=True))


def test_the_oldest_due_invoice_is_covered_first(shop: Shop) -> None:
    for day in (10, 11, 12):
        shop.owe("10", day=date(2026, 2, day))
    shop.pay("15")
    assert open_amounts() == [0, 5, 10]
    assert Invoice.objects.order_by("due_on")[0].settled_at == NOW
    assert balances(shop.center, NOW)[0].due == 15


def test_too_much_becomes_credit_and_pays_the_next_invoice(shop: Shop) -> None:
    shop.owe("10")
    shop.pay("25.50")
    balance = balances(shop.center, NOW)[0]
    assert (balance.due, balance.credit) == (0, D("15.50"))
    later = shop.owe("20", day=date(2026, 2, 20))
    assert later.open_amount == D("4.50")
    assert "4.50" in text_of(mails_about(later).get())


def test_payment_status_follows_the_money_and_the_calendar(shop: Shop) -> None:
    def payment_status(now: datetime) -> str:
        refresh_all_payment_statuses(shop.reseller, now)
        shop.center.refresh_from_db()
        return shop.center.payment_status

    invoice = shop.owe("10")
    on_due_date = datetime.combine(invoice.due_on, NOW.timetz())
    assert payment_status(on_due_date) == "open"
    assert payment_status(on_due_date + timedelta(days=1)) == "overdue"
    version = shop.center.version
    assert payment_status(on_due_date + timedelta(days=1)) == "overdue"
    assert shop.center.version == version
    shop.pay("10")
    shop.center.refresh_from_db()
    assert (shop.center.payment_status, shop.center.version) == ("clear", version + 1)


def test_a_reference_counts_once_per_reseller(shop: Shop) -> None:
    other = shop.new_center(name="Other")
    shop.pay("10", reference=" TR  1 ")
    for center in (shop.center, other):
        with pytest.raises(OperationRefused) as refused:
            shop.pay("99", center, reference="tr 1")
        assert "TR 1" in refused.value.message
        assert "10.00" in refused.value.message
        assert shop.center.name in refused.value.message
    assert Payment.objects.count() == LedgerEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"amount": "1.234"}, "decimals"),
        ({"amount": "-1"}, "above zero"),
        ({"amount": "x"}, "isn't an amount"),
        ({"amount": "1", "currency": "EUR"}, "not in EUR"),
        ({"amount": "1", "received_on": date(2026, 3, 6)}, "6 Mar 2026"),
        ({"amount": "1", "reference": " "}, "reference"),
        ({"amount": "1", "reference": "x" * 81}, "80"),
    ],
)
def test_what_is_refused(shop: Shop, values: dict[str, object], words: str) -> None:
    with pytest.raises(OperationRefused, match=words):
        shop.pay(**values)  # type: ignore[arg-type]
    assert Payment.objects.count() == 0


def test_old_invoices_can_be_paid_in_their_currency(shop: Shop) -> None:
    shop.owe("10")
    Center.objects.filter(pk=shop.center.pk).update(currency="LYD")
    shop.center.refresh_from_db()
    shop.pay("10", currency="USD")
    assert open_amounts() == [0]
    assert [row.currency for row in balances(shop.center, NOW)] == ["LYD"]
    with pytest.raises(OperationRefused):
        shop.pay("10", currency="USD")


def test_currencies_do_not_mix(shop: Shop) -> None:
    shop.owe("10")
    Center.objects.filter(pk=shop.center.pk).update(currency="LYD")
    shop.center.refresh_from_db()
    shop.pay("30", currency="LYD")
    assert sums(shop.center) == {"LYD": D(-30), "USD": D(10)}
    assert open_amounts() == [10]
    found = balances(shop.center, NOW)
    assert [(row.currency, row.due, row.credit) for row in found] == [("LYD", 0, 30), ("USD", 10, 0)]


def test_a_reversal_is_an_entry_of_its_own(shop: Shop) -> None:
    shop.owe("10")
    payment = shop.pay("10")
    with pytest.raises(OperationRefused, match="reason"):
        reverse_payment(payment=payment, because=" ", by=None, now=NOW)
    reverse_payment(payment=payment, because="Cheque bounced", by=None, now=NOW)
    assert open_amounts() == [10]
    assert Invoice.objects.get().settled_at is None
    with pytest.raises(OperationRefused, match="already"):
        reverse_payment(payment=payment, because="x", by=None, now=NOW)
    assert LedgerEntry.objects.count() == 3
    assert AuditEntry.objects.filter(action="payment.reversed").count() == 1


def test_no_more_than_the_credit_is_paid_out(shop: Shop) -> None:
    shop.pay("10")
    with pytest.raises(OperationRefused, match=r"10\.01"):
        refund_credit(center=shop.center, amount="10.01", currency="USD", reference="R1", by=None, now=NOW)
    refund_credit(center=shop.center, amount="4", currency="USD", reference="R1", by=None, now=NOW)
    with pytest.raises(OperationRefused, match="r1"):
        refund_credit(center=shop.center, amount="4", currency="USD", reference="r1", by=None, now=NOW)
    assert balances(shop.center, NOW)[0].credit == 6


def test_what_is_due_and_what_came_in(shop: Shop) -> None:
    other = shop.new_center(name="Other")
    shop.owe("10", day=date(2026, 2, 10))
    shop.owe("7", day=date(2026, 3, 1))
    shop.owe("5", other, day=date(2026, 3, 1))
    shop.pay("2", other)
    usd = takings(shop.reseller, NOW)[0]
    assert (usd.currency, usd.open, usd.overdue, usd.invoiced, usd.paid) == ("USD", 20, 10, 12, 2)


def test_the_database_notices_a_reference_taken_meanwhile(shop: Shop) -> None:
    """Two centers are locked apart, so the constraint decides; the second gets the sentence."""
    shop.pay("1", reference="same")
    with pytest.raises(OperationRefused):
        record_payment(
            center=shop.new_center(),
            amount="1",
            currency="USD",
            reference="SAME",
            received_on=date(2026, 3, 1),
            by=None,
            now=NOW,
        )


@pytest.mark.parametrize(
    "same",
    [
        "\u200fTR-77",
        "tr-77\u200e",
        "TR\u200b-77",
        "TR-٧٧",
        "TR-۷۷",
        "ＴＲ-77",
        " TR-77\u00a0",
        "TR\u201177",
        "TR\u2212\ufe0f77",
    ],
)
def test_what_people_see_as_one_reference_counts_once(shop: Shop, same: str) -> None:
    """Copied from an Arabic mail or a bank's page, a reference brings marks and digits that no one sees."""
    shop.pay("1", reference="TR-77")
    with pytest.raises(OperationRefused, match="already been recorded"):
        shop.pay("1", reference=same)
    assert Payment.objects.get().reference == "TR-77"


def test_a_reference_of_marks_alone_is_none(shop: Shop) -> None:
    with pytest.raises(OperationRefused, match="needs a reference"):
        shop.pay("1", reference="\u200f\u200b")


def test_what_is_due_without_an_invoice_can_be_paid_in_its_currency(shop: Shop) -> None:
    """A cheque was paid out again as credit and then bounced; meanwhile the center pays in another currency."""
    cheque = shop.pay("10")
    refund_credit(center=shop.center, amount="10", currency="USD", reference="R1", by=None, now=NOW)
    reverse_payment(payment=cheque, because="bounced", by=None, now=NOW)
    Center.objects.filter(pk=shop.center.pk).update(currency="LYD")
    shop.center.refresh_from_db()
    assert balances(shop.center, NOW)[1].due == 10
    assert payable_in(shop.center) == ["LYD", "USD"]
    shop.pay("10", currency="USD")
    assert sums(shop.center) == {"USD": 0}
    assert payable_in(shop.center) == ["LYD"]


def test_each_movement_is_an_entry_that_names_its_reason(shop: Shop) -> None:
    person, later = UserFactory(), NOW + timedelta(hours=1)
    invoice = shop.owe("10")
    payment = shop.pay("25", by=person)
    refund = refund_credit(
        center=shop.center, amount="5", currency="USD", reference="OUT-1", by=person, now=later
    )
    reversal = reverse_payment(payment=payment, because="bounced", by=person, now=later)
    entries = list(LedgerEntry.objects.order_by("pk"))
    assert [(row.kind, row.amount, row.invoice, row.payment, row.reference) for row in entries] == [
        ("invoice", 10, invoice, None, ""),
        ("payment", -25, None, payment, ""),
        ("refund", 5, None, None, "OUT-1"),
        ("reversal", 25, None, payment, ""),
    ]
    assert [refund, reversal] == entries[2:]
    assert {(row.reseller_id, row.center_id, row.currency) for row in entries} == {
        (shop.reseller.pk, shop.center.pk, "USD")
    }
    assert [(row.at, row.by) for row in entries[1:]] == [(NOW, person), (later, person), (later, person)]


def test_payments_refunds_and_reversals_are_in_the_audit_log_and_open_pages_get_a_hint(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    person, later = UserFactory(), NOW + timedelta(hours=1)
    stamps = [live.stamp(shop.reseller.pk, shop.center.pk)]
    with django_capture_on_commit_callbacks(execute=True):
        payment = shop.pay("25", by=person, reference="TR-A", note="  cash ")
    stamps.append(live.stamp(shop.reseller.pk, shop.center.pk))
    with django_capture_on_commit_callbacks(execute=True):
        refund_credit(center=shop.center, amount="5", currency="USD", reference="OUT-1", by=person, now=later)
    stamps.append(live.stamp(shop.reseller.pk, shop.center.pk))
    with django_capture_on_commit_callbacks(execute=True):
        reverse_payment(payment=payment, because=" bounced ", by=person, now=later)
    stamps.append(live.stamp(shop.reseller.pk, shop.center.pk))
    assert len(set(stamps)) == 4
    rows = AuditEntry.objects.filter(actor=person).order_by("pk")
    assert [(row.action, row.at, row.target_type, row.target_id) for row in rows] == [
        ("payment.recorded", NOW, "payment", str(payment.pk)),
        ("credit.refunded", later, "center", str(shop.center.pk)),
        ("payment.reversed", later, "payment", str(payment.pk)),
    ]
    assert [row.data["amount"] for row in rows] == ["25.00 USD", "5.00 USD", "25.00 USD"]
    assert {(row.reseller, row.center) for row in rows} == {(shop.reseller, shop.center)}
    payment.refresh_from_db()
    assert (payment.note, payment.recorded_by, payment.recorded_at) == ("cash", person, NOW)
    assert (payment.reversed_by, payment.reversed_at, payment.reversal_reason) == (person, later, "bounced")


def test_a_note_and_a_reason_are_cut_at_what_is_stored(shop: Shop) -> None:
    payment = shop.pay("5", note="n" * 400)
    assert payment.note == "n" * 300
    reverse_payment(payment=payment, because="r" * 400, by=None, now=NOW)
    assert Payment.objects.get(pk=payment.pk).reversal_reason == "r" * 300
