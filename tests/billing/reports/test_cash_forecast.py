"""The cash forecast: due dates, how late each center usually pays, usage without an invoice; all of it once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.dunning import open_dispute, promise
from billing.forecast.expected import WEEK, Forecast, expected_payments, forecasts
from billing.forecast.usual_delays import usual_delays
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.models import FlaggedUsage, Invoice
from billing.pricing.conversion import Converter
from centers.models import Center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoices import issue

TODAY = date(2026, 3, 5)


def settled(shop: Shop, invoice: Invoice, days_late: int) -> None:
    """It was paid so many days after its due date."""
    day = invoice.due_on + timedelta(days=days_late)
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    shop.pay(str(invoice.total), invoice.center, settles=[invoice.pk], received_on=day, now=at)


def forecast_of(shop: Shop, currency: str = "USD") -> list[Forecast]:
    items = expected_payments(shop.reseller, NOW)
    return forecasts(items, Converter(shop.reseller, TODAY), currency, TODAY)


def test_a_center_is_expected_to_pay_as_late_as_it_usually_does(shop: Shop) -> None:
    other: Center = shop.new_center()
    settled(shop, shop.owe("5", day=date(2026, 1, 5)), 3)
    settled(shop, shop.owe("5", day=date(2026, 1, 6)), 8)
    settled(shop, shop.owe("5", other, day=date(2026, 1, 5)), -4)  # early payers are expected on the day
    delays = usual_delays(shop.reseller, TODAY)
    assert (delays.of(shop.center.pk), delays.of(other.pk)) == (6, 0)
    assert delays.general == delays.of(-1) == 3
    invoice = shop.owe("40", day=date(2026, 3, 1))
    (item,) = expected_payments(shop.reseller, NOW)
    assert (item.invoice, item.delay, item.on) == (invoice, 6, invoice.due_on + timedelta(days=6))


def test_what_is_later_than_usual_has_no_date(shop: Shop) -> None:
    invoice = shop.owe("40", day=date(2026, 2, 3))
    assert invoice.due_on < TODAY
    (item,) = expected_payments(shop.reseller, NOW)
    assert item.on is None
    (forecast,) = forecast_of(shop)
    assert (forecast.undated, forecast.dated, forecast.total) == (40, 0, 40)


def test_usage_without_an_invoice_is_expected_when_its_invoice_would_be_due(shop: Shop) -> None:
    shop.margin("100")
    shop.read(shop.number(), date(2026, 3, 2), sent=3, cost="2")
    (item,) = expected_payments(shop.reseller, NOW)
    assert (item.amount, item.invoice, item.due_on) == (4, None, date(2026, 4, 2) + timedelta(days=14))
    (forecast,) = forecast_of(shop)
    assert [week.unbilled for week in forecast.weeks if week.unbilled] == [4]
    assert forecast.weeks[-1].so_far == forecast.total == 4


def test_every_amount_is_counted_once(shop: Shop) -> None:
    settled(shop, shop.owe("5", day=date(2026, 1, 1)), 0)
    shop.owe("40", day=date(2026, 2, 3))
    invoice = shop.owe("30", day=date(2026, 3, 1))
    far = shop.owe("20", shop.new_center(), day=date(2026, 3, 1))
    settled(shop, shop.owe("5", far.center, day=date(2026, 1, 1)), 120)
    shop.read(shop.number(), date(2026, 3, 2), sent=3, cost="2")
    (forecast,) = forecast_of(shop)
    assert forecast.total == sum(item.amount for item in expected_payments(shop.reseller, NOW)) == 92
    assert forecast.later == 20
    week = next(week for week in forecast.weeks if week.invoiced)
    expected = next(item for item in expected_payments(shop.reseller, NOW) if item.invoice == invoice)
    assert expected.on is not None
    assert week.period.first_day <= expected.on < week.period.first_day + WEEK


def test_a_promise_counts_on_its_day_and_divides_an_invoice(shop: Shop) -> None:
    first, second = shop.owe("40", day=date(2026, 2, 3)), shop.owe("30", day=date(2026, 2, 4))
    promise(center=shop.center, amount="50", currency="USD", pays_by=date(2026, 3, 20), by=None, now=NOW)
    items = [
        (item.invoice, item.amount, item.on, item.promised) for item in expected_payments(shop.reseller, NOW)
    ]
    assert items == [
        (first, 40, date(2026, 3, 20), True),
        (second, 10, date(2026, 3, 20), True),
        (second, 20, None, False),
    ]
    (forecast,) = forecast_of(shop)
    assert [week.promised for week in forecast.weeks if week.promised] == [50]
    assert (forecast.undated, forecast.total) == (20, 70)


def test_what_was_paid_of_a_promise_is_not_expected_again(shop: Shop) -> None:
    invoice = shop.owe("40", day=date(2026, 2, 3))
    promise(center=shop.center, amount="30", currency="USD", pays_by=date(2026, 3, 20), by=None, now=NOW)
    shop.pay("10")
    items = [(item.invoice, item.amount, item.promised) for item in expected_payments(shop.reseller, NOW)]
    assert items == [(invoice, 20, True), (invoice, 10, False)]


def test_credit_pays_the_first_of_what_is_not_invoiced_yet(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 20), sent=1, cost="3")
    shop.read(number, date(2026, 3, 2), sent=1, cost="5")
    shop.pay("4.5")
    items = [(item.amount, item.due_on) for item in expected_payments(shop.reseller, NOW)]
    assert items == [(Decimal("3.5"), date(2026, 4, 2) + timedelta(days=14))]


def test_a_month_that_gives_back_lowers_the_next(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    issue(shop)
    shop.read(number, date(2026, 2, 3), sent=8, cost="8", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    shop.read(number, date(2026, 3, 2), sent=1, cost="5")
    unbilled = [item.amount for item in expected_payments(shop.reseller, NOW) if item.invoice is None]
    assert unbilled == [3]


def test_what_is_disputed_has_no_date(shop: Shop) -> None:
    invoice = shop.owe("40", day=date(2026, 3, 1))
    open_dispute(invoice=invoice, because="Wrong month", by=None, now=NOW)
    (item,) = expected_payments(shop.reseller, NOW)
    assert (item.on, item.disputed) == (None, True)


def test_a_currency_without_a_rate_has_a_forecast_of_its_own(shop: Shop) -> None:
    shop.owe("40", day=date(2026, 3, 1))
    own, apart = forecast_of(shop, "LYD")
    assert (own.currency, own.total) == ("LYD", 0)
    assert (apart.currency, apart.total) == ("USD", Decimal(40))


def test_the_number_of_queries_stays_the_same(shop: Shop) -> None:
    shop.owe("40", day=date(2026, 3, 1))
    shop.read(shop.number(), date(2026, 3, 2), sent=3, cost="2")
    counts = []
    for _each in range(2):
        with CaptureQueriesContext(connection) as queries:
            expected_payments(shop.reseller, NOW)
        counts.append(len(queries))
        center = shop.new_center()
        shop.owe("10", center, day=date(2026, 3, 1))
        shop.read(shop.number(center), date(2026, 3, 2), sent=3, cost="2")
    assert counts[0] == counts[1]
