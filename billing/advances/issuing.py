"""Issuing advance invoices, and the credit notes on them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from billing.advances.left import Kind, Left, lefts_of
from billing.documents.frozen import parties
from billing.documents.numbers import next_number
from billing.mail import ISSUED, write_mail_about
from billing.models import (
    AdvanceEntry,
    DocumentKind,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    LedgerEntry,
    Payment,
    TaxCategory,
    TaxProfile,
    TaxTerms,
)
from billing.periods import Period, day_start, local_day, zone_of
from billing.tax.computing import tax_in
from billing.tax.rates import Taxes, tax_profile
from centers.audit import entries
from centers.models import Center, User
from centers.values.formats import exact_text

ZERO = Decimal(0)
ONE_DAY = timedelta(days=1)


def advance_terms(center: Center, day: date) -> TaxTerms | None:
    """The tax of what the center pays in advance on that day; None if that gets a receipt alone.

    So it is by the reseller's settings, without registration for tax, and for what is out of its scope.
    """
    if tax_profile(center.reseller).top_ups != TaxProfile.TopUps.INVOICE:
        return None
    terms = Taxes(center.reseller, center).on(day, center)
    return None if terms.category == TaxCategory.OUTSIDE else terms


def issue_advance(
    *, payment: Payment, gross: Decimal, entry: LedgerEntry, by: User | None, now: datetime
) -> Invoice | None:
    """Issue the advance invoice over what of a payment became credit, tax included; None if it gets a receipt alone.

    `entry` is the payment's, in whose transaction this is called. The caller holds the center's lock. It is no debt,
    so that no balance changes.
    """
    center = payment.center
    issued_on = local_day(now, zone_of(center.reseller))
    terms = advance_terms(center, issued_on) if gross > 0 else None
    if terms is None:
        return None
    tax = tax_in(gross, terms.percent, payment.currency)
    advance = _written(
        center,
        Invoice.Kind.ADVANCE,
        now,
        by,
        **_days(center, payment.received_on),
        currency=payment.currency,
        language=center.language,
        parties=parties(center, note=""),
        total=gross,
        tax=tax,
        settled_at=now,
    )
    line = _line(advance, payment, terms)
    line.save(force_insert=True)
    _store_tax(advance, line)
    AdvanceEntry.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        advance=advance,
        kind=Kind.ISSUED,
        document=advance,
        entry=entry,
        net=advance.net,
        tax=tax,
    )
    _record("invoice.advance_issued", advance, advance, by, now)
    return advance


def credit_advance(
    left: Left,
    gross: Decimal,
    *,
    entry: LedgerEntry,
    by: User | None,
    now: datetime,
    released: Sequence[AdvanceEntry] = (),
) -> Invoice:
    """Credit `gross` of what is left of an advance invoice, as `entry` took it from the center's credit.

    The note also says what was `released` just before: unsaved entries. The caller holds the center's lock. The note
    changes no balance.
    """
    advance = left.advance
    changed = left.change(Kind.CREDITED, -gross, advance, entry)
    repeated = ("first_day", "end_day", "period_start", "period_end", "currency", "language", "parties")
    note = _written(
        advance.center,
        Invoice.Kind.CREDIT_NOTE,
        now,
        by,
        **{name: getattr(advance, name) for name in repeated},
        credits=advance,
        credit_kind=Invoice.CreditKind.ADVANCE,
        reason=_reason(entry, advance.center.language, is_released=bool(released)),
        total=-gross,
        tax=changed.tax,
    )
    line: InvoiceLine = advance.lines.get()
    values = {field.attname: getattr(line, field.attname) for field in InvoiceLine.content_fields()}
    values |= {"quantity": -1, "amount": note.net, "exact": note.net, "corrects_id": line.pk}
    values["unit_price"] = abs(note.net)  # one times the price is the amount, also of a part
    own = InvoiceLine(reseller_id=note.reseller_id, invoice=note, position=1, **values)
    own.save(force_insert=True)
    _store_tax(note, own)
    for row in (*released, changed):
        row.document = note
        row.save(force_insert=True)
    Invoice.objects.filter(pk=advance.pk).update(credited=F("credited") + gross)
    write_mail_about(note, kind="credit_note.issued", event=ISSUED, now=now)
    _record("invoice.advance_credited", advance, note, by, now)
    return note


def _reason(entry: LedgerEntry, language: str, *, is_released: bool) -> str:
    """Why an advance is credited, in the center's language, where staff write it for other notes."""
    with translation.override(language):
        if entry.kind == LedgerEntry.Kind.REVERSAL:
            said = [_("Payment %(reference)s was reversed.") % {"reference": entry.payment}]
            if is_released:
                said.append(_("Invoices that deducted it must be paid in full."))
            return " ".join(said)
        if entry.kind == LedgerEntry.Kind.REFUND:
            return _("Credit refunded, %(reference)s.") % {"reference": entry.reference}
        if entry.invoice is not None and entry.invoice.is_bill:
            return _("Used for %(number)s, at another tax.") % {"number": entry.invoice}
        return _("That amount is no longer kept.")


