"""Whether a worker serves each queue, judged by heartbeats that travel through the queues themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.utils.functional import Promise

from centers import live

HEARTBEAT_KEY = "markaz:heartbeat:{queue}"
#: What an app reports about the install as a whole, in English for its operator; missing while all is well.
NOTICE_KEY = "markaz:notice:{subject}"
#: The header of a task that says when it was sent, in Unix time: how long the oldest of a queue waits.
SENT_AT = "sent_at"
#: A heartbeat is sent through each queue every 30 s; three missed ones mean that no worker takes tasks from it.
SILENT_AFTER = timedelta(seconds=100)


@dataclass(frozen=True)
class Queue:
    """A queue and when a worker last took something from it; None when that is not known."""

    name: str
    label: str
    beat_at: datetime | None
    alive: bool


_registered: dict[str, tuple[int, Promise | str]] = {}


def register_queue(*, order: int, name: str, label: Promise | str) -> None:
    """Show a queue on the Jobs page; called from the ready() of the app whose tasks go through it."""
    _registered[name] = order, label


def queues(now: datetime) -> list[Queue]:
    """All queues in order. When Valkey cannot be asked, none is known to be alive."""
    labels = dict(sorted(_registered.items(), key=lambda item: item[1][0]))
    try:
        beats = live.valkey().mget([HEARTBEAT_KEY.format(queue=name) for name in labels])
    except redis.RedisError:
        beats = [None] * len(labels)
    return [
        _queue(name, str(label), beat, now)
        for (name, (_order, label)), beat in zip(labels.items(), list(beats), strict=True)
    ]


def _queue(name: str, label: str, beat: bytes | str | None, now: datetime) -> Queue:
    try:
        at = datetime.fromisoformat(beat.decode() if isinstance(beat, bytes) else beat) if beat else None
    except ValueError:
        at = None
    return Queue(name, label, at, at is not None and now - at < SILENT_AFTER)
