"""The message of the morning: which centers will be suspended tomorrow, while there is time to hold it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.dunning.plan import Planned, preview
from billing.dunning.run import open_safety_stop, suspension_limit
from billing.dunning.suspension import provider_failing
from billing.money import format_amount
from billing.periods import ONE_DAY, today, zone_of
from centers.models import Center, Notification, Reseller, Role
from centers.notifications.compose import open_page
from centers.notifications.message import Action
from centers.notifications.outbox import FIRST, News, notify
from centers.notifications.preferences import people_with
from centers.notifications.registry import Content, Group, Kind, register_group, register_kind
from centers.values.formats import day_text
from centers.values.languages import active_language

KIND = "suspensions.tomorrow"
#: When it is written, on the reseller's clocks; later on a day on which the first one is planned later.
AT = time(8)
_MOST_LINES = 10
GROUP = Group(
    name="tomorrow",
    label=gettext_lazy("Suspensions tomorrow"),
    text=gettext_lazy("Which centers will be suspended on the next day. Every morning, if there are any."),
    order=32,
    roles=(Role.OWNER, Role.BILLING),
    scheduled=True,
)


def connect() -> None:
    """Register the group and its kind."""
    register_group(GROUP)
    register_kind(
        Kind(
            name=KIND,
            group=GROUP.name,
            label=GROUP.label,
            write=_write,
            line=_line,
            condenses=False,
            page=lambda row: _page(row.reseller),
        )
    )


def write_due(*, reseller: Reseller, now: datetime) -> int:
    """Write today's message, once, if any center will be suspended tomorrow; return how many rows are written.

    None while suspensions are frozen: because MazBot is failing, or because a safety stop waits for a decision.
    """
    local = now.astimezone(zone_of(reseller))
    about = f"suspensions:{local.date().isoformat()}"
    if local.time() < AT or Notification.objects.filter(reseller=reseller, about=about).exists():
        return 0
    if not planned_tomorrow(reseller, now):
        return 0
    people = people_with(reseller, GROUP.roles)
    context = {"day": (local.date() + ONE_DAY).isoformat()}
    news = News(kind=KIND, about=about, event=FIRST, people=people, for_team=True, context=context)
    return notify(reseller=reseller, news=[news], now=now)


def planned_tomorrow(reseller: Reseller, now: datetime) -> list[Planned]:
    """The suspensions of tomorrow if nothing is paid; [] while suspensions are frozen."""
    if provider_failing(reseller.pk) or open_safety_stop(reseller):
        return []
    day = today(reseller, now) + ONE_DAY
    return [item for item in preview(reseller, now, days=1) if item.on == day]


def content_of(reseller: Reseller, planned: Sequence[Planned]) -> Content:
    """The message about these suspensions, all of one day."""
    count, day = len(planned), day_text(planned[0].on)
    amount = _total(planned)
    intro = ngettext(
        "If it doesn't pay today, this center will be suspended tomorrow, %(day)s:",
        "If they don't pay today, these %(n)s centers will be suspended tomorrow, %(day)s:",
        count,
    )
    values = {"n": count, "day": day, "amount": amount}
    parts = [
        intro % values,
        _lines(planned),
        _("Total unpaid: %(amount)s") % values if count > 1 else "",
        _approval(reseller, count),
        _("To give a center more time, put its suspension on hold."),
    ]
    subject = ngettext(
        "%(n)s center is due to be suspended tomorrow: %(amount)s unpaid",
        "%(n)s centers are due to be suspended tomorrow: %(amount)s unpaid",
        count,
    )
    return Content(
        subject=subject % values,
        text="\n\n".join(filter(None, parts)),
        actions=tuple(_actions(reseller, planned)),
        wording=KIND,
        fields={"centers": _lines(planned), "count": str(count), "amount": amount, "day": day},
    )


def example(reseller: Reseller, now: datetime) -> Content | None:
    """The message about the next day on which centers will be suspended."""
    coming = [item for item in preview(reseller, now, days=31) if item.on > today(reseller, now)]
    return content_of(reseller, [item for item in coming if item.on == coming[0].on]) if coming else None


def _write(row: Notification, now: datetime) -> Content | None:
    """None if by now no suspension is planned, all are frozen, or the day has come."""
    day = date.fromisoformat(row.context["day"])
    if today(row.reseller, now) + ONE_DAY != day:
        return None
    planned = planned_tomorrow(row.reseller, now)
    return content_of(row.reseller, planned) if planned else None


def _line(row: Notification) -> str:
    day = date.fromisoformat(row.context["day"])
    return _("Suspensions on %(day)s") % {"day": day_text(day)}


def _lines(planned: Sequence[Planned]) -> str:
    lines = [f"• {_of_center(item)}" for item in planned[:_MOST_LINES]]
    left = len(planned) - len(lines)
    if left:
        more = ngettext("and %(n)s more center", "and %(n)s more centers", left) % {"n": left}
        lines.append(f"• {more}")
    return "\n".join(lines)


def _of_center(item: Planned) -> str:
    if item.limit is not None:
        values = {"center": item.center.name, "amount": format_amount(item.amount, item.currency)}
        return _("%(center)s: %(amount)s (limit used up)") % values
    comma = active_language().comma
    return _("%(center)s: %(amount)s (%(invoices)s)") % {
        "center": item.center.name,
        "amount": format_amount(item.amount, item.currency),
        "invoices": comma.join(invoice.number for invoice in item.invoices),
    }


def _total(planned: Iterable[Planned]) -> str:
    sums: dict[str, Decimal] = {}
    for item in planned:
        sums[item.currency] = sums.get(item.currency, Decimal(0)) + item.amount
    return " + ".join(format_amount(amount, currency) for currency, amount in sorted(sums.items()))


def _approval(reseller: Reseller, count: int) -> str:
    """That the safety stop will ask first, if these are more than may be suspended without approval."""
    limit = suspension_limit(Center.objects.filter(reseller=reseller, archived_at=None).count())
    if count <= limit:
        return ""
    return ngettext(
        "No more than %(n)s center can be suspended at once without approval, so these wait for your decision.",
        "No more than %(n)s centers can be suspended at once without approval, so these wait for your decision.",
        limit,
    ) % {"n": limit}


def _actions(reseller: Reseller, planned: Sequence[Planned]) -> Iterable[Action]:
    if len(planned) == 1:
        path = reverse("hold_set", args=[reseller.slug, planned[0].center.pk])
        yield open_page(_("Hold this suspension"), path)
    yield open_page(_("See who will be suspended"), _page(reseller))


def _page(reseller: Reseller) -> str:
    return reverse("unpaid", args=[reseller.slug])
