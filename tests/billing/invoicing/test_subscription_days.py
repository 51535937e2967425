"""A subscription is charged for the days a number was held, a yearly one once a year, never for the same day twice."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from billing.invoicing import close_period, preview_invoice, void_invoice
from billing.models import BillingPeriod, InvoiceLine, RateCategory, Share, SubscriptionClaim
from billing.periods import Period, day_start, month_of
from billing.policies import save_policy
from billing.pricing.price_list import price_list
from billing.pricing.rate_types.classes import set_class
from billing.pricing.rate_types.known import guess_interval
from billing.queries import portal_prices
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from whatsapp.models import Instance
from whatsapp.ownership.spans import holds

D = Decimal
RIYADH = ZoneInfo("Asia/Riyadh")
MONTHLY, YEARLY = "subscription_monthly", "subscription_yearly"
_Days = tuple[date, date]


def charge(shop: Shop, rate_type: str, *, share: str = Share.HELD) -> None:
    rates(shop, JANUARY_1, **{MONTHLY: "28", YEARLY: "300"})
    save_policy(
        reseller=shop.reseller, by=None, now=NOW, subscription_type=rate_type, subscription_share=share
    )


def held(shop: Shop, first: date, last: date | None = None, center: Center | None = None) -> Instance:
    """A number entered on the morning of `first` and archived on that of `last`."""
    number = shop.number(center)
    own = Instance.objects.filter(pk=number.pk)
    own.update(held_since=datetime(first.year, first.month, first.day, 9, tzinfo=UTC))
    if last:
        own.update(archived_at=datetime(last.year, last.month, last.day, 9, tzinfo=UTC))
    number.refresh_from_db()
    return number


def drafted(shop: Shop, period: Period, center: Center | None = None) -> list[tuple[date, date, Decimal]]:
    lines = preview_invoice(center or shop.center, period).lines
    return [(line.first_day, line.end_day, line.amount) for line in lines]


def close(shop: Shop, period: Period, center: Center | None = None) -> BillingPeriod:
    """Close a period that is long over, whatever of its usage was read."""
    own = center or shop.center
    spans = own.assignments.select_related("instance")
    days = [(span.instance, day) for span in spans for day in period.days() if holds(span, day)]
    shop.read_all(days, at=APRIL_5 + timedelta(days=1000))
    return close_period(center=own, period=period, by=None, now=APRIL_5 + timedelta(days=1100))


def months(first: date, count: int) -> list[Period]:
    found = [month_of(first)]
    while len(found) < count:
        found.append(month_of(found[-1].end_day))
    return found


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 1, 9), None, 28),
        (date(2026, 2, 28), None, 1),
        (date(2026, 1, 1), date(2026, 2, 1), 1),
        (date(2026, 2, 10), date(2026, 2, 19), 10),
        (date(2026, 1, 1), date(2026, 1, 31), 0),
        (date(2026, 3, 1), None, 0),
    ],
)
def test_a_month_is_charged_by_the_days_the_number_was_held(
    shop: Shop, first: date, last: date | None, days: int
) -> None:
    charge(shop, MONTHLY)
    held(shop, first, last)
    assert [amount for _f, _e, amount in drafted(shop, FEBRUARY)] == ([D(days)] if days else [])


def test_the_line_says_which_days_and_follows_the_price_list(shop: Shop) -> None:
    charge(shop, MONTHLY)
    shop.margin("10", "1", category="subscription")
    held(shop, date(2026, 2, 15))
    listed = {row.type: row.price for row in price_list(shop.center, NOW)}[MONTHLY]
    assert listed == D("31.8")
    invoice = close(shop, FEBRUARY).invoice
    assert invoice is not None
    line = invoice.lines.get()
    assert (line.first_day, line.end_day, line.quantity) == (date(2026, 2, 15), FEBRUARY.end_day, 1)
    assert (line.amount, line.unit_price, line.cost) == (D("15.90"), D("15.90"), 14)


@pytest.mark.parametrize(
    ("first", "last", "total"),
    [
        (date(2026, 2, 28), None, 28),
        (date(2026, 1, 1), date(2026, 2, 1), 28),
        (date(2026, 1, 1), date(2026, 1, 31), 0),
    ],
)
def test_in_full_a_month_in_which_it_was_held_is_charged_whole(
    shop: Shop, first: date, last: date | None, total: int
) -> None:
    charge(shop, MONTHLY, share=Share.FULL)
    held(shop, first, last)
    assert sum(amount for _f, _e, amount in drafted(shop, FEBRUARY)) == total


def test_each_center_pays_the_days_it_held_the_number(shop: Shop) -> None:
    """Also where it went there and back again."""
    charge(shop, MONTHLY)
    other, number = shop.new_center(), held(shop, date(2026, 1, 1))
    for day, center in ((date(2026, 2, 11), other), (date(2026, 2, 21), shop.center)):
        midnight = day_start(day, RIYADH)
        Instance.objects.filter(pk=number.pk).update(center=center, held_since=midnight)
    shop.read_all([(number, day) for day in FEBRUARY.days()])
    assert drafted(shop, FEBRUARY, other) == [(date(2026, 2, 11), date(2026, 2, 21), D(10))]
    own = [(date(2026, 2, 1), date(2026, 2, 11), D(10)), (date(2026, 2, 21), date(2026, 3, 1), D(8))]
    assert drafted(shop, FEBRUARY) == own
    issue(shop, FEBRUARY, other)
    assert drafted(shop, FEBRUARY) == own
    assert issue(shop).total == 18


def test_a_yearly_subscription_is_charged_once_a_year(shop: Shop) -> None:
    charge(shop, YEARLY)
    number = held(shop, date(2026, 1, 15))
    totals = []
    for period in months(date(2026, 1, 1), 14):
        closed = close(shop, period)
        totals.append(closed.invoice.total if closed.invoice else 0)
    assert totals == [300, *[0] * 11, 300, 0]
    claims = SubscriptionClaim.objects.filter(instance=number).order_by("month")
    assert [(row.first_day, row.end_day) for row in claims] == [
        (date(2026, 1, 15), date(2027, 1, 15)),
        (date(2027, 1, 15), date(2028, 1, 15)),
    ]


def test_a_number_that_is_gone_before_its_anniversary_is_not_charged_again(shop: Shop) -> None:
    charge(shop, YEARLY)
    number = held(shop, date(2026, 1, 15))
    close(shop, month_of(date(2026, 1, 1)))
    Instance.objects.filter(pk=number.pk).update(archived_at=datetime(2027, 1, 14, 9, tzinfo=UTC))
    assert drafted(shop, month_of(date(2027, 1, 1))) == []


def test_one_invoice_over_many_months_charges_a_year_once(shop: Shop) -> None:
    charge(shop, YEARLY)
    held(shop, date(2025, 3, 1))
    amounts = [amount for _f, _e, amount in drafted(shop, Period(date(2025, 3, 1), date(2026, 3, 1)))]
    assert amounts == [300]


def test_a_voided_year_is_charged_again_exactly_once(shop: Shop) -> None:
    charge(shop, YEARLY)
    held(shop, date(2026, 1, 15))
    january = month_of(date(2026, 1, 1))
    invoice = close(shop, january).invoice
    assert invoice is not None
    close(shop, FEBRUARY)
    note = void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert note.total == -300
    charged = close(shop, MARCH).invoice
    assert charged is not None
    assert charged.total == 300
    # The freed month is invoiced later: the year that began in March leaves nothing to charge.
    assert drafted(shop, january) == []
    assert drafted(shop, month_of(date(2026, 4, 1))) == []


def test_reissued_for_its_own_month_the_year_is_as_before(shop: Shop) -> None:
    charge(shop, YEARLY)
    held(shop, date(2026, 1, 15))
    january = month_of(date(2026, 1, 1))
    invoice = close(shop, january).invoice
    assert invoice is not None
    void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert drafted(shop, january) == [(date(2026, 1, 15), date(2027, 1, 15), D(300))]
    close(shop, january)
    assert drafted(shop, FEBRUARY) == []


def test_a_paid_year_is_not_charged_by_the_month_when_the_type_changes(shop: Shop) -> None:
    charge(shop, YEARLY)
    held(shop, date(2026, 1, 15))
    close(shop, month_of(date(2026, 1, 1)))
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type=MONTHLY)
    assert drafted(shop, FEBRUARY) == []


def test_a_number_that_moved_within_its_year_is_charged_to_no_one_again(shop: Shop) -> None:
    charge(shop, YEARLY)
    number, other = held(shop, date(2026, 1, 15)), shop.new_center()
    close(shop, month_of(date(2026, 1, 1)))
    Instance.objects.filter(pk=number.pk).update(center=other, held_since=APRIL_5.replace(month=2, day=3))
    assert drafted(shop, FEBRUARY, other) == []


def test_claims_of_an_earlier_version_cover_their_month_or_year(shop: Shop) -> None:
    """They were written without days, a yearly type's every month."""
    charge(shop, YEARLY)
    number = held(shop, date(2026, 1, 15))
    close(shop, month_of(date(2026, 1, 1)))
    made = SubscriptionClaim.objects.get()
    as_before = {"reseller": made.reseller, "instance": number, "period": made.period, "line": made.line}
    with pytest.raises(IntegrityError, match="subscriptionclaim_apart"), transaction.atomic():
        SubscriptionClaim.objects.create(**as_before, month=FEBRUARY.first_day)
    SubscriptionClaim.objects.update(voided_at=NOW)
    SubscriptionClaim.objects.create(**as_before, month=FEBRUARY.first_day)
    with pytest.raises(IntegrityError, match="subscriptionclaim_apart"), transaction.atomic():
        SubscriptionClaim.objects.create(**as_before, month=FEBRUARY.first_day)
    assert drafted(shop, MARCH) == []
    set_class(reseller=shop.reseller, rate_type=YEARLY, counts_as="month", by=None, now=NOW)
    assert [amount for _f, _e, amount in drafted(shop, MARCH)] == [300]


