"""The message to the team about a flagged payment."""

from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import FlaggedPayment
from billing.money import format_amount
from centers.models import Notification, Reseller, Role
from centers.notifications.compose import open_page
from centers.notifications.outbox import FIRST, News, notify
from centers.notifications.preferences import people_with
from centers.notifications.registry import Content, Group, Kind, register_group, register_kind

GROUP = Group(
    name="flagged_payments",
    label=gettext_lazy("Flagged payments"),
    text=gettext_lazy(
        "A gateway or a center reported a payment that wasn't recorded, and someone must look at it."
    ),
    order=35,
    roles=(Role.OWNER, Role.BILLING),
    lasting=False,
    overview=lambda row: open_page(
        _("Open flagged payments"), reverse("flagged_payments", args=[row.reseller.slug])
    ),
)
KIND = "payment.flagged"


def connect() -> None:
    """Register the group and its kind."""
    register_group(GROUP)
    register_kind(
        Kind(
            name=KIND,
            group=GROUP.name,
            label=gettext_lazy("Payment flagged"),
            write=_to_team,
            line=_line,
            page=lambda row: reverse("flagged_payments", args=[row.reseller.slug]),
            counted=lambda row, count: (
                ngettext("%(n)s payment to check", "%(n)s payments to check", count) % {"n": count}
            ),
        )
    )


def write(flagged: FlaggedPayment, now: datetime) -> None:
    """Write the message, in the transaction that flags it."""
    people = people_with(flagged.reseller, GROUP.roles)
    news = News(
        kind=KIND,
        about=f"flagged_payment:{flagged.pk}",
        event=FIRST,
        people=people,
        for_team=True,
        center=flagged.center_id,
        context=_context(flagged),
    )
    notify(reseller=flagged.reseller, news=[news], now=now)


def example(reseller: Reseller, now: datetime) -> Content | None:
    """The message about the latest flagged payment."""
    latest = FlaggedPayment.objects.filter(reseller=reseller).order_by("-pk").first()
    row = Notification(reseller=reseller, context=_context(latest)) if latest is not None else None
    return _to_team(row, now) if row is not None else None


def _context(flagged: FlaggedPayment) -> dict[str, str]:
    return {
        "gateway": str(flagged.gateway),
        "why": str(flagged.why),
        "amount": f"{flagged.amount:f}" if flagged.amount is not None else "",
        "currency": flagged.currency,
        "reference": flagged.reference,
    }


def _amount(row: Notification) -> str:
    amount, currency = row.context["amount"], row.context["currency"]
    return format_amount(Decimal(amount), currency) if amount and currency else _("an unknown amount")


def _line(row: Notification) -> str:
    names = {"gateway": row.context["gateway"], "amount": _amount(row)}
    return _("Payment to check: %(amount)s by %(gateway)s") % names


def _to_team(row: Notification, now: datetime) -> Content:
    why = str(FlaggedPayment.Why(row.context["why"]).label)
    facts = [
        _("Amount: %(amount)s") % {"amount": _amount(row)},
        _("Gateway: %(name)s") % {"name": row.context["gateway"]},
        _("Reason: %(reason)s") % {"reason": why},
    ]
    if row.context["reference"]:
        facts.append(_("Reference: %(reference)s") % {"reference": row.context["reference"]})
    text = _("Nothing was recorded. Record it as a payment of a center, or dismiss it with a reason.")
    page = reverse("flagged_payments", args=[row.reseller.slug])
    return Content(
        subject=_line(row),
        text="\n\n".join(["\n".join(facts), text]),
        actions=(open_page(_("Check the payment"), page),),
        wording=KIND,
        fields={
            "amount": _amount(row),
            "gateway": row.context["gateway"],
            "reason": why,
            "reference": row.context["reference"],
        },
    )
