"""Where every change in the life of an alert is known: it becomes an event, in the transaction of the change.

The events are the story on an alert's page. What follows from them, such as notifications, registers a listener.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from centers import live
from centers.models import Reseller, User
from whatsapp.models import AlertEvent

Kind = AlertEvent.Kind
Listener = Callable[[Reseller, Sequence[AlertEvent]], None]

_listeners: list[Listener] = []


def register_listener(listener: Listener) -> Listener:
    """Call `listener(reseller, events)` with stored events, before the transaction of their change commits."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def write(
    *,
    reseller: Reseller,
    kind: AlertEvent.Kind,
    alerts: Iterable[tuple[int, int | None]],
    at: datetime,
    by: User | None = None,
    until: datetime | None = None,
    person: User | None = None,
    text: str = "",
) -> list[AlertEvent]:
    """Store one event for each of `alerts` (id of the alert, id of its center), and hint to open pages.

    Runs in the caller's transaction. `by` is None for what happens automatically.
    """
    about = list(alerts)
    events = [
        AlertEvent(
            reseller=reseller, alert_id=pk, kind=kind, at=at, by=by, until=until, person=person, text=text
        )
        for pk, _center in about
    ]
    store(reseller=reseller, events=events, centers=(center for _pk, center in about))
    return events


def store(*, reseller: Reseller, events: list[AlertEvent], centers: Iterable[int | None]) -> None:
    """Store these events of alerts of `centers`, tell the listeners, and hint to open pages."""
    if not events:
        return
    AlertEvent.objects.bulk_create(events)
    for listener in _listeners:
        listener(reseller, events)
    live.publish(reseller.pk, "alerts", centers=tuple(sorted({pk for pk in centers if pk is not None})))
