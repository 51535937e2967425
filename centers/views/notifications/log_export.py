"""The messages of the log as rows of a file."""

from collections.abc import Iterator
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from centers.models import Notification
from centers.notifications import registry
from centers.notifications.log import list_lengths

_BATCH = 500
EXPORT_COLUMNS = (
    _("ID"),
    _("Written"),
    _("Message"),
    _("Subject"),
    _("Kind of message"),
    _("To"),
    _("Center ID"),
    _("Center"),
    _("Channel"),
    _("Status"),
    _("Due"),
    _("Sent"),
    _("Attempts"),
    _("Notifications in it"),
    _("Reason"),
)


def message_cells(rows: "QuerySet[Notification]") -> Iterator[list[object]]:
    """One row of EXPORT_COLUMNS per message; one query more per _BATCH of them."""
    found = rows.iterator(chunk_size=_BATCH)
    while batch := list(islice(found, _BATCH)):
        lengths = list_lengths(batch)
        for row in batch:
            yield _cells(row, lengths.get(row.pk, 1))


def _cells(row: Notification, length: int) -> list[object]:
    kind, channel = registry.kind(row.kind), registry.channel(row.channel)
    return [
        row.pk,
        row.created_at,
        registry.line_of(row),
        row.subject,
        str(kind.label) if kind is not None else row.kind,
        str(row.recipient or row.destination or row.address or row.own_address),
        row.center_id,
        row.center.name if row.center else "",
        str(channel.label) if channel is not None else row.channel,
        str(Notification.State.SENT.label) if row.was_sent else row.get_state_display(),
        row.due_at if row.is_waiting else None,
        row.sent_at,
        row.attempts,
        length,
        row.error,
    ]
