"""A plan of 280 a month with 1,000 messages, and the center it is sold to, which is there since January."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.models import Charge, FlaggedUsage, Plan
from billing.plans import add_plan, choose_plan
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from whatsapp.models import Instance
from whatsapp.ownership.spans import holds

JANUARY_2 = datetime(2026, 1, 2, 9, tzinfo=UTC)
FEB_1 = date(2026, 2, 1)
Used = dict[tuple[Instance, date], tuple[int, str]]


@pytest.fixture
def shop(shop: Shop) -> Shop:
    Center.objects.filter(pk=shop.center.pk).update(created_at=datetime(2026, 1, 1, 9, tzinfo=UTC))
    shop.center.refresh_from_db()
    return shop


def sold(shop: Shop, **fields: Any) -> Plan:
    values: dict[str, Any] = {"name": "Basic", "currency": "USD", "amount": "280", "included": 1000}
    values |= {"reseller": shop.reseller, "day": FEB_1, "by": None, "now": JANUARY_2}
    return add_plan(**values | fields)


def choose(shop: Shop, plan: Plan | None, day: date = FEB_1, **fields: Any) -> list[Charge]:
    values: dict[str, Any] = {"center": shop.center, "by": None, "now": JANUARY_2}
    return choose_plan(plan=plan, day=day, **values | fields)


def since_january(shop: Shop, center: Center | None = None) -> Instance:
    return shop.number(center, held_since=datetime(2026, 1, 5, 9, tzinfo=UTC))


def read(
    shop: Shop, used: Used, *, at: datetime | None = None, days: Any = None, numbers: Iterable[Instance] = ()
) -> None:
    """MazBot answered this for each day, and nothing for all other days of the numbers; staff accept what went down."""
    empty = [
        (number, day)
        for number in {*numbers, *(number for number, _day in used)}
        for day in (FEBRUARY.days() if days is None else days)
        if (number, day) not in used and any(holds(span, day) for span in number.assignments.all())
    ]
    shop.read_all(empty, at=at or datetime(2026, 3, 2, 9, tzinfo=UTC))
    for (number, day), (sent, cost) in used.items():
        shop.read(number, day, sent=sent, cost=Decimal(cost), at=at or datetime(2026, 3, 2, 9, tzinfo=UTC))
    for flagged in FlaggedUsage.objects.filter(flag=FlaggedUsage.Flag.DECREASED, resolved_at=None):
        accept_flagged_usage(flagged=flagged, by=None, now=at or NOW)
