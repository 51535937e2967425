"""The spans in which centers held numbers on some days."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from django.db.models import Q, QuerySet

from centers.models import Center
from whatsapp.models import InstanceAssignment


class HasDays(Protocol):
    """A span, or what is read of one."""

    @property
    def first_day(self) -> date: ...
    @property
    def last_day(self) -> date | None: ...


def holds(span: HasDays, day: date) -> bool:
    """Whether the day, or a part of it, belongs to the span."""
    return span.first_day <= day and (span.last_day is None or day <= span.last_day)


def spans_of(center: Center, first_day: date, end_day: date) -> list[InstanceAssignment]:
    """The spans in which the center held a number on a day of these, up to `end_day`; by number, oldest first."""
    return spans_among([center], first_day, end_day)


def spans_among(centers: Iterable[Center], first_day: date, end_day: date) -> list[InstanceAssignment]:
    """The same of several centers."""
    return list(spans_query(centers, first_day, end_day).select_related("instance", "center"))


def spans_query(centers: Iterable[Center], first_day: date, end_day: date) -> QuerySet[InstanceAssignment]:
    """The same, not read yet."""
    spans = InstanceAssignment.objects.filter(
        Q(last_day=None) | Q(last_day__gte=first_day),
        center__in=[center.pk for center in centers],
        first_day__lt=end_day,
    )
    return spans.order_by("instance", "since", "pk")
