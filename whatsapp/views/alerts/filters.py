"""The filters of the list of alerts, from its URL or from a form that acts on all that match."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers.models import Center, User
from centers.stored_messages import of_lazy
from centers.values.text import searched
from centers.web.search import matching_centers
from whatsapp.alerts.snoozing import is_open
from whatsapp.models import Alert, Instance
from whatsapp.queries import with_phone

TABS = [
    ("open", pgettext_lazy("alert", "Open")),
    ("acknowledged", _("Acknowledged")),
    ("snoozed", pgettext_lazy("alerts", "Snoozed")),
    ("resolved", _("Resolved")),
]
STATES = {**dict(TABS), "open": _("Not acknowledged"), "snoozed": _("Snoozed")}  # without context
ME, NO_ONE = "me", "none"


def in_tab(tab: str, now: datetime) -> Q:
    """The alerts of one of TABS; each alert is in exactly one."""
    snoozed = Q(snoozed_until__gt=now)
    return {
        "open": is_open(now),
        "acknowledged": Q(resolved_at=None, acknowledged_at__isnull=False),
        "snoozed": Q(resolved_at=None, acknowledged_at=None) & snoozed,
        "resolved": Q(resolved_at__isnull=False),
    }[tab]


def tab_of(alert: Alert, now: datetime) -> str:
    """The one of TABS in which the alert is."""
    if alert.resolved_at is not None:
        return "resolved"
    if alert.acknowledged_at is not None:
        return "acknowledged"
    return "snoozed" if alert.is_snoozed(now) else "open"


def whole_number(text: str) -> int | None:
    """The id that `text` is, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@dataclass(frozen=True, slots=True)
class Filters:
    """What is listed; a value that is not one of the choices counts as not given.

    `search` is part of a number or of a center; `assigned` is ME, NO_ONE, the id of a person, or "" for all.
    """

    tab: str = "open"
    search: str = ""
    kind: str = ""
    number: Instance | None = None
    assigned: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        """From `tab`, `q`, `kind`, `instance` and `assigned`; needs the reseller's scope."""
        tab, kind, assigned = (query.get(name, "") for name in ("tab", "kind", "assigned"))
        pk = whole_number(query.get("instance", ""))
        return cls(
            tab=tab if tab in dict(TABS) else "open",
            search=searched(query.get("q", "")),
            kind=kind if kind in Alert.Kind.values else "",
            number=Instance.objects.filter(pk=pk).first() if pk is not None else None,
            assigned=assigned if assigned in (ME, NO_ONE) or whole_number(assigned) else "",
        )

    def matching(self, user: User) -> "QuerySet[Alert]":
        """The alerts of all tabs that match; ME is `user`."""
        rows = Alert.objects.all()
        if self.search:
            rows = rows.filter(_about(self.search))
        if self.number:
            rows = rows.filter(instance=self.number)
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.assigned:
            rows = rows.filter(assigned_to=self._person(user))
        return rows

    def counts(self, user: User, now: datetime) -> tuple[dict[str, int], int]:
        """How many match in each tab, and the newest id of this one, in one query."""
        named = {name: Count("pk", filter=in_tab(name, now)) for name, _label in TABS}
        newest = Max("pk", filter=in_tab(self.tab, now))
        found = self.matching(user).order_by().aggregate(**named, newest=newest)
        return {name: found[name] for name in named}, found["newest"] or 0

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(name, value) of each filter that is set, the tab first."""
        named = [
            ("tab", self.tab),
            ("q", self.search),
            ("kind", self.kind),
            ("instance", str(self.number.pk) if self.number else ""),
            ("assigned", self.assigned),
        ]
        return [(name, value) for name, value in named if value]

    @property
    def as_query(self) -> str:
        """The same list for another URL."""
        return urlencode(self.pairs)

    @property
    def others_query(self) -> str:
        """The filters apart from the tab, as the end of a query."""
        others = urlencode([pair for pair in self.pairs if pair[0] != "tab"])
        return f"&{others}" if others else ""

    @property
    def any(self) -> bool:
        """Whether anything beside the tab is filtered."""
        return len(self.pairs) > 1

    def described(self, user: User) -> dict[str, str]:
        """The filters in words, for the audit entry."""
        facts: dict[str, str] = {"alert_state": of_lazy(STATES[self.tab])}
        facts |= {"searched_for": self.search} if self.search else {}
        if self.kind:
            facts["alert_kind"] = of_lazy(Alert.Kind(self.kind).label)
        facts |= {"only_number": str(self.number)} if self.number else {}
        if self.assigned:
            person = User.objects.filter(pk=self._person(user) or 0).first()
            facts["assigned_to"] = str(person) if person else of_lazy(_("No one"))
        return facts

    def _person(self, user: User) -> int | None:
        return user.pk if self.assigned == ME else whole_number(self.assigned)


def _about(text: str) -> Q:
    """The alerts about numbers and centers that match `text`, as normalized by searched()."""
    numbers = Instance.objects.filter(
        Q(instance_id__icontains=text) | Q(label__name_holds=text) | with_phone(text)
    )
    centers = Center.objects.filter(matching_centers(text))
    return Q(instance__in=numbers.order_by().values("pk")) | Q(center__in=centers.order_by().values("pk"))
