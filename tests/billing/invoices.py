"""The invoice that most tests of invoicing begin with."""

from datetime import UTC, date, datetime

from billing.invoicing import close_period, issue_invoice
from billing.models import Invoice
from billing.periods import Period
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
APRIL_5 = datetime(2026, 4, 5, 9, tzinfo=UTC)


def corrected(shop: Shop, period: Period = MARCH, *, now: datetime = APRIL_5) -> list[Invoice]:
    """The credit notes that closing a period issues on earlier invoices."""
    before = set(Invoice.objects.values_list("pk", flat=True))
    close_period(center=shop.center, period=period, by=None, now=now)
    notes = Invoice.objects.filter(kind=Invoice.Kind.CREDIT_NOTE).exclude(pk__in=before)
    return list(notes.order_by("pk"))


def issue(
    shop: Shop, period: Period = FEBRUARY, center: Center | None = None, now: datetime = NOW
) -> Invoice:
    return issue_invoice(center=center or shop.center, period=period, by=None, now=now)
