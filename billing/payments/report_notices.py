"""The message to the team that the reader of an invoice's link says it is paid."""

from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import ReportedPayment
from billing.money import format_amount
from centers.models import Notification, Reseller, Role
from centers.notifications.compose import open_page
from centers.notifications.outbox import FIRST, News, notify
from centers.notifications.preferences import people_with
from centers.notifications.registry import Content, Kind, register_kind

KIND = "payment.reported"
#: The group of all payments that someone must check (billing/gateways/notices.py).
_GROUP = "flagged_payments"
_ROLES = (Role.OWNER, Role.BILLING)


def connect() -> None:
    """Register the kind; its group is registered before."""
    register_kind(
        Kind(
            name=KIND,
            group=_GROUP,
            label=gettext_lazy("Payment reported by a center"),
            write=_to_team,
            line=_line,
            page=_page,
            counted=lambda row, count: (
                ngettext("%(n)s payment reported by centers", "%(n)s payments reported by centers", count)
                % {"n": count}
            ),
        )
    )


def write(reported: ReportedPayment, now: datetime) -> None:
    """Write the message, in the transaction that stores the report."""
    center = reported.center
    people = people_with(center.reseller, _ROLES)
    news = News(
        kind=KIND,
        about=f"reported_payment:{reported.pk}",
        event=FIRST,
        people=people,
        for_team=True,
        center=center.pk,
        context=_context(reported),
    )
    notify(reseller=center.reseller, news=[news], now=now)


def example(reseller: Reseller, now: datetime) -> Content | None:
    """The message about the latest report, as though it were undecided."""
    rows = ReportedPayment.objects.filter(reseller=reseller).select_related("center", "invoice")
    latest = rows.order_by("-pk").first()
    if latest is None:
        return None
    return _content(Notification(reseller=reseller, center=latest.center, context=_context(latest)))


def _context(reported: ReportedPayment) -> dict[str, str]:
    return {
        "center": reported.center.name,
        "invoice": reported.invoice.number,
        "amount": f"{reported.amount:f}",
        "currency": reported.currency,
        "reference": reported.reference,
    }


def _line(row: Notification) -> str:
    names = {"center": row.context["center"], "amount": _amount(row)}
    return _("%(center)s says that %(amount)s was paid") % names


def _to_team(row: Notification, now: datetime) -> Content | None:
    """None once it is decided."""
    pk = row.about.partition(":")[2]
    if not ReportedPayment.objects.filter(pk=pk, state=ReportedPayment.State.UNDECIDED).exists():
        return None
    return _content(row)


def _content(row: Notification) -> Content:
    facts = [
        _("Center: %(name)s") % {"name": row.context["center"]},
        _("Invoice: %(number)s") % {"number": row.context["invoice"]},
        _("Amount: %(amount)s") % {"amount": _amount(row)},
        _("Reference: %(reference)s") % {"reference": row.context["reference"]},
    ]
    text = _("Nothing was recorded. Check whether the money arrived, then record the payment or refuse it.")
    return Content(
        subject=_line(row),
        text="\n\n".join(["\n".join(facts), text]),
        actions=(open_page(_("Check the payment"), _page(row)),),
        wording=KIND,
        fields={
            "center": row.context["center"],
            "invoice": row.context["invoice"],
            "amount": _amount(row),
            "reference": row.context["reference"],
        },
    )


def _amount(row: Notification) -> str:
    return format_amount(Decimal(row.context["amount"]), row.context["currency"])


def _page(row: Notification) -> str:
    return reverse("reported_payments", args=[row.reseller.slug])
