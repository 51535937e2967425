"""The main account's days, and the running day."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.models import AccountUsageRecord
from tests.billing.conftest import NOW, Shop

TODAY = NOW.date()


def account(shop: Shop, day: date, cost: str | None, *, currency: str = "USD", at: datetime = NOW) -> None:
    """What the main account was charged on a day, read after it ended."""
    AccountUsageRecord.objects.update_or_create(
        reseller=shop.reseller,
        day=day,
        defaults={
            "sent": 0,
            "received": 0,
            "failed": 0,
            "cost": None if cost is None else Decimal(cost),
            "currency": currency,
            "read_at": at,
        },
    )


def february(day: int) -> date:
    """A day of February 2026."""
    return date(2026, 2, 1) + timedelta(days=day - 1)
