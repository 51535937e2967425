"""Whether a worker serves each queue, judged by heartbeats that travel through the queues themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.utils.translation import gettext_lazy as _

from centers import live

QUEUES = {
    "interactive": _("Pairing, imports, “Run now”"),
    "control": _("Switching numbers"),
    "metering": _("Usage, rates, invoices"),
    "sweep": _("Checking numbers"),
    "mail": _("Email"),
}
HEARTBEAT_KEY = "markaz:heartbeat:{queue}"
#: A heartbeat is sent through each queue every 30 s; three missed ones mean that no worker takes tasks from it.
SILENT_AFTER = timedelta(seconds=100)


@dataclass(frozen=True)
class Queue:
    """A queue and when a worker last took something from it; None when that is not known."""

    name: str
    label: str
    beat_at: datetime | None
    alive: bool


def queues(now: datetime) -> list[Queue]:
    """All queues. When Valkey cannot be asked, none is known to be alive."""
    try:
        beats = live.valkey().mget([HEARTBEAT_KEY.format(queue=name) for name in QUEUES])
    except redis.RedisError:
        beats = [None] * len(QUEUES)
    return [
        _queue(name, str(label), beat, now)
        for (name, label), beat in zip(QUEUES.items(), list(beats), strict=True)
    ]


def _queue(name: str, label: str, beat: bytes | str | None, now: datetime) -> Queue:
    try:
        at = datetime.fromisoformat(beat.decode() if isinstance(beat, bytes) else beat) if beat else None
    except ValueError:
        at = None
    return Queue(name, label, at, at is not None and now - at < SILENT_AFTER)
