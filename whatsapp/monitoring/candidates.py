"""What to ask next: the numbers whose status is worth most, by age times weight."""

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db.models import Case, Count, F, FloatField, Max, Min, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from whatsapp.models import Condition, Connection, Instance, Service
from whatsapp.monitoring.batches import cycle_seconds
from whatsapp.monitoring.rows import CLOCK_SET_BACK

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

_FIELDS = (
    "pk",
    "instance_id",
    "reseller_id",
    "center_id",
    "connection",
    "connection_since",
    "check_error",
    "check_failures",
    "desired_state",
)
# Seconds since MazBot was last asked about the number; NULL: never.
_AGE = "EXTRACT(EPOCH FROM %s::timestamptz - GREATEST(whatsapp_instance.checked_at, whatsapp_instance.check_failed_at))"
_CHANGED = "whatsapp_instance.connection_since > %s::timestamptz - interval '10 minutes'"
# Not one that is new.
_RETURNED = """
whatsapp_instance.connection = 'connected' AND whatsapp_instance.connection_since > %s::timestamptz - interval '1 hour'
AND whatsapp_instance.first_connected_at < whatsapp_instance.connection_since
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
) -> list[Instance]:
    """Up to `most` due numbers of the reseller, the most worth asking first; those in `busy` are being asked.

    `shown`: numbers on someone's screen. Needs an open scope.
    """
    age = RawSQL(_AGE, [now], output_field=FloatField())  # noqa: S611  # no user input
    weight = Case(
        When(desired_state=Service.DISABLED, then=Value(SWITCHED_OFF)),
        When(suspect_since__isnull=False, then=Value(SUSPECT)),
        When(age__gt=OVERDUE_FROM * ceiling, then=Value(OVERDUE)),
        When(Q(condition=Condition.FLAPPING), then=Value(FLAPPING)),
        When(pk__in=list(shown) if len(shown) <= FEW else [], then=Value(CLOSE_UP)),
        When(returned=True, then=Value(JUST_RETURNED)),
        When(pk__in=list(shown), then=Value(ON_SCREEN)),
        When(recent=True, then=Value(JUST_CHANGED)),
        When(connection__in=[Connection.DISCONNECTED, Connection.EXPIRED], then=Value(KNOWN_DOWN)),
        default=Value(1.0),
        output_field=FloatField(),
    )
    pressing = Case(
        When(desired_state=Service.DISABLED, then=Value(0.0)),
        When(age__gt=PRESSING_FROM * ceiling, then=PRESSING * (F("age") - PRESSING_FROM * ceiling)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    rows = (
        due(now)
        .filter(reseller=reseller_id)
        .exclude(pk__in=list(busy))
        .annotate(age=age, recent=RawSQL(_CHANGED, [now]), returned=RawSQL(_RETURNED, [now]))  # noqa: S611
        .annotate(worth=F("age") * weight + pressing)
        .order_by(F("worth").desc(nulls_first=True), "pk")
        .only(*_FIELDS)
    )
    return list(rows[:most])


def sizes(reseller_id: int, now: datetime) -> tuple[int, datetime | None]:
    """How many numbers are in use, and when the next one falls due. Needs an open scope.

    Those that were asked about in the future are made due: the clock was set back since, and they would not be asked
    about until it is there again.
    """
    rows = in_use().filter(reseller=reseller_id)
    row = rows.aggregate(
        numbers=Count("pk"),
        next_at=Min("next_check_at"),
        latest=Max(Coalesce("check_failed_at", "checked_at")),
    )
    next_at = row["next_at"]
    if row["latest"] and row["latest"] > now + CLOCK_SET_BACK:
        ahead = rows.alias(asked_at=Coalesce("check_failed_at", "checked_at")).filter(
            asked_at__gt=now + CLOCK_SET_BACK, next_check_at__gt=now
        )
        if freed := Instance.objects.filter(pk__in=ahead.values("pk")).update(next_check_at=now):
            log.warning("sweep_clock_set_back", reseller=reseller_id, numbers=freed)
            next_at = now
    return row["numbers"], next_at


def in_use() -> QuerySet[Instance]:
    """The numbers that are checked: neither they nor their center are archived."""
    return Instance.objects.filter(archived_at=None, center__archived_at=None)


def due(now: datetime) -> QuerySet[Instance]:
    """Those of them that may be asked about now."""
    return in_use().filter(Q(next_check_at=None) | Q(next_check_at__lte=now))
