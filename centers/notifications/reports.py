"""Weekly and monthly reports by message: to owners, and to the people of centers who chose them.

Each app adds its sections. A report is written once a morning after its week or month; its sections are made when it
is delivered.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.models import Center, Membership, Notification, Reseller, Role, User
from centers.notifications import registry
from centers.notifications.compose import open_page
from centers.notifications.message import Action
from centers.notifications.message_texts import Wording, register_wordings
from centers.notifications.outbox import FIRST, News, notify
from centers.notifications.registry import Content, Group, Kind
from centers.values.formats import day_text, month_text, zone_of

#: The reseller's time from which on a report is written, and for how many days after its week or month.
AT = time(8)
_FOR_DAYS = 2


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report: from `first` to before `end`."""

    first: date
    end: date

    @property
    def before(self) -> "Span":
        """As many days, just before."""
        return Span(self.first - (self.end - self.first), self.first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a report. `write(reseller, span, center, now)` returns its lines, none if there is nothing to say.

    With a center only what its people may know: no cost, nothing of other centers. Needs the reseller's scope.
    `page(reseller, span, center)` is the button of the page that has it all.
    """

    order: int
    title: str | Promise
    write: Callable[[Reseller, Span, Center | None, datetime], Sequence[str]]
    page: Callable[[Reseller, Span, Center | None], Action]


_sections: list[Section] = []


def register_section(section: Section) -> None:
    """Add a part; called from the ready() of the app that knows it."""
    _sections.append(section)


def write_due(*, reseller: Reseller, now: datetime) -> int:
    """Write the reports whose morning it is, for those who get them; return how many rows are written.

    Needs the reseller's scope. Those that are written already are not written again.
    """
    local = now.astimezone(zone_of(reseller.time_zone))
    if local.time() < AT:
        return 0
    return sum(
        notify(reseller=reseller, news=_news(reseller, name, span), now=now)
        for name, span in _spans_over(local.date())
    )


def _spans_over(today: date) -> Iterator[tuple[str, Span]]:
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    if (today - monday).days < _FOR_DAYS:
        yield "weekly", Span(monday - timedelta(days=7), monday)
    if (today - first).days < _FOR_DAYS:
        yield "monthly", Span((first - timedelta(days=1)).replace(day=1), first)


def _news(reseller: Reseller, name: str, span: Span) -> Iterator[News]:
    of_centers: dict[int, list[User]] = {}
    owners = []
    rows = Membership.objects.filter(reseller=reseller, user__is_active=True).select_related("user")
    for row in rows.filter(center__archived_at=None).order_by("pk"):
        if row.role == Role.OWNER:
            owners.append(row.user)
        elif row.role == Role.CENTER_ADMIN and row.center_id is not None:
            of_centers.setdefault(row.center_id, []).append(row.user)
    context = {"first": span.first.isoformat(), "end": span.end.isoformat()}
    about = f"report:{name}:{span.first.isoformat()}"
    yield News(kind=f"report.{name}", about=about, event=FIRST, people=owners, for_team=True, context=context)
    for center, people in of_centers.items():
        yield News(
            kind=f"report.center_{name}",
            about=f"{about}:c{center}",
            event=FIRST,
            people=people,
            context=context,
            center=center,
        )


def connect() -> None:
    """Register the groups and kinds; called from the app's ready()."""
    reports = {
        "weekly": (
            gettext_lazy("Weekly report"),
            gettext_lazy("Uptime, messages and money of the past week, every Monday morning."),
        ),
        "monthly": (
            gettext_lazy("Monthly report"),
            gettext_lazy("Uptime, messages and money of the past month, on the morning of the 1st."),
        ),
    }
    for number, (name, (title, text)) in enumerate(reports.items()):
        _register(f"{name}", title, text, order=60 + number, role=Role.OWNER, channels=("email",))
        _register(f"center_{name}", title, text, order=70 + number, role=Role.CENTER_ADMIN, channels=())


def _register(
    name: str, title: Promise, text: Promise, *, order: int, role: Role, channels: tuple[str, ...]
) -> None:
    group = f"r_{name}"
    registry.register_group(
        Group(
            name=group, label=title, text=text, order=order, roles=(role,), channels=channels, scheduled=True
        )
    )
    registry.register_kind(
        Kind(
            name=f"report.{name}",
            group=group,
            label=title,
            write=_write,
            line=_title,
            condenses=False,
            page=_page,
        )
    )
    for_centers = role == Role.CENTER_ADMIN
    fields = {"dates": gettext_lazy("the first and the last day")}
    register_wordings(
        [
            Wording(
                name=f"report.{name}",
                section=gettext_lazy("Reports"),
                label=title,
                audience=gettext_lazy("to the center") if for_centers else gettext_lazy("to your team"),
                fields=fields | ({"center": gettext_lazy("the name of the center")} if for_centers else {}),
                example=partial(_example, f"report.{name}", for_centers=for_centers),
            )
        ]
    )


def _span(row: Notification) -> Span:
    return Span(date.fromisoformat(row.context["first"]), date.fromisoformat(row.context["end"]))


def _title(row: Notification) -> str:
    span = _span(row)
    if row.kind.endswith("monthly"):
        return _("Monthly report: %(when)s") % {"when": month_text(span.first)}
    last = span.end - timedelta(days=1)
    return _("Weekly report: %(first)s to %(last)s") % {
        "first": day_text(span.first),
        "last": day_text(last),
    }


def _write(row: Notification, now: datetime) -> Content:
    center = Center.objects.filter(pk=row.center_id).first() if row.center_id else None
    parts, actions = [], []
    for section in sorted(_sections, key=lambda one: one.order):
        lines = section.write(row.reseller, _span(row), center, now)
        if lines:
            parts.append("\n".join([str(section.title), *(f"• {line}" for line in lines)]))
            actions.append(section.page(row.reseller, _span(row), center))
    title = _title(row)
    return Content(
        subject=f"{title}: {center}" if center else title,
        text="\n\n".join(parts) or _("There was nothing to report."),
        actions=tuple(actions) or (open_page(_("Open Markaz"), _page(row)),),
        wording=row.kind,
        fields={"dates": _dates(_span(row))} | ({"center": str(center)} if center else {}),
    )


def _dates(span: Span) -> str:
    return f"{day_text(span.first)} – {day_text(span.end - timedelta(days=1))}"


def _example(name: str, reseller: Reseller, now: datetime, *, for_centers: bool) -> Content | None:
    """The report of the latest week or month that is over."""
    today = now.astimezone(zone_of(reseller.time_zone)).date()
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    weekly = Span(monday - timedelta(days=7), monday)
    span = weekly if name.endswith("weekly") else Span((first - timedelta(days=1)).replace(day=1), first)
    center = Center.objects.filter(reseller=reseller, archived_at=None).order_by("pk").first()
    if for_centers and center is None:
        return None
    row = Notification(
        reseller=reseller,
        kind=name,
        center=center if for_centers else None,
        context={"first": span.first.isoformat(), "end": span.end.isoformat()},
    )
    return _write(row, now)


def _page(row: Notification) -> str:
    if row.center_id is not None:
        return reverse("portal_home", args=[row.center_id])
    return reverse("staff_home", args=[row.reseller.slug])
