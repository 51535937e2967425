"""What to ask next: the numbers whose status is worth most, by age times weight."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import structlog
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from whatsapp.models import Condition, Connection, Instance, Service
from whatsapp.monitoring.batches import cycle_seconds
from whatsapp.monitoring.rows import CLOCK_SET_BACK, Asked

log = structlog.get_logger(__name__)

# Mild on purpose: strong weights starve the numbers that have none. On average, drops are read soonest when a weight is
# the square root of how often a number drops; the figures are in docs/decisions/0035.
SUSPECT = 1000.0  # a second check is to confirm a drop
FLAPPING = 9.0
JUST_RETURNED = 3.0  # within the hour: most who drop again do so soon
ON_SCREEN = 2.0
# One number's page, not a board: someone waits for this number. More would starve the others of a board.
CLOSE_UP, FEW = 4.0, 5
JUST_CHANGED = 1.5  # within ten minutes
KNOWN_DOWN = 0.5
SWITCHED_OFF = 1 / 3
OVERDUE = 100.0  # almost at the ceiling: before everything but what was never read
OVERDUE_FROM = 0.95  # of the ceiling
# While usage is read, numbers without a weight grow old. Every second beyond PRESSING_FROM of the ceiling counts
# PRESSING more, so that they gain on the weighted ones by and by and do not starve them all at once at its end.
PRESSING, PRESSING_FROM = 4.0, 0.6
# Less than the sweep's floor in the budget: requests are a little further apart than the limit allows, and second
# checks take some.
PROMISED_SHARE = 0.4

# Built once: for 200 accounts the ORM would spend a tenth of a core on building it. Age: seconds since MazBot was last
# asked about the number; NULL, and so first: never. Not every number that is new has returned.
_DUE = f"""
WITH due AS (
    SELECT i.*, extract(epoch FROM %(now)s::timestamptz - greatest(i.checked_at, i.check_failed_at))::float8 AS age
      FROM whatsapp_instance i
      JOIN centers_center c ON c.id = i.center_id
     WHERE i.reseller_id = %(reseller)s AND i.archived_at IS NULL AND c.archived_at IS NULL
       AND (i.next_check_at IS NULL OR i.next_check_at <= %(now)s::timestamptz)
       AND i.id <> ALL (%(busy)s::bigint[])
)
SELECT id, {", ".join(Asked._fields[1:])}
  FROM due
 ORDER BY age * CASE
            WHEN desired_state = '{Service.DISABLED}' THEN {SWITCHED_OFF}
            WHEN suspect_since IS NOT NULL THEN {SUSPECT}
            WHEN age > {OVERDUE_FROM} * %(ceiling)s::float8 THEN {OVERDUE}
            WHEN condition = '{Condition.FLAPPING}' THEN {FLAPPING}
            WHEN id = ANY (%(close_up)s::bigint[]) THEN {CLOSE_UP}
            WHEN connection = '{Connection.CONNECTED}' AND connection_since > %(now)s::timestamptz - interval '1 hour'
             AND first_connected_at < connection_since THEN {JUST_RETURNED}
            WHEN id = ANY (%(shown)s::bigint[]) THEN {ON_SCREEN}
            WHEN connection_since > %(now)s::timestamptz - interval '10 minutes' THEN {JUST_CHANGED}
            WHEN connection IN ('{Connection.DISCONNECTED}', '{Connection.EXPIRED}') THEN {KNOWN_DOWN}
            ELSE 1
          END
        + CASE
            WHEN desired_state <> '{Service.DISABLED}' AND age > {PRESSING_FROM} * %(ceiling)s::float8
            THEN {PRESSING} * (age - {PRESSING_FROM} * %(ceiling)s::float8)
            ELSE 0
          END DESC NULLS FIRST, id
 LIMIT %(most)s
"""  # noqa: S608  # constants only

_SIZES = """
SELECT count(*), min(i.next_check_at), max(coalesce(i.check_failed_at, i.checked_at))
  FROM whatsapp_instance i
  JOIN centers_center c ON c.id = i.center_id
 WHERE i.reseller_id = %s AND i.archived_at IS NULL AND c.archived_at IS NULL
"""


def ceiling_seconds(numbers: int, rate_limit: int) -> float:
    """The longest that a number in use goes without a check, even while usage is read: pages promise it."""
    return cycle_seconds(numbers, rate_limit) / PROMISED_SHARE


def candidates(
    *,
    reseller_id: int,
    now: datetime,
    shown: Collection[int],
    ceiling: float,
    busy: Collection[int],
    most: int,
) -> list[Asked]:
    """Up to `most` due numbers of the reseller, the most worth asking first; those in `busy` are being asked.

    `shown`: numbers on someone's screen. `ceiling` is in seconds.
    """
    values: dict[str, Any] = {
        "reseller": reseller_id,
        "now": now,
        "shown": list(shown),
        "close_up": list(shown) if len(shown) <= FEW else [],
        "ceiling": ceiling,
        "busy": list(busy),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DUE, values)
        return [Asked._make(row) for row in cursor.fetchall()]


def sizes(reseller_id: int, now: datetime) -> tuple[int, datetime | None]:
    """How many numbers are in use, and when the next one falls due. Needs an open scope.

    Those that were asked about in the future are made due: the clock was set back since, and they would not be asked
    about until it is there again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SIZES, [reseller_id])
        numbers, next_at, latest = cursor.fetchone()
    if latest and latest > now + CLOCK_SET_BACK:
        ahead = in_use().filter(reseller=reseller_id)
        ahead = ahead.alias(asked_at=Coalesce("check_failed_at", "checked_at")).filter(
            asked_at__gt=now + CLOCK_SET_BACK, next_check_at__gt=now
        )
        if freed := Instance.objects.filter(pk__in=ahead.values("pk")).update(next_check_at=now):
            log.warning("sweep_clock_set_back", reseller=reseller_id, numbers=freed)
            next_at = now
    return numbers, next_at


def in_use() -> QuerySet[Instance]:
    """The numbers that are checked: neither they nor their center are archived."""
    return Instance.objects.filter(archived_at=None, center__archived_at=None)


def due(now: datetime) -> QuerySet[Instance]:
    """Those of them that may be asked about now."""
    return in_use().filter(Q(next_check_at=None) | Q(next_check_at__lte=now))