@pytest.mark.parametrize(
    "days", [(date(2026, 2, 27), date(2026, 3, 2)), (date(2026, 2, 1), FEBRUARY.end_day)]
)
def test_the_database_refuses_to_charge_a_day_twice(shop: Shop, days: _Days) -> None:
    charge(shop, MONTHLY)
    number = held(shop, date(2026, 2, 10))
    close(shop, FEBRUARY)
    made = SubscriptionClaim.objects.get()
    with pytest.raises(IntegrityError, match="subscriptionclaim_apart"), transaction.atomic():
        SubscriptionClaim.objects.create(
            reseller=made.reseller,
            instance=number,
            period=made.period,
            month=MARCH.first_day,
            first_day=days[0],
            end_day=days[1],
        )


@pytest.mark.parametrize(
    ("name", "every"),
    [
        (MONTHLY, "month"),
        (YEARLY, "year"),
        ("Annual plan", "year"),
        ("اشتراك سنوي", "year"),
        ("rental", "month"),
    ],
)
def test_the_interval_is_guessed_from_the_name(name: str, every: str) -> None:
    assert guess_interval(name) == every


def test_staff_decide_how_often_a_type_is_charged(shop: Shop) -> None:
    charge(shop, MONTHLY)
    held(shop, date(2026, 2, 15))
    common = {"reseller": shop.reseller, "by": None, "now": NOW, "rate_type": MONTHLY}
    set_class(**common, counts_as="year")
    assert [amount for _f, _e, amount in drafted(shop, FEBRUARY)] == [28]
    assert {row.type: row.interval for row in portal_prices(shop.center, NOW)} == {
        MONTHLY: "year",
        YEARLY: "year",
    }
    with pytest.raises(OperationRefused, match="Choose what the type is"):
        set_class(**common, counts_as="week")
    for wrong in ("message", "once", "ignored"):
        with pytest.raises(OperationRefused, match="is charged for numbers"):
            set_class(**common, counts_as=wrong)
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="")
    set_class(**common, counts_as="message")
    assert RateCategory.objects.get().interval == ""


def test_the_pdf_and_the_lines_keep_their_days_when_voided(shop: Shop) -> None:
    charge(shop, MONTHLY)
    held(shop, date(2026, 2, 15))
    invoice = close(shop, FEBRUARY).invoice
    assert invoice is not None
    note = void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    spans = {(row.first_day, row.end_day) for row in InvoiceLine.objects.filter(invoice__in=[invoice, note])}
    assert spans == {(date(2026, 2, 15), FEBRUARY.end_day)}
