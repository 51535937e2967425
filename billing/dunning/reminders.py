"""Reminders by mail: one per invoice and step, in the center's language."""

from datetime import date, datetime, timedelta

from django.db import transaction

from billing.dunning.plan import planned_for
from billing.dunning.promises import promised
from billing.dunning.reminded import is_paused, undisputed
from billing.ledger import lock
from billing.mail import write_mail_about
from billing.models import Invoice, Reminder
from billing.periods import today
from billing.policies import Policy, policies_for
from centers.audit import entries
from centers.models import Reseller
from centers.queue.job_runs import RunRecorder

WARNING = "warning"
_MADE_UP_FOR = timedelta(days=7)


def send_reminders(*, reseller: Reseller, now: datetime, recorder: RunRecorder) -> None:
    """Write the mails of the steps that are due. After a pause only the latest step of an invoice is mailed."""
    day = today(reseller, now)
    rows = Invoice.objects.filter(reseller=reseller, open_amount__gt=0)
    rows = undisputed(rows).exclude(center__in=promised(reseller, day).order_by().values("center"))
    invoices = list(rows.select_related("center__reseller").order_by("due_on", "pk"))
    policies = policies_for(reseller, {row.center_id: row.center for row in invoices}.values())
    taken: dict[int, set[str]] = {}
    for invoice_id, step in Reminder.objects.filter(invoice__in=invoices).values_list("invoice_id", "step"):
        taken.setdefault(invoice_id, set()).add(step)
    for invoice in invoices:
        policy = policies[invoice.center_id]
        due = [step for step in steps_until(invoice, policy, day) if step not in taken.get(invoice.pk, set())]
        if due and not policy.is_quiet(day):
            _take(invoice, due, now)
            recorder.ok()


def steps_until(invoice: Invoice, policy: Policy, day: date) -> list[str]:
    """The steps of an invoice whose day has come, latest last. A step dated before its issue is never due.

    An archived center is reminded, but not warned: there is nothing to suspend. A step of long ago isn't made up for
    then, so that archiving, and debts from before, bring no mails about years past.
    """
    archived = invoice.center.archived_at is not None
    first = max(invoice.issued_on, day - _MADE_UP_FOR) if archived else invoice.issued_on
    steps = [(offset, f"due{offset:+d}") for offset in policy.reminder_days]
    if policy.warning_days is not None and policy.suspend and not archived:
        steps.append((policy.warning_days, WARNING))
    dated = [(invoice.due_on + timedelta(days=offset), offset, name) for offset, name in steps]
    # A warning outweighs a reminder of the same day, so it comes last.
    dated.sort(key=lambda step: (step[0], step[2] == WARNING))
    return [name for on, _offset, name in dated if first <= on <= day]


def _take(invoice: Invoice, due: list[str], now: datetime) -> None:
    """Record every step; only the last gets a mail. Checked again under the center's lock."""
    with transaction.atomic():
        invoice.center = lock(invoice.center)
        invoice.refresh_from_db(fields=["open_amount", "voided_at"])
        if invoice.open_amount <= 0 or is_paused(invoice, today(invoice.center.reseller, now)):
            return
        already = set(Reminder.objects.filter(invoice=invoice).values_list("step", flat=True))
        last = due[-1]
        Reminder.objects.bulk_create(
            Reminder(
                reseller_id=invoice.reseller_id,
                center_id=invoice.center_id,
                invoice=invoice,
                step=step,
                at=now,
                skipped=step != last,
            )
            for step in due
            if step not in already
        )
        if last not in already:
            _write(invoice, last, now)
            entries.record(
                "reminder.written",
                reseller=invoice.center.reseller,
                center=invoice.center,
                by=None,
                target=invoice,
                now=now,
                topics=("billing",),
                step=last,
            )


def _write(invoice: Invoice, step: str, now: datetime) -> None:
    """The final warning names the day on which the center would be suspended; without one it is a reminder."""
    planned = planned_for(invoice.center, now) if step == WARNING else None
    if planned is None:
        write_mail_about(invoice, kind="invoice.reminder", event=step, now=now)
        return
    day = planned.on.isoformat()
    write_mail_about(invoice, kind="invoice.warning", event=step, now=now, day=day)
