"""The parts of a report about messages and money."""

from datetime import datetime
from decimal import Decimal

from django.db.models import F, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import Invoice, Payment, UsageRecord, WriteOff
from centers.models import Center, Reseller
from centers.notifications.compose import open_page
from centers.notifications.message import Action
from centers.notifications.reports import Section, Span, register_section
from centers.values.formats import money_text, number_text, percent_text
from centers.values.languages import active_language


def connect() -> None:
    """Register the sections."""
    register_section(Section(order=20, title=gettext_lazy("Messages"), write=messages, page=_usage_page))
    register_section(Section(order=30, title=gettext_lazy("Money"), write=money, page=_money_page))


def _usage_page(reseller: Reseller, span: Span, center: Center | None) -> Action:
    path = reverse("portal_usage", args=[center.pk]) if center else reverse("usage", args=[reseller.slug])
    return open_page(_("See usage"), f"{path}?month={span.first:%Y-%m}")


def _money_page(reseller: Reseller, _span: Span, center: Center | None) -> Action:
    if center is not None:
        return open_page(_("See invoices"), reverse("portal_invoices", args=[center.pk]))
    return open_page(_("See unpaid invoices"), reverse("unpaid", args=[reseller.slug]))


def messages(reseller: Reseller, span: Span, center: Center | None, _now: datetime) -> list[str]:
    """How many messages the days' readings count, and how that compares with as many days before."""
    counts = _counts(reseller, span, center)
    if not any(counts.values()):
        return []
    lines = [
        _("%(sent)s sent, %(received)s received, %(failed)s failed.")
        % {name: number_text(value) for name, value in counts.items()}
    ]
    before = _counts(reseller, span.before, center)["sent"]
    if before:
        change = Decimal(counts["sent"] - before) * 100 / before
        lines.append(
            _("Sent messages, compared with the period before: %(change)s.")
            % {"change": percent_text(change, 0, signed=True)}
        )
    return lines


def _counts(reseller: Reseller, span: Span, center: Center | None) -> dict[str, int]:
    rows = UsageRecord.objects.filter(reseller=reseller, day__gte=span.first, day__lt=span.end)
    found = (rows.filter(center=center) if center else rows).aggregate(
        sent=Sum("sent"), received=Sum("received"), failed=Sum("failed")
    )
    return {name: int(value or 0) for name, value in found.items()}


def money(reseller: Reseller, span: Span, center: Center | None, _now: datetime) -> list[str]:
    """What was invoiced, paid and (for the team) written off in these days, and what is due at the time of writing."""
    invoices = Invoice.objects.filter(
        reseller=reseller, kind=Invoice.Kind.INVOICE, voided_at=None,
        issued_on__gte=span.first, issued_on__lt=span.end,
    ).annotate(rest=F("total") - F("credited"))  # fmt: skip
    payments = Payment.objects.filter(
        reseller=reseller, reversed_at=None, received_on__gte=span.first, received_on__lt=span.end
    )
    lines = []
    if issued := _sums(_of(invoices, center), "rest"):
        lines.append(_("Invoiced: %(amounts)s.") % {"amounts": issued})
    if paid := _sums(_of(payments, center), "amount"):
        lines.append(_("Paid: %(amounts)s.") % {"amounts": paid})
    lost = WriteOff.objects.filter(
        reseller=reseller, reversed_at=None, written_off_on__gte=span.first, written_off_on__lt=span.end
    )
    if center is None and (given_up := _sums(lost, "amount")):
        lines.append(_("Written off: %(amounts)s.") % {"amounts": given_up})
    return lines + _due(reseller, center)


def _of(rows: QuerySet, center: Center | None) -> QuerySet:  # type: ignore[type-arg]
    return rows.filter(center=center) if center else rows


def _sums(rows: QuerySet, field: str) -> str:  # type: ignore[type-arg]
    found = rows.order_by("currency").values_list("currency").annotate(Sum(field))
    return active_language().comma.join(money_text(amount, currency) for currency, amount in found)


def _due(reseller: Reseller, center: Center | None) -> list[str]:
    rows = _of(Invoice.objects.filter(reseller=reseller, open_amount__gt=0), center)
    amounts = _sums(rows, "open_amount")
    if not amounts:
        return [_("Nothing is due.")]
    if center is not None:
        return [_("Balance due: %(amounts)s.") % {"amounts": amounts}]
    count = rows.order_by().values("center").distinct().count()
    text = ngettext(
        "Balance due: %(amounts)s, of %(n)s center.", "Balance due: %(amounts)s, of %(n)s centers.", count
    )
    return [text % {"amounts": amounts, "n": number_text(count)}]
