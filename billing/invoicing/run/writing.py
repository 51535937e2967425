"""Storing the drafts of several centers' periods: all rows of a kind with one statement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from billing.advances.using import deduct
from billing.documents.frozen import common_of, parties
from billing.documents.numbers import next_numbers
from billing.invoicing.carried import Rest, billed, carry, left_of
from billing.invoicing.credit_notes import finish_notes, write_note
from billing.invoicing.draft_lines import DraftLine
from billing.invoicing.drafts import Draft
from billing.invoicing.numbering import due_date
from billing.invoicing.run.claims import claim
from billing.invoicing.run.material import Material
from billing.invoicing.taxes import tax_rows
from billing.invoicing.waivers import claim_waived, resolve_late
from billing.ledger import post_invoices, settle_all
from billing.mail import ISSUED, write_mails_about
from billing.models import (
    BillingPeriod,
    CarriedAmount,
    FlaggedUsage,
    Invoice,
    InvoiceLine,
    InvoiceTax,
)
from billing.periods import day_start, local_day, zone_of
from centers.audit import entries
from centers.models import AuditEntry, User
from centers.values.formats import exact_text
from whatsapp.alerts.lifecycle import resolve_alert
from whatsapp.models import Alert


@dataclass(slots=True)
class Closed:
    """A draft that is stored: its period, its invoice if it charges something, and the credit notes issued with it."""

    draft: Draft
    period: BillingPeriod
    invoice: Invoice | None
    lines: list[InvoiceLine]
    notes: list[Invoice]


def write(
    material: Material, drafts: list[Draft], by: User | None, now: datetime, words: Mapping[str, Any]
) -> dict[int, Closed]:
    """Store drafts of one period, made of `material`; by id of the center. The caller holds the centers' locks.

    `words` are the note and the purchase order of `parties`. Invoices are numbered in the order of the drafts. Runs in
    the caller's transaction.
    """
    if not drafts:
        return {}
    stored = _stored(drafts, _write_invoices(material, drafts, by, now, words), by, now)
    _claim(stored)
    _carry(stored, by, now)
    for closed in stored:
        closed.notes = _write_notes(closed.draft, by, now)
        if days := _adjusted_days(closed.draft):
            resolve_late(closed.draft.center, days, FlaggedUsage.Resolution.ACCEPTED, by, now)
    _settle(stored, by, now)
    reseller = material.reseller
    centers = [draft.center for draft in drafts]
    resolve_alert(reseller=reseller, kind=Alert.Kind.BILLING_BLOCKED, center=centers, now=now)
    recorded = [_entry(closed, by, now) for closed in stored]
    entries.record_all(recorded, reseller=reseller, topics=("billing", "centers"))
    return {closed.draft.center.pk: closed for closed in stored}


def _write_invoices(
    material: Material, drafts: list[Draft], by: User | None, now: datetime, words: Mapping[str, Any]
) -> list[Invoice | None]:
    """The invoices of the drafts that charge something, with their taxes."""
    charging = [draft for draft in drafts if not draft.charges_nothing]
    if not charging:
        return [None] * len(drafts)
    issued_on = local_day(now, zone_of(material.reseller))
    numbers = next_numbers(material.reseller.pk, Invoice.Kind.INVOICE, issued_on.year, len(charging))
    common = _common(material, issued_on, by, now)
    known = common_of(material.reseller, [draft.center for draft in charging])
    invoices = {
        draft.center.pk: Invoice(
            **common,
            center=draft.center,
            number=number,
            sequence=sequence,
            currency=draft.currency,
            total=draft.total,
            tax=draft.tax,
            line_count=len(draft.lines),
            due_on=due_date(material.policies[draft.center.pk], issued_on),
            language=draft.center.language,
            parties=parties(draft.center, known, **words),
            open_amount=max(draft.total, Decimal(0)),
        )
        for draft, (number, sequence) in zip(charging, numbers, strict=True)
    }
    Invoice.objects.bulk_create(invoices.values())
    taxes = [row for draft in charging for row in tax_rows(invoices[draft.center.pk], draft.taxes)]
    InvoiceTax.objects.bulk_create(taxes)
    return [invoices.get(draft.center.pk) for draft in drafts]


def _common(material: Material, issued_on: date, by: User | None, now: datetime) -> dict[str, Any]:
    """What the invoices of one period have in common."""
    period, zone = material.period, zone_of(material.reseller)
    return {
        "reseller_id": material.reseller.pk,
        "year": issued_on.year,
        "first_day": period.first_day,
        "end_day": period.end_day,
        "period_start": day_start(period.first_day, zone),
        "period_end": day_start(period.end_day, zone),
        "issued_at": now,
        "issued_on": issued_on,
        "issued_by": by,
    }


def _stored(
    drafts: list[Draft], invoices: list[Invoice | None], by: User | None, now: datetime
) -> list[Closed]:
    """The periods of the drafts, and the lines of their invoices."""
    found = [
        Closed(draft, _period(draft, invoice, by, now), invoice, _lines(draft, invoice), [])
        for draft, invoice in zip(drafts, invoices, strict=True)
    ]
    BillingPeriod.objects.bulk_create(closed.period for closed in found)
    InvoiceLine.objects.bulk_create(line for closed in found for line in closed.lines)
    return found


def _period(draft: Draft, invoice: Invoice | None, by: User | None, now: datetime) -> BillingPeriod:
    return BillingPeriod(
        reseller_id=draft.center.reseller_id,
        center=draft.center,
        first_day=draft.period.first_day,
        end_day=draft.period.end_day,
        outcome=BillingPeriod.Outcome.INVOICED if invoice else BillingPeriod.Outcome.WAIVED,
        invoice=invoice,
        closed_at=now,
        closed_by=by,
    )


def _lines(draft: Draft, invoice: Invoice | None) -> list[InvoiceLine]:
    if invoice is None:
        return []
    return [
        InvoiceLine(reseller_id=invoice.reseller_id, invoice=invoice, position=position, **line_values(line))
        for position, line in enumerate(draft.lines, start=1)
    ]


#: The columns of a line that are copied from its draft; the others place it on its invoice.
_CONTENT = tuple(field.name for field in InvoiceLine.content_fields())


def line_values(line: DraftLine) -> dict[str, Any]:
    """The column values of a draft line."""
    return {name: getattr(line, name) for name in _CONTENT}


def _claim(stored: list[Closed]) -> None:
    """Take the days and subscriptions of all lines, and of days that are closed without one."""
    for closed in stored:
        if closed.draft.waived:
            claim_waived(closed.draft.waived)
    claim((closed.period, line, row) for closed in stored for line, row in _taken(closed))


def _taken(closed: Closed) -> Iterable[tuple[DraftLine, InvoiceLine | None]]:
    if closed.invoice:
        yield from zip(closed.draft.lines, closed.lines, strict=True)
    else:
        yield from ((line, None) for line in closed.draft.lines)
    yield from ((line, None) for line in closed.draft.silent)


def _carry(stored: list[Closed], by: User | None, now: datetime) -> None:
    """What is billed of what was carried is taken before more is carried: never more than there was."""
    CarriedAmount.objects.bulk_create(
        row for closed in stored for row in billed(period=closed.period, lines=closed.lines, by=by, now=now)
    )
    CarriedAmount.objects.bulk_create(
        row
        for closed in stored
        for row in left_of(
            center=closed.draft.center,
            rest=closed.draft.rest,
            period=closed.period,
            document=closed.invoice,
            by=by,
            now=now,
        )
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
        period = BillingPeriod.objects.get(invoice=original)
        claim((period, line, row) for line, row in zip(lines, rows, strict=True))
        carry(center=draft.center, rest=Rest.of(lines), document=note, by=by, now=now)
        notes.append(note)
    return notes


def _settle(stored: list[Closed], by: User | None, now: datetime) -> None:
    """Ledger entries, open amounts, mails, and what follows from credit notes."""
    issued = [closed for closed in stored if closed.invoice]
    invoices = [closed.invoice for closed in issued if closed.invoice]
    deduct(post_invoices(invoices, by=by, now=now))
    settle_all([closed.draft.center for closed in issued if not closed.notes], now)
    for closed in stored:
        if closed.notes:
            finish_notes(closed.draft.center, closed.notes, by=by, now=now)
    if invoices:
        _refresh(invoices)
        reseller = invoices[0].center.reseller
        write_mails_about(invoices, reseller=reseller, kind="invoice.issued", event=ISSUED, now=now)


def _refresh(invoices: list[Invoice]) -> None:
    """Take what settling changed of them into the objects."""
    stored = Invoice.objects.only("open_amount", "settled_at").in_bulk(invoice.pk for invoice in invoices)
    for invoice in invoices:
        row = stored[invoice.pk]
        invoice.open_amount, invoice.settled_at = row.open_amount, row.settled_at


def _entry(closed: Closed, by: User | None, now: datetime) -> AuditEntry:
    draft = closed.draft
    return entries.entry_of(
        "invoice.issued" if closed.invoice else "period.waived",
        reseller=draft.center.reseller,
        center=draft.center,
        by=by,
        target=closed.invoice or closed.period,
        now=now,
        total=exact_text(draft.total, draft.currency),
        first_day=draft.period.first_day.isoformat(),
        end_day=draft.period.end_day.isoformat(),
    )


def _adjusted_days(draft: Draft) -> set[tuple[int, date]]:
    return {
        (day.instance.pk, day.day)
        for line in (*draft.lines, *draft.silent, *draft.reductions)
        if line.is_adjustment
        for day in line.days
    }
