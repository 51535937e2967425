"""Why a number was connected or not: one cause for every moment of its history."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from whatsapp.models import Connection, DesiredReason


class Cause(models.TextChoices):
    """What a moment counts as, from the best to what is not known."""

    CONNECTED = "connected", _("Connected")
    LOGGED_OUT = "logged_out", _("Phone logged out")
    EXPIRED = "expired", _("Session expired")
    PROVIDER = "provider", _("MazBot failing")
    MAINTENANCE = "maintenance", _("Maintenance")
    UNPAID = "unpaid", _("Suspended, unpaid")
    OFF = "off", _("Disabled")
    NOT_PAIRED = "not_paired", _("Not paired yet")
    UNKNOWN = "unknown", _("Not checked")


#: An outage: the number should have been connected, and its phone was not.
OUTAGE = frozenset({Cause.LOGGED_OUT, Cause.EXPIRED})
#: The time in which the number should have been connected, and we know whether it was: what uptime is a share of.
COUNTED = OUTAGE | {Cause.CONNECTED, Cause.PROVIDER}
#: What an outage at MazBot explains; what maintenance explains.
_BLAMED_ON = {
    Cause.PROVIDER: OUTAGE | {Cause.UNKNOWN},
    Cause.MAINTENANCE: OUTAGE | {Cause.UNKNOWN, Cause.PROVIDER},
}
_OF_CONNECTION = {
    Connection.CONNECTED: Cause.CONNECTED,
    Connection.DISCONNECTED: Cause.LOGGED_OUT,
    Connection.PAIRING: Cause.LOGGED_OUT,
    Connection.EXPIRED: Cause.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Span:
    """A time of one number with one cause; `end` is after `begin`."""

    instance_id: int
    cause: Cause
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which MazBot failed, or maintenance was announced; `instances` None: for all numbers."""

    cause: Cause
    begin: datetime
    end: datetime
    instances: frozenset[int] | None = None


def cause_of(*, connection: str, off: str, ever_connected: bool) -> Cause:
    """The cause by a number's own row: a number that is off is not down, and one never paired cannot log out."""
    if off:
        return Cause.UNPAID if off == DesiredReason.NON_PAYMENT else Cause.OFF
    cause = _OF_CONNECTION.get(Connection(connection), Cause.UNKNOWN) if connection else Cause.UNKNOWN
    return Cause.NOT_PAIRED if cause in OUTAGE and not ever_connected else cause


def explained(spans: Iterable[Span], windows: Iterable[Window]) -> list[Span]:
    """The spans of one number with what the windows explain cut out, equal neighbours joined.

    Maintenance prevails over an outage at MazBot, whatever the order of `windows`.
    """
    result = list(spans)
    for window in sorted(windows, key=lambda one: one.cause == Cause.MAINTENANCE):
        result = [part for span in result for part in _cut(span, window)]
    return list(_joined(result))


def _cut(span: Span, window: Window) -> Iterator[Span]:
    begin, end = max(span.begin, window.begin), min(span.end, window.end)
    about = window.instances is None or span.instance_id in window.instances
    if begin >= end or not about or span.cause not in _BLAMED_ON[window.cause]:
        yield span
        return
    if span.begin < begin:
        yield replace(span, end=begin)
    yield replace(span, cause=window.cause, begin=begin, end=end)
    if end < span.end:
        yield replace(span, begin=end)


def _joined(spans: list[Span]) -> Iterator[Span]:
    last: Span | None = None
    for span in spans:
        if last is not None and (last.cause, last.end) == (span.cause, span.begin):
            last = replace(last, end=span.end)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
