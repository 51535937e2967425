"""Receipts for payments: numbered when a payment is recorded, never changed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import translation
from django.utils.translation import gettext as _

from billing.documents.frozen import Look, parties
from billing.documents.numbers import next_number
from billing.documents.parties import party
from billing.documents.texts import day_in, ltr
from billing.documents.typesetting import Sheet
from billing.ledger import sums
from billing.models import AdvanceEntry, DocumentKind, Invoice, LedgerEntry, Payment, Receipt
from billing.periods import local_day, zone_of
from centers.models import Center, Reseller
from centers.values.formats import day_text, money_text
from centers.values.languages import language_named

ZERO = Decimal(0)


def issue_receipt(*, payment: Payment, paid: Mapping[int, Decimal], now: datetime) -> Receipt:
    """Write the receipt of a payment, in its transaction; `paid` are the amounts by id of the invoices it paid.

    The caller holds the center's lock.
    """
    center = payment.center
    issued_on = local_day(now, zone_of(center.reseller))
    number, sequence = next_number(center.reseller_id, DocumentKind.RECEIPT, issued_on.year)
    receipt: Receipt = Receipt.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        payment=payment,
        number=number,
        year=issued_on.year,
        sequence=sequence,
        issued_at=now,
        issued_on=issued_on,
        language=center.language,
        parties=parties(center),
        paid=_parts(paid),
        left=_left(center, payment.currency),
    )
    return receipt


def receipt_for(payment: Payment, now: datetime) -> Receipt:
    """The payment's receipt; one of a payment that was recorded by an earlier version is written now."""
    found = Receipt.objects.filter(payment=payment).select_related("payment", "center").first()
    if found is not None:
        return found
    with transaction.atomic():
        Payment.objects.select_for_update().get(pk=payment.pk)
        again = Receipt.objects.filter(payment=payment).first()
        payment.center = Center.objects.select_related("reseller").get(pk=payment.center_id)
        return again or issue_receipt(payment=payment, paid={}, now=now)


def _parts(paid: Mapping[int, Decimal]) -> list[dict[str, str]]:
    rows = Invoice.objects.filter(pk__in=[pk for pk, amount in paid.items() if amount > 0])
    return [
        {"number": row.number, "date": row.issued_on.isoformat(), "amount": f"{paid[row.pk]:f}"}
        for row in rows.order_by("due_on", "pk")
    ]


def _left(center: Center, currency: str) -> Decimal:
    """What is due, of invoices and of opening balances."""
    return max(ZERO, sums(center).get(currency, ZERO))


def receipt_sheet(receipt: Receipt, *, language: str = "") -> Sheet:
    """The receipt to be typeset, as it was issued or in `language`; only the mark of a reversed payment is current."""
    reseller = Reseller.objects.get(pk=receipt.reseller_id)  # with its logo
    look = Look(reseller, receipt.parties)
    languages = look.languages(language, receipt.language)
    data = {
        "colour": look.colour,
        "number": receipt.number,
        "editions": [_edition(receipt, look, code, languages[0]) for code in languages],
    }
    at = receipt.issued_at.astimezone(UTC).replace(microsecond=0)
    return Sheet("receipt.typ", data, at, look.logo)


def receipt_filename(receipt: Receipt) -> str:
    """`RC-2026-0001.pdf`."""
    return f"{receipt.number.replace('/', '-')}.pdf"


def _edition(receipt: Receipt, look: Look, language: str, first_language: str) -> dict[str, Any]:
    payment, days = receipt.payment, partial(day_in, first_language)
    with translation.override(language):
        amount = money_text(payment.amount, payment.currency)
        return {
            "language": language,
            "rtl": language_named(language).right_to_left,
            "title": _("Payment receipt"),
            "seller": party(receipt.parties.get("reseller", {}), look.reseller.name),
            "buyer": party(receipt.parties.get("center", {}), str(receipt.center)),
            "facts": [
                (_("Receipt issued"), days(receipt.issued_on)),
                (_("Received on"), days(payment.received_on)),
                (_("Method"), payment.get_method_display()),
                *([(_("Reference"), payment.reference)] if payment.reference else []),
            ],
            "amount": amount,
            "columns": [_("Paid for"), _("Issued"), _("Amount")],
            "lines": [_line(one, payment.currency, days) for one in receipt.paid],
            "rest": _rest(receipt),
            "stamp": [_("REVERSED"), _day(payment, reseller=look.reseller)] if payment.reversed_at else [],
            "footer": receipt.parties.get("reseller", {}).get("legal_name") or look.reseller.name,
            "words": {
                "from": _("From"),
                "to": _("Received from"),
                "received": _("We received %(amount)s. Thank you.") % {"amount": amount},
                "logo": _("Logo"),
            },
        }


def _day(payment: Payment, *, reseller: Reseller) -> str:
    at = payment.reversed_at or payment.recorded_at
    return day_text(local_day(at, zone_of(reseller)))


def _line(part: Mapping[str, str], currency: str, days: Callable[[date], str]) -> list[str]:
    day = date.fromisoformat(part["date"])
    return [part["number"], days(day), money_text(Decimal(part["amount"]), currency)]


def _rest(receipt: Receipt) -> list[tuple[str, str]]:
    """What of the payment paid no invoice, and what was still to be paid."""
    currency = receipt.payment.currency
    rest = receipt.payment.amount - _sum(receipt.paid)
    credit = min(rest, _credit_after(receipt.payment))
    rows = [(_("Paid of the opening balance"), rest - credit)] if _had_opening(receipt.payment) else []
    issued = AdvanceEntry.objects.filter(entry__payment=receipt.payment, kind=AdvanceEntry.Kind.ISSUED)
    label = _("Kept as credit")
    for row in issued.select_related("advance"):
        label = _("Paid in advance, with tax invoice %(number)s") % {"number": ltr(row.advance.number)}
    rows += [(label, credit)]
    shown = [(what, money_text(amount, currency)) for what, amount in rows if amount > 0]
    return [*shown, (_("Still unpaid"), money_text(receipt.left, currency))]


def _entries(payment: Payment) -> QuerySet[LedgerEntry]:
    """What the ledger of the center had in the currency of the payment when it was recorded."""
    own = LedgerEntry.objects.filter(payment=payment, kind=LedgerEntry.Kind.PAYMENT).values("pk")
    return LedgerEntry.objects.filter(center=payment.center_id, currency=payment.currency, pk__lte=own)


def _credit_after(payment: Payment) -> Decimal:
    return max(ZERO, -(_entries(payment).aggregate(sum=Sum("amount"))["sum"] or ZERO))


def _had_opening(payment: Payment) -> bool:
    return _entries(payment).filter(kind=LedgerEntry.Kind.OPENING, amount__gt=0).exists()


def _sum(paid: Iterable[Mapping[str, str]]) -> Decimal:
    return sum((Decimal(part["amount"]) for part in paid), ZERO)
