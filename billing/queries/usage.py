"""Usage summed by day, center or number."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Sum

from billing.models import UsageRecord
from billing.periods import Period
from centers.models import Center

SUMS = {name: Sum(name) for name in ("sent", "received", "failed", "cost")}


def usage_rows(period: Period, center: Center | None, instance_id: int | None) -> QuerySet[UsageRecord]:
    rows = UsageRecord.objects.filter(day__gte=period.first_day, day__lt=period.end_day).order_by()
    if center is not None:
        rows = rows.filter(center=center)
    return rows if instance_id is None else rows.filter(instance_id=instance_id)


def usage_by_day(
    period: Period, *, center: Center | None = None, instance_id: int | None = None
) -> list[dict[str, Any]]:
    """day, sent, received, failed, cost, currency: summed over one center or one number."""
    rows = usage_rows(period, center, instance_id).values("day", "currency").annotate(**SUMS)
    return [dict(row) for row in rows.order_by("day")]


def usage_by_instance(period: Period, *, center: Center) -> list[dict[str, Any]]:
    """instance_id (of our row), the number's label, and the sums, per number of a center."""
    names = (
        "instance_id",
        "instance__instance_id",
        "instance__label",
        "currency",
    )
    return list(
        usage_rows(period, center, None).values(*names).annotate(**SUMS).order_by("-sent", "instance_id")
    )


def last_read(center: Center) -> datetime | None:
    """When the usage of its latest day was stored, for "data as of"; a late correction makes no other day newer."""
    return _last_read(UsageRecord.objects.filter(center=center))


def last_read_of(instance_id: int) -> datetime | None:
    """The same of one number."""
    return _last_read(UsageRecord.objects.filter(instance=instance_id))


def _last_read(rows: QuerySet[UsageRecord]) -> datetime | None:
    found: datetime | None = rows.order_by("-day", "-read_at").values_list("read_at", flat=True).first()
    return found
