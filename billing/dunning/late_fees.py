"""Late fees: what unpaid invoices cost their centers, as one-off charges that are on the next invoice.

Off until the rules have a percentage or an amount. Nothing is charged for an invoice that is disputed, written off or
opened before Markaz, for a center with a hold or a promise, or an archived one; and no fee for an unpaid fee.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from billing.charges import withdraw_charge
from billing.charges.changing import LARGEST_CHARGE
from billing.dunning.reminded import acting_holds, undisputed
from billing.ledger import lock
from billing.models import Charge, ChargeClaim, DunningPolicy, Invoice, InvoiceLine
from billing.money import rounded
from billing.periods import month_of, today
from billing.policies import Policy, policies_for, policy_for, reseller_policy
from billing.tax.computing import tax_of
from billing.tax.rates import tax_profile
from centers.audit import entries
from centers.models import Reseller, User
from centers.queue.job_runs import RunRecorder
from centers.values.formats import exact_text

ZERO = Decimal(0)
#: A fee of a day longer ago isn't made up for: switching fees on, or the end of a pause, charges nothing for the past.
MADE_UP_FOR = timedelta(days=7)


def charge_late_fees(*, reseller: Reseller, now: datetime, recorder: RunRecorder) -> None:
    """Charge the fees whose day has come, each once."""
    if not _any_rules(reseller):
        return
    day = today(reseller, now)
    rows = _chargeable(Invoice.objects.filter(reseller=reseller), day)
    invoices = list(rows.select_related("center__reseller").order_by("due_on", "pk"))
    policies = policies_for(reseller, {row.center_id: row.center for row in invoices}.values())
    charged = Charge.objects.filter(late_for__in=invoices).values_list("late_for_id", "late_step")
    taken = set(charged)
    for invoice in invoices:
        step = step_on(invoice.due_on, policies[invoice.center_id], day)
        if step is not None and (invoice.pk, step) not in taken and _charge(invoice, step, now):
            recorder.ok()


def step_on(due_on: date, policy: Policy, day: date) -> int | None:
    """Which fee of an invoice is due on `day`, from 1 on; None before the first, or if its day was too long ago."""
    if not policy.has_late_fee:
        return None
    first = due_on + timedelta(days=policy.late_fee_days)
    step = 1
    if policy.late_fee_monthly and day > first:
        step += 12 * (day.year - first.year) + day.month - first.month
        step -= _months_after(first, step - 1) > day
    due = _months_after(first, step - 1)
    return step if due <= day <= due + MADE_UP_FOR else None


def fee_of(*, base: Decimal, total: Decimal, before: Decimal, currency: str, policy: Policy) -> Decimal:
    """The fee on `base` of an invoice over `total` that was charged `before` in fees; 0 if there is none."""
    if base <= 0:
        return ZERO
    fixed = policy.late_fee_amounts.get(currency, ZERO)
    fee = rounded(base * policy.late_fee_percent / 100 + fixed, currency)
    room = rounded(total * policy.late_fee_ceiling / 100, currency) - before
    return max(ZERO, min(fee, room, LARGEST_CHARGE - 1))


def withdraw_late_fees(*, invoice: Invoice, by: User | None, now: datetime) -> None:
    """Withdraw the fees of an invoice that is void: those that no invoice has."""
    claims = ChargeClaim.objects.filter(voided_at=None).values("charge")
    for charge in Charge.objects.filter(late_for=invoice, withdrawn_at=None).exclude(pk__in=claims):
        charge.center = invoice.center
        withdraw_charge(charge=charge, by=by, now=now)


def _any_rules(reseller: Reseller) -> bool:
    general = reseller_policy(reseller)
    if general.late_fee_percent or general.late_fee_amounts:
        return True
    named = DunningPolicy.objects.filter(reseller=reseller)
    return named.filter(Q(late_fee_percent__gt=0) | ~Q(late_fee_amounts={})).exists()


def _chargeable(rows: "QuerySet[Invoice]", day: date) -> "QuerySet[Invoice]":
    """Those of the invoices that fees may be charged for on `day`."""
    held = acting_holds().filter(until__gt=day).order_by().values("center")
    overdue = rows.filter(open_amount__gt=0, due_on__lt=day, center__archived_at=None)
    return undisputed(overdue.exclude(center__in=held))


def _charge(invoice: Invoice, step: int, now: datetime) -> Charge | None:
    """Charge the fee, under the center's lock and by what is true then; None if there is none."""
    with transaction.atomic():
        center = lock(invoice.center)
        day = today(center.reseller, now)
        row = _chargeable(Invoice.objects.filter(pk=invoice.pk), day).first()
        if row is None or Charge.objects.filter(late_for=row, late_step=step).exists():
            return None
        policy = policy_for(center)
        before = Charge.late_fees_of(row)
        base = row.open_amount - _fees_on(row)
        amount = fee_of(base=base, total=row.total, before=before, currency=row.currency, policy=policy)
        if not amount:
            return None
        with translation.override(center.language):  # as the invoice that will have it
            description = _("Late fee: invoice %(number)s") % {"number": row.number}
        charge: Charge = Charge.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            description=description,
            amount=amount,
            currency=row.currency,
            every=Charge.Every.ONCE,
            first_day=day,
            created_at=now,
            late_for=row,
            late_step=step,
            **tax_profile(center.reseller).tax_entry,
        )
        entries.record(
            "charge.late_fee",
            reseller=center.reseller,
            center=center,
            by=None,
            target=charge,
            now=now,
            topics=("billing", "centers"),
            amount=exact_text(amount, row.currency),
        )
    return charge


def _fees_on(invoice: Invoice) -> Decimal:
    """What of the invoice's total is late fees for earlier ones, with tax: never the base of another fee."""
    lines = InvoiceLine.objects.filter(invoice=invoice, charge__late_for__isnull=False)
    rows = lines.values_list("amount", "tax_percent")
    return sum((net + tax_of(net, percent, invoice.currency) for net, percent in rows), ZERO)


def _months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, month_of(first).last_day.day))
