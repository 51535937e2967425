"""Reports that pages of resellers with many centers show as they were last added up: it takes long (ADR 0069).

A report is kept per reseller, name and month; a row of it can be made again at any time.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from centers.models import Center, Reseller
from whatsapp.models import Instance

#: With no more than that, pages add up what they show.
MOST_CENTERS, MOST_NUMBERS = 100, 200

_STORE = """
INSERT INTO billing_keptreport (reseller_id, name, month, made_at, content) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (reseller_id, name, month) DO UPDATE SET made_at = excluded.made_at, content = excluded.content
"""
_LOAD = """
SELECT month, made_at, content FROM billing_keptreport
 WHERE reseller_id = %s AND name = %s AND month = ANY(%s::date[]) ORDER BY month
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a month, JSON, and when it was begun to be added up."""

    month: date
    made_at: datetime
    content: Any


def is_large(reseller: Reseller) -> bool:
    """Whether the pages of the reseller show kept reports."""
    return large_resellers().filter(pk=reseller.pk).exists()


def large_resellers() -> QuerySet[Reseller]:
    """Those whose pages show kept reports; of each no more rows are looked at than it takes. Needs an open scope."""
    centers = Center.objects.filter(reseller=OuterRef("pk")).order_by()[MOST_CENTERS : MOST_CENTERS + 1]
    numbers = Instance.objects.filter(reseller=OuterRef("pk")).order_by()[MOST_NUMBERS : MOST_NUMBERS + 1]
    return Reseller.objects.filter(Exists(centers) | Exists(numbers))


def store(reseller: Reseller, name: str, kept: Kept) -> None:
    """Replace what is kept of the month."""
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [reseller.pk, name, kept.month, kept.made_at, json.dumps(kept.content)])


def load(reseller: Reseller, name: str, months: list[date]) -> dict[date, Kept]:
    """What is kept of these months, by month."""
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, [reseller.pk, name, months])
        rows = cursor.fetchall()
    return {month: Kept(month, made_at, json.loads(content)) for month, made_at, content in rows}
