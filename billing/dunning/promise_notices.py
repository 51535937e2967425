"""The message to the team that a center didn't keep its promise to pay."""

from datetime import date, datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.models import Hold
from billing.money import format_amount
from centers.models import Center, Notification, Reseller, Role
from centers.notifications.compose import open_page
from centers.notifications.outbox import FIRST, News, notify
from centers.notifications.preferences import people_with
from centers.notifications.registry import Content, Group, Kind, register_group, register_kind
from centers.values.formats import day_text

GROUP = Group(
    name="promises",
    label=gettext_lazy("Broken promises to pay"),
    text=gettext_lazy("A center didn't pay what it promised by the day it named."),
    order=33,
    roles=(Role.OWNER, Role.BILLING),
    lasting=False,
    overview=lambda row: open_page(_("Open unpaid centers"), _page(row)),
)
KIND = "promise.broken"


def connect() -> None:
    """Register the group and its kind."""
    register_group(GROUP)
    register_kind(
        Kind(
            name=KIND,
            group=GROUP.name,
            label=gettext_lazy("Promise broken"),
            write=_write,
            line=_line,
            page=_page,
            counted=lambda row, count: (
                ngettext("%(n)s broken promise to pay", "%(n)s broken promises to pay", count) % {"n": count}
            ),
        )
    )


def write(promise: Hold, center: Center, now: datetime) -> None:
    """Write the message, once for each promise, in the transaction that finds it broken."""
    people = people_with(center.reseller, GROUP.roles)
    news = News(
        kind=KIND,
        about=f"promise:{promise.pk}",
        event=FIRST,
        people=people,
        for_team=True,
        center=center.pk,
        context=_context(promise, center),
    )
    notify(reseller=center.reseller, news=[news], now=now)


def example(reseller: Reseller, now: datetime) -> Content | None:
    """The message about the latest promise, as though it had been broken."""
    latest = (
        Hold.objects.filter(reseller=reseller, amount__isnull=False)
        .select_related("center")
        .order_by("-pk")
        .first()
    )
    if latest is None:
        return None
    context = _context(latest, latest.center)
    return _content(Notification(reseller=reseller, center=latest.center, context=context))


def _context(promise: Hold, center: Center) -> dict[str, str]:
    return {
        "center": center.name,
        "amount": f"{promise.amount:f}",
        "currency": promise.currency,
        "pays_by": promise.last_day.isoformat(),
        "because": promise.because,
    }


def _write(row: Notification, now: datetime) -> Content | None:
    """None if it was kept after all, or something else is agreed by now."""
    pk = row.about.partition(":")[2]
    if not Hold.objects.filter(pk=pk, outcome=Hold.Outcome.BROKEN, released_at=None).exists():
        return None
    return _content(row)


def _content(row: Notification) -> Content:
    facts = [
        _("Center: %(name)s") % {"name": row.context["center"]},
        _("Promised: %(amount)s by %(day)s") % {"amount": _amount(row), "day": _day(row)},
    ]
    if row.context["because"]:
        facts.append(_("Note: %(note)s") % {"note": row.context["because"]})
    text = _("Reminders and suspension go on from now. Call the center, or agree on another day.")
    return Content(
        subject=_line(row),
        text="\n\n".join(["\n".join(facts), text]),
        actions=(
            open_page(_("Open the center"), reverse("center", args=[row.reseller.slug, row.center_id])),
            open_page(_("See who is unpaid"), _page(row)),
        ),
        wording=KIND,
        fields={
            "center": row.context["center"],
            "amount": _amount(row),
            "day": _day(row),
            "note": row.context["because"],
        },
    )


def _line(row: Notification) -> str:
    names = {"center": row.context["center"], "amount": _amount(row), "day": _day(row)}
    return _("%(center)s didn't pay %(amount)s by %(day)s as promised") % names


def _amount(row: Notification) -> str:
    return format_amount(Decimal(row.context["amount"]), row.context["currency"])


def _day(row: Notification) -> str:
    return day_text(date.fromisoformat(row.context["pays_by"]))


def _page(row: Notification) -> str:
    return reverse("unpaid", args=[row.reseller.slug])