def advance_of(payment: Payment) -> Left | None:
    """The advance invoice of a payment, with what is left of it."""
    issued = AdvanceEntry.objects.filter(entry__payment=payment, kind=Kind.ISSUED).first()
    if issued is None:
        return None
    return lefts_of(AdvanceEntry.objects.filter(advance=issued.advance_id))[0]


def _written(center: Center, kind: Invoice.Kind, now: datetime, by: User | None, **values: Any) -> Invoice:
    issued_on = local_day(now, zone_of(center.reseller))
    series = DocumentKind.ADVANCE if kind == Invoice.Kind.ADVANCE else DocumentKind.CREDIT_NOTE
    number, sequence = next_number(center.reseller_id, series, issued_on.year)
    document: Invoice = Invoice.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        kind=kind,
        number=number,
        year=issued_on.year,
        sequence=sequence,
        line_count=1,
        issued_at=now,
        issued_on=issued_on,
        due_on=issued_on,
        issued_by=by,
        **values,
    )
    return document


def _days(center: Center, day: date) -> dict[str, Any]:
    """The day of the payment, as the days of a document."""
    period, zone = Period(day, day + ONE_DAY), zone_of(center.reseller)
    return {
        "first_day": period.first_day,
        "end_day": period.end_day,
        "period_start": day_start(period.first_day, zone),
        "period_end": day_start(period.end_day, zone),
    }


def _line(advance: Invoice, payment: Payment, terms: TaxTerms) -> InvoiceLine:
    net = advance.net
    return InvoiceLine(
        reseller_id=advance.reseller_id,
        invoice=advance,
        position=1,
        kind=InvoiceLine.Kind.ADVANCE,
        number_label="",
        description=payment.reference,
        first_day=advance.first_day,
        end_day=advance.end_day,
        quantity=1,
        cost=ZERO,
        unit_cost=ZERO,
        cost_currency=advance.currency,
        percent=ZERO,
        fixed=ZERO,
        exchange_rate=Decimal(1),
        unit_price=net,
        amount=net,
        currency=advance.currency,
        exact=net,
        tax_category=terms.category,
        tax_percent=terms.percent,
        tax_reason=terms.reason,
        tax_included=bool(terms.percent),
    )


def _store_tax(document: Invoice, line: InvoiceLine) -> None:
    InvoiceTax.objects.create(
        reseller_id=document.reseller_id,
        invoice=document,
        category=line.tax_category,
        percent=line.tax_percent,
        reason=line.tax_reason,
        net=document.net,
        tax=document.tax,
    )


def _record(action: str, advance: Invoice, document: Invoice, by: User | None, now: datetime) -> None:
    center = advance.center
    entries.record(
        action,
        reseller=center.reseller,
        center=center,
        by=by,
        target=advance,
        now=now,
        topics=("billing",),
        total=exact_text(document.total, document.currency),
        **({"credit_note": document.number} if document.is_credit_note else {}),
    )
