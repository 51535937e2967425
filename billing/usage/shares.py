"""Whose a day's usage is: the center's that held the number then, and on a day it moved, a part each."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from django.db import connection

from billing.usage.sorting import Known, UsageAnswer
from whatsapp.mazbot import Usage
from whatsapp.models import InstanceAssignment, MazbotAccount
from whatsapp.ownership.spans import holds

# What the records refer to is locked before the spans, in the order of a move: at the end of the transaction the
# foreign keys ask for the same locks, and a move that holds them might be waiting for the spans.
_REFERRED = """
SELECT 1 FROM {table} WHERE id IN (
    SELECT {column} FROM whatsapp_instanceassignment WHERE reseller_id = %s AND mazbot_id = ANY(%s)
) ORDER BY id FOR KEY SHARE
"""
# Arrays, not a parameter for each: a run stores the days of thousands of numbers.
_OF_DAYS = """
  FROM whatsapp_instanceassignment
 WHERE reseller_id = %s AND mazbot_id = ANY(%s) AND first_day <= %s AND (last_day IS NULL OR last_day >= %s)
"""
_LOCK_SPANS = f"SELECT id {_OF_DAYS} ORDER BY id FOR NO KEY UPDATE"
_SPANS = f"SELECT mazbot_id, id, first_day, last_day {_OF_DAYS} ORDER BY since, id"
_RECORDS = """
SELECT id, assignment_id, day, sent, received, failed, cost, read_at
  FROM billing_usagerecord WHERE assignment_id = ANY(%s) AND day = ANY(%s) ORDER BY id FOR UPDATE
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
            values: tuple[int, list[str], date, date] = (account.reseller_id, ids, max(days), min(days))
            # For the lock alone: only a statement that begins later sees the span that a move has begun.
            cursor.execute(_LOCK_SPANS, values)
            cursor.execute(_SPANS, values)
            self._spans: dict[str, list[Holder]] = {}
            for mazbot_id, *span in cursor.fetchall():
                self._spans.setdefault(mazbot_id, []).append(Holder(*span))
            held = {span.pk for own in self._spans.values() for span in own}
            cursor.execute(_RECORDS, [list(held), sorted(set(days))])
            known = [Known(*row) for row in cursor.fetchall()]
        self.records = {(row.assignment_id, row.day): row for row in known}
        # The spans of the answers are at hand; others are needed where a number moved meanwhile.
        self._owners = {answer.assignment.pk: answer.assignment for answer in batch}
        if others := held - self._owners.keys():
            rows_of = InstanceAssignment.objects.select_related("center", "instance")
            self._owners |= rows_of.in_bulk(others)

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
        if last.pk == answer.assignment.pk and not taken:
            return answer
        usage = _less(answer.usage, taken) if taken else answer.usage
        return replace(answer, assignment=self._owners[last.pk], usage=usage)


class Holder(NamedTuple):
    """What decides whose a day is, of a span."""

    pk: int
    first_day: date
    last_day: date | None


def _less(usage: Usage, taken: list[Known]) -> Usage:
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
