"""The invoice that most tests of invoicing begin with."""

from datetime import UTC, date, datetime

from billing.invoicing import issue_invoice
from billing.models import Invoice
from billing.periods import Period
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
APRIL_5 = datetime(2026, 4, 5, 9, tzinfo=UTC)


def issue(
    shop: Shop, period: Period = FEBRUARY, center: Center | None = None, now: datetime = NOW
) -> Invoice:
    return issue_invoice(center=center or shop.center, period=period, by=None, now=now)
