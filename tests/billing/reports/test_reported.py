"""A reported month never changes silently."""

from datetime import timedelta
from decimal import Decimal

from billing.invoicing import credit_invoice, issue_invoice
from billing.invoicing.partial_credits import Part
from billing.models import ReportedMonth
from billing.reports.profit import profit_report
from billing.reports.reported import Changed, changed_since, report_last_month
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.reports.conftest import TODAY, february

DAY = timedelta(days=1)


def changed(shop: Shop) -> list[Changed]:
    report = profit_report(shop.reseller, FEBRUARY, today=TODAY)
    return changed_since(shop.reseller, report.summed(report.rows, "month"))


def invoiced(shop: Shop) -> None:
    shop.margin("50")
    shop.read(shop.number(), february(3), sent=1, cost="10")
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)


def test_a_month_is_reported_once_it_is_complete(shop: Shop) -> None:
    shop.margin("50")
    shop.read(shop.number(), february(3), sent=1, cost="10")
    assert not report_last_month(shop.reseller, NOW)  # not invoiced yet
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    assert not report_last_month(shop.reseller, NOW - 4 * DAY)  # not over long enough
    assert not report_last_month(shop.reseller, NOW, [february(28)])  # not compared yet
    assert report_last_month(shop.reseller, NOW)
    row = ReportedMonth.objects.get()
    assert (row.month, row.currency, row.revenue, row.cost, row.profit) == (february(1), "USD", 15, 10, 5)
    assert not report_last_month(shop.reseller, NOW)
    assert changed(shop) == []


def test_usage_that_no_invoice_takes_does_not_keep_it_waiting(shop: Shop) -> None:
    shop.read(shop.number(), february(3), sent=1, cost="10")
    assert not report_last_month(shop.reseller, NOW + 3 * DAY)
    assert report_last_month(shop.reseller, NOW + 4 * DAY)


def test_what_changes_it_is_shown(shop: Shop) -> None:
    invoiced(shop)
    report_last_month(shop.reseller, NOW)
    invoice = shop.center.invoices.get()
    parts = {invoice.lines.get().pk: Part(amount=Decimal(4))}
    credit_invoice(invoice=invoice, parts=parts, because="Goodwill", by=None, now=NOW)
    [one] = changed(shop)
    assert (one.reported.profit, one.now.profit, one.difference) == (5, 1, -4)
