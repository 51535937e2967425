"""Whose a day's usage is: the center's that held the number then, and on a day it moved, a part each."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.db import connection
from django.db.models import Q

from billing.models import UsageRecord
from billing.usage.sorting import UsageAnswer
from whatsapp.mazbot import Usage
from whatsapp.models import InstanceAssignment, MazbotAccount

# What the records refer to is locked before the spans, in the order of a move: at the end of the transaction the
# foreign keys ask for the same locks, and a move that holds them might be waiting for the spans.
_REFERRED = """
SELECT 1 FROM {table} WHERE id IN (
    SELECT {column} FROM whatsapp_instanceassignment WHERE reseller_id = %s AND mazbot_id = ANY(%s)
) ORDER BY id FOR KEY SHARE
"""


class Shares:
    """The spans and stored records of a batch of answers, locked until the transaction ends.

    A move changes the spans: one that is under way ends first, one that comes waits.
    """

    def __init__(self, account: MazbotAccount, answers: Iterable[UsageAnswer]) -> None:
        batch = list(answers)
        days = [answer.day for answer in batch]
        ids = sorted({answer.assignment.mazbot_id for answer in batch})
        with connection.cursor() as cursor:
            for table, column in (("centers_center", "center_id"), ("whatsapp_instance", "instance_id")):
                cursor.execute(_REFERRED.format(table=table, column=column), [account.reseller_id, ids])
        spans = InstanceAssignment.objects.filter(
            Q(last_day=None) | Q(last_day__gte=min(days)),
            reseller=account.reseller_id,
            mazbot_id__in=ids,
            first_day__lte=max(days),
        )
        # Evaluated for the lock alone: only a statement that begins later sees the span that a move has begun.
        list(spans.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
        self._spans: dict[str, list[InstanceAssignment]] = {}
        for span in spans.select_related("center", "instance").order_by("since", "pk"):
            self._spans.setdefault(span.mazbot_id, []).append(span)
        rows = UsageRecord.objects.select_for_update(of=("self",)).filter(
            assignment__in=[span.pk for own in self._spans.values() for span in own], day__in=set(days)
        )
        self.records = {(row.assignment_id, row.day): row for row in rows.order_by("pk")}

    def assigned(self, answer: UsageAnswer) -> UsageAnswer | None:
        """The answer as that of the day's last holder, less what earlier holders used of the day.

        None if no one held the number on that day, or if an earlier holder's part was read after it was requested.
        """
        holders = [
            span for span in self._spans.get(answer.assignment.mazbot_id, ()) if holds(span, answer.day)
        ]
        if not holders:
            return None
        *earlier, last = holders
        known = [self.records.get((span.pk, answer.day)) for span in earlier]
        taken = [row for row in known if row is not None]
        if any(row.read_at > answer.asked_at for row in taken):
            return None
        return replace(answer, assignment=last, usage=_less(answer.usage, taken) if taken else answer.usage)


def holds(span: InstanceAssignment, day: date) -> bool:
    """Whether the day, or a part of it, belongs to the span."""
    return span.first_day <= day and (span.last_day is None or day <= span.last_day)


def _less(usage: Usage, taken: list[UsageRecord]) -> Usage:
    """The rest of a day's usage; a figure that could not be read stays unknown."""
    sent, received, failed, cost = (
        usage.total_sent,
        usage.total_received,
        usage.failed_messages,
        usage.total_cost,
    )
    for row in taken:
        sent = None if sent is None else sent - row.sent
        received = None if received is None else received - row.received
        failed = None if failed is None else failed - row.failed
        cost = None if cost is None else cost - row.cost
    return replace(usage, total_sent=sent, total_received=received, failed_messages=failed, total_cost=cost)
