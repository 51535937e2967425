"""The story of an alert in sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.values.formats import moment_text
from whatsapp.models import AlertEvent

Kind = AlertEvent.Kind

_PICTURES = {
    Kind.OPENED: "bell",
    Kind.RETURNED: "rotate",
    Kind.ACKNOWLEDGED: "checks",
    Kind.SNOOZED: "clock-pause",
    Kind.WOKE: "clock-play",
    Kind.ASSIGNED: "user-check",
    Kind.NOTED: "note",
    Kind.RESOLVED: "circle-check",
}
_AUTOMATIC: dict[str, Promise] = {
    Kind.OPENED: gettext_lazy("The alert opened."),
    Kind.RETURNED: gettext_lazy("The problem returned, so the alert opened again."),
    Kind.WOKE: gettext_lazy("The snooze ended, so the alert opened again."),
    Kind.RESOLVED: gettext_lazy("The alert was resolved automatically: the problem is over."),
}
_BY_PEOPLE: dict[str, Promise] = {
    Kind.ACKNOWLEDGED: gettext_lazy("%(who)s acknowledged the alert."),
    Kind.SNOOZED: gettext_lazy("%(who)s snoozed the alert until %(until)s."),
    Kind.ASSIGNED: gettext_lazy("%(who)s assigned the alert to %(person)s."),
    Kind.NOTED: gettext_lazy("%(who)s wrote:"),
    Kind.RESOLVED: gettext_lazy("%(who)s resolved the alert."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the page shows it: a picture, a sentence, and the text of a note."""

    at: datetime
    picture: str
    sentence: str
    note: str = ""


def story_of(events: Iterable[AlertEvent], zone: tzinfo) -> list[Entry]:
    """The events in sentences; times within them are in `zone`. Needs `by` and `person` of each."""
    return [
        Entry(event.at, _PICTURES[Kind(event.kind)], _sentence(event, zone), event.text) for event in events
    ]


def _sentence(event: AlertEvent, zone: tzinfo) -> str:
    if event.by is None and event.kind in _AUTOMATIC:
        return str(_AUTOMATIC[event.kind])
    if event.kind == Kind.ASSIGNED and event.person is None:
        pattern = _("%(who)s removed the assignment.")
    else:
        pattern = str(_BY_PEOPLE[event.kind])
    until = moment_text(event.until, zone) if event.until else ""
    # People who left are forgotten; what they did is not.
    return pattern % {"who": event.by or _("Someone"), "person": event.person or "", "until": until}
