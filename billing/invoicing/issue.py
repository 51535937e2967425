"""Issuing: number, lines, claims, ledger entry, mail and audit entry in one transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from billing.documents.frozen import parties
from billing.invoicing.carried import Rest, bill_carried, carry
from billing.invoicing.credit_notes import finish_notes, write_note
from billing.invoicing.draft_lines import DraftLine
from billing.invoicing.drafts import Draft, preview_invoice
from billing.invoicing.numbering import due_date, number_for
from billing.invoicing.preconditions import blockers, refuse_absurd, refuse_overlap
from billing.invoicing.taxes import write_taxes
from billing.invoicing.waivers import claim_waived, resolve_late
from billing.ledger import lock, post, settle
from billing.mail import ISSUED, write_mail_about
from billing.models import (
    BillingPeriod,
    FlaggedUsage,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    SubscriptionClaim,
    UsageClaim,
)
from billing.periods import Period, day_start, local_day, zone_of
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, User
from centers.stored_messages import StoredMessage as _
from centers.stored_messages import together
from whatsapp.alerts.lifecycle import resolve_alert
from whatsapp.models import Alert


class NothingToCharge(OperationRefused):
    """The period had nothing to charge; it was closed without an invoice."""


def issue_invoice(
    *,
    center: Center,
    period: Period,
    by: User | None,
    now: datetime,
    note: str | None = None,
    purchase_order: str = "",
) -> Invoice:
    """Issue the invoice of one center for a half-open range of past days.

    `note` is printed instead of the reseller's usual one, `purchase_order` instead of the center's.
    OperationRefused: not over, unread or flagged days, an overlapping invoice, a missing exchange rate.
    Raises NothingToCharge after closing a period without charges.
    """
    words = {"note": note, "purchase_order": purchase_order}
    closed, notes = _closed(center, period, by, now, words)
    if closed.invoice is None:
        facts = {"center": center, "first": period.first_day, "last": period.last_day}
        nothing = _("There's nothing to charge “%(center)s” for %(first)s to %(last)s. The period is closed.")
        issued = [
            _("Credit note %(note)s over %(number)s was issued.")
            % {"note": note.number, "number": str(note.credits)}
            for note in notes
        ]
        raise NothingToCharge(together([nothing % facts, *issued]))
    return closed.invoice


def close_period(*, center: Center, period: Period, by: User | None, now: datetime) -> BillingPeriod:
    """Bill or waive all usage of the period, and issue credit notes for earlier days that now cost less.

    Of two concurrent calls one gets OperationRefused.
    """
    return _closed(center, period, by, now)[0]


def _closed(
    center: Center, period: Period, by: User | None, now: datetime, words: Mapping[str, Any] | None = None
) -> tuple[BillingPeriod, list[Invoice]]:
    """The closed period and the credit notes that were issued with it."""
    try:
        with transaction.atomic():
            center = lock(center)
            refuse_overlap(center, period)
            why_not = blockers(center, period, now)
            if why_not:
                raise OperationRefused(together(why_not[:3]))
            draft = preview_invoice(center, period)
            refuse_absurd(draft)
            return _write(draft, by, now, words or {})
    except IntegrityError:
        refuse_overlap(center, period)
        raise


def _write(
    draft: Draft, by: User | None, now: datetime, words: Mapping[str, Any]
) -> tuple[BillingPeriod, list[Invoice]]:
    center = draft.center
    invoice = None if draft.charges_nothing else _write_invoice(draft, by, now, words)
    period: BillingPeriod = BillingPeriod.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        first_day=draft.period.first_day,
        end_day=draft.period.end_day,
        outcome=BillingPeriod.Outcome.INVOICED if invoice else BillingPeriod.Outcome.WAIVED,
        invoice=invoice,
        closed_at=now,
        closed_by=by,
    )
    rows = _write_lines(invoice, draft) if invoice else [None] * len(draft.lines)
    taken = [*zip(draft.lines, rows, strict=True), *((line, None) for line in draft.silent)]
    _claim(period, taken)
    claim_waived(draft.waived)
    bill_carried(period=period, lines=[row for row in rows if row], by=by, now=now)
    carry(center=center, rest=draft.rest, period=period, document=invoice, by=by, now=now)
    notes = _write_notes(draft, by, now)
    resolve_late(center, _adjusted_days(draft), FlaggedUsage.Resolution.ACCEPTED, by, now)
    if invoice:
        _post(invoice, by, now)
    if notes:
        finish_notes(center, notes, by=by, now=now)
    elif invoice:
        settle(center, now)
    if invoice:
        _send(invoice, now)
    resolve_alert(reseller=center.reseller, kind=Alert.Kind.BILLING_BLOCKED, center=center, now=now)
    entries.record(
        "invoice.issued" if invoice else "period.waived",
        reseller=center.reseller,
        center=center,
        by=by,
        target=invoice or period,
        now=now,
        topics=("billing", "centers"),
        total=f"{draft.total:f} {draft.currency}",
        first_day=draft.period.first_day.isoformat(),
        end_day=draft.period.end_day.isoformat(),
    )
    return period, notes


def _write_invoice(draft: Draft, by: User | None, now: datetime, words: Mapping[str, Any]) -> Invoice:
    center, zone = draft.center, zone_of(draft.center.reseller)
    issued_on = local_day(now, zone)
    number, sequence = number_for(center, Invoice.Kind.INVOICE, issued_on.year)
    invoice: Invoice = Invoice.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        number=number,
        year=issued_on.year,
        sequence=sequence,
        first_day=draft.period.first_day,
        end_day=draft.period.end_day,
        period_start=day_start(draft.period.first_day, zone),
        period_end=day_start(draft.period.end_day, zone),
        currency=draft.currency,
        total=draft.total,
        tax=draft.tax,
        line_count=len(draft.lines),
        issued_at=now,
        issued_on=issued_on,
        due_on=due_date(center, issued_on),
        issued_by=by,
        language=center.language,
        parties=parties(center, **words),
        open_amount=max(draft.total, Decimal(0)),
    )
    write_taxes(invoice, draft.taxes)
    return invoice


#: The columns of a line that are copied from its draft; the others place it on its invoice.
def line_values(line: DraftLine) -> dict[str, Any]:
    """The column values of a draft line."""
    return {field.name: getattr(line, field.name) for field in InvoiceLine.content_fields()}


def _write_lines(invoice: Invoice, draft: Draft) -> list[InvoiceLine]:
    rows = [
        InvoiceLine(reseller_id=invoice.reseller_id, invoice=invoice, position=position, **line_values(line))
        for position, line in enumerate(draft.lines, start=1)
    ]
    return InvoiceLine.objects.bulk_create(rows)


def _claim(period: BillingPeriod, taken: list[tuple[DraftLine, InvoiceLine | None]]) -> None:
    common = {"reseller_id": period.reseller_id, "period": period}
    UsageClaim.objects.bulk_create(
        [
            UsageClaim(
                **common,
                usage_record_id=day.usage_record_id,
                line=row,
                margin=line.margin,
                revision=day.revision,
                sent=day.sent,
                received=day.received,
                failed=day.failed,
                sent_before=day.claimed.sent,
                failed_before=day.claimed.failed,
                cost=day.cost,
            )
            for line, row in taken
            for day in line.days
        ],
        batch_size=1000,
    )
    SubscriptionClaim.objects.bulk_create(
        [
            SubscriptionClaim(
                **common,
                instance=line.instance,
                month=line.month,
                first_day=line.first_day,
                end_day=line.end_day,
                line=row,
                one_off=line.is_one_off,
            )
            for line, row in taken
            if line.month is not None
        ]
    )


def _write_notes(draft: Draft, by: User | None, now: datetime) -> list[Invoice]:
    """One credit note for each earlier invoice with usage that now costs less; the notes take what was corrected.

    Their claims belong to the period of that invoice: when it is voided, they are void too.
    """
    notes = []
    for original, lines in draft.notes.items():
        original.center = draft.center
        rows = [InvoiceLine(**line_values(line)) for line in lines]
        note = write_note(original, Invoice.CreditKind.CORRECTION, rows, reason="", by=by, now=now)
        _claim(BillingPeriod.objects.get(invoice=original), list(zip(lines, rows, strict=True)))
        carry(center=draft.center, rest=Rest.of(lines), document=note, by=by, now=now)
        notes.append(note)
    return notes


def _post(invoice: Invoice, by: User | None, now: datetime) -> None:
    post(
        center=invoice.center,
        kind=LedgerEntry.Kind.INVOICE,
        amount=invoice.total,
        currency=invoice.currency,
        invoice=invoice,
        by=by,
        now=now,
    )


def _send(invoice: Invoice, now: datetime) -> None:
    invoice.refresh_from_db(fields=["open_amount", "settled_at"])
    write_mail_about(invoice, kind="invoice.issued", event=ISSUED, now=now)


def _adjusted_days(draft: Draft) -> set[tuple[int, date]]:
    return {
        (day.instance.pk, day.day)
        for line in (*draft.lines, *draft.silent, *draft.reductions)
        if line.is_adjustment
        for day in line.days
    }
