"""The filters of the notification log, from its URL."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from centers.models import Center, Notification, User
from centers.notifications import registry
from centers.notifications.log import messages, parts_of
from centers.values.text import searched
from centers.web.search import matching_centers

ORDERS: dict[str, tuple[str, ...]] = {"time": ("-created_at", "-pk")}
State = Notification.State
#: A part of a list is shown as sent.
STATES = [choice for choice in State.choices if choice[0] != State.CONDENSED]
FEW = 1_000  # people or centers that a search lists by their keys


@dataclass(frozen=True, slots=True)
class LogFilters:
    """What is listed; a value that names nothing of this reseller counts as not given.

    `search` is part of a person's or a center's name or address; `listed` is a message whose parts are listed instead.
    """

    search: str = ""
    state: str = ""
    channel: str = ""
    person: User | None = None
    center: Center | None = None
    listed: Notification | None = None

    @classmethod
    def read(cls, query: QueryDict) -> "LogFilters":
        """From `q`, `state`, `channel`, `person`, `center` and `list`; needs the reseller's scope."""
        state, channel = query.get("state", ""), query.get("channel", "")
        person, center, listed = (_number(query.get(name, "")) for name in ("person", "center", "list"))
        return cls(
            search=searched(query.get("q", "")),
            state=state if state in dict(STATES) else "",
            channel=channel if registry.channel(channel) else "",
            person=_recipient(person) if person is not None else None,
            center=Center.objects.filter(pk=center).first() if center is not None else None,
            listed=_list(listed) if listed is not None else None,
        )

    @property
    def as_query(self) -> str:
        """The same filters for another URL, without the page."""
        named = {
            "q": self.search,
            "state": self.state,
            "channel": self.channel,
            "person": self.person.pk if self.person else "",
            "center": self.center.pk if self.center else "",
            "list": self.listed.pk if self.listed else "",
        }
        return urlencode({name: value for name, value in named.items() if value})

    @property
    def any(self) -> bool:
        """Whether any filter is set."""
        return bool(self.as_query)

    def rows(self) -> "QuerySet[Notification]":
        """The messages, with what a row shows of them; each list is one message, unless its parts are listed."""
        related = ("recipient", "destination", "reseller", "center")
        if self.listed is not None:
            return parts_of(self.listed).select_related(*related)
        rows = messages(Notification.objects.all())
        if self.state:
            states = (State.SENT, State.CONDENSED) if self.state == State.SENT else (self.state,)
            rows = rows.filter(state__in=states)
        if self.channel:
            rows = rows.filter(channel=self.channel)
        if self.person is not None:
            rows = rows.filter(recipient=self.person)
        if self.center is not None:
            rows = rows.filter(center=self.center)
        if self.search:
            rows = rows.filter(_concerns(self.search))
        return rows.select_related(*related)


def _concerns(text: str) -> Q:
    """To a person, or about a center, that matches `text`, as normalized by searched().

    Few are found by their keys, for which there are indexes; many are met soon while the log is read in its order.
    """
    people = User.objects.filter(Q(name__name_holds=text) | Q(email__icontains=text)).order_by().values("pk")
    centers = Center.objects.filter(matching_centers(text)).order_by().values("pk")
    return Q(recipient__in=_few(people)) | Q(center__in=_few(centers))


def _few(keys: "QuerySet[Any, Any]") -> object:
    found = [row["pk"] for row in keys[: FEW + 1]]
    return found if len(found) <= FEW else keys


def _recipient(pk: int) -> User | None:
    """Someone who got a message, also if they have left meanwhile; no one else can be asked for."""
    got_one = Notification.objects.filter(recipient=pk).exists()
    return User.objects.filter(pk=pk).first() if got_one else None


def _list(pk: int) -> Notification | None:
    """The message with this id, if it was sent as a list."""
    return Notification.objects.filter(pk=pk, state=State.CONDENSED).first()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
