"""Issuing: number, lines, claims, ledger entry, mail and audit entry in one transaction."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from billing import mail_texts
from billing.invoicing.drafts import Draft, DraftLine, preview_invoice
from billing.invoicing.numbering import due_date, number_for, parties
from billing.invoicing.preconditions import blockers
from billing.invoicing.waivers import resolve_late
from billing.ledger import lock, post, settle
from billing.mail import write_mail
from billing.models import (
    BillingPeriod,
    FlaggedUsage,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    SubscriptionClaim,
    UsageClaim,
)
from billing.money import LARGEST
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


class AlreadyClosed(OperationRefused):
    """A day of the period is already closed."""


def issue_invoice(*, center: Center, period: Period, by: User | None, now: datetime) -> Invoice:
    """Issue the invoice of one center for a half-open range of past days.

    OperationRefused: not over, unread or flagged days, an overlapping invoice, a missing exchange rate.
    Raises NothingToCharge after closing a period without charges.
    """
    closed = close_period(center=center, period=period, by=by, now=now)
    if closed.invoice is None:
        raise NothingToCharge(
            _("There's nothing to charge “%(center)s” for %(first)s to %(last)s. The period is closed.")
            % {
                "center": center,
                "first": period.first_day,
                "last": period.last_day,
            }
        )
    return closed.invoice


def close_period(*, center: Center, period: Period, by: User | None, now: datetime) -> BillingPeriod:
    """Bill or waive all usage of the period; of two concurrent calls one gets OperationRefused."""
    try:
        with transaction.atomic():
            center = lock(center)
            _refuse_overlap(center, period)
            why_not = blockers(center, period, now)
            if why_not:
                raise OperationRefused(together(why_not[:3]))
            draft = preview_invoice(center, period)
            _refuse_absurd(draft)
            return _write(draft, by, now)
    except IntegrityError:
        _refuse_overlap(center, period)
        raise


def _refuse_absurd(draft: Draft) -> None:
    """Refuse sums that no column can hold, which would end a whole run: wrong usage, margin or exchange rate."""
    for line in draft.lines:
        if max(abs(line.amount), abs(line.cost), abs(draft.total)) >= LARGEST:
            raise OperationRefused(
                _(
                    "“%(number)s” would be charged 10,000,000,000,000 or more. Check its usage and the margins."
                )
                % {"number": line.number_label}
            )


def _write(draft: Draft, by: User | None, now: datetime) -> BillingPeriod:
    center = draft.center
    invoice = None if draft.charges_nothing else _write_invoice(draft, by, now)
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
    resolve_late(center, _adjusted_days(draft), FlaggedUsage.Resolution.ACCEPTED, by, now)
    if invoice:
        _finish(invoice, draft, by, now)
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
    return period


def _write_invoice(draft: Draft, by: User | None, now: datetime) -> Invoice:
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
        line_count=len(draft.lines),
        issued_at=now,
        issued_on=issued_on,
        due_on=due_date(center, issued_on),
        issued_by=by,
        language=center.language,
        parties=parties(center),
        open_amount=max(draft.total, Decimal(0)),
    )
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
            )
            for line, row in taken
            if line.month is not None
        ]
    )


def _finish(invoice: Invoice, draft: Draft, by: User | None, now: datetime) -> None:
    center = draft.center
    post(
        center=center,
        kind=LedgerEntry.Kind.INVOICE,
        amount=invoice.total,
        currency=invoice.currency,
        invoice=invoice,
        by=by,
        now=now,
    )
    settle(center, now)
    invoice.refresh_from_db(fields=["open_amount", "settled_at"])
    write_mail(
        center=center,
        kind="invoice",
        key=f"invoice:{invoice.pk}",
        text=lambda: mail_texts.invoice_issued(invoice),
        invoice=invoice,
        now=now,
    )


def _adjusted_days(draft: Draft) -> set[tuple[int, date]]:
    return {
        (day.instance.pk, day.day)
        for line in (*draft.lines, *draft.silent)
        if line.is_adjustment
        for day in line.days
    }


def _refuse_overlap(center: Center, period: Period) -> None:
    closed = (
        BillingPeriod.objects.filter(
            center=center, voided_at=None, first_day__lt=period.end_day, end_day__gt=period.first_day
        )
        .select_related("invoice")
        .first()
    )
    if closed is None:
        return
    values = {
        "center": center,
        "first": closed.first_day,
        "last": closed.end_day - timedelta(days=1),
        "number": closed.invoice.number if closed.invoice else "",
    }
    if closed.invoice:
        raise AlreadyClosed(
            _("“%(center)s” has already been invoiced for %(first)s to %(last)s: %(number)s.") % values
        )
    raise AlreadyClosed(
        _("%(first)s to %(last)s is closed for “%(center)s” because there was nothing to charge.") % values
    )
