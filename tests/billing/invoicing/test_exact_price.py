"""Invoices, less credit notes, plus what is carried: the price of the usage with every digit, whatever is corrected."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.invoicing import carried, close_period, void_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.models import FlaggedUsage, Invoice
from billing.money import PRECISION, digits, total_of
from billing.periods import Period
from billing.pricing.exchange_rates import set_exchange_rate
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH
from tests.billing.invoicing.test_carried import APRIL, MAY_5
from tests.thorough import THOROUGH
from whatsapp.models import Instance

D = Decimal
EXAMPLES = 60 if THOROUGH else 8
DAYS = [date(2026, 2, day) for day in (3, 14, 27)]
CURRENCIES = {"USD": "1", "LYD": "4.8537", "JPY": "149.123457", "SAR": "3.75"}
#: Per number and day: messages, and their cost in millionths.
USAGE = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9_000_000)), min_size=2 * len(DAYS), max_size=2 * len(DAYS)
)


def read(shop: Shop, numbers: Sequence[Instance], usage: Sequence[tuple[int, int]], hour: int) -> None:
    places = [(number, day) for number in numbers for day in DAYS]
    for (number, day), (sent, cost) in zip(places, usage, strict=True):
        at = NOW.replace(hour=hour)
        shop.read(number, day, sent=sent, cost=str(D(cost) / 1_000_000 if sent else 0), at=at)
    for flagged in FlaggedUsage.objects.filter(resolved_at=None, flag__in=["decreased", "impossible"]):
        accept_flagged_usage(flagged=flagged, by=None, now=NOW)


def close(center: Center, period: Period) -> None:
    now = {FEBRUARY: NOW.replace(hour=20), MARCH: APRIL_5, APRIL: MAY_5}[period]
    close_period(center=center, period=period, by=None, now=now)


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    readings=st.lists(USAGE, min_size=1, max_size=3),
    currency=st.sampled_from(sorted(CURRENCIES)),
    margin=st.tuples(st.integers(0, 1_000_000), st.integers(0, 100_000)),
    voids=st.booleans(),
)
def test_every_digit_is_billed_credited_or_carried(
    shop: Shop,
    readings: list[list[tuple[int, int]]],
    currency: str,
    margin: tuple[int, int],
    voids: bool,
) -> None:
    center = shop.new_center(currency=currency)
    rate = D(CURRENCIES[currency])
    terms = (D(margin[0]) / 10_000, D(margin[1]) / 1_000_000)
    shop.margin(str(terms[0]), str(terms[1]), center=center)
    if rate != 1:
        set_exchange_rate(
            reseller=shop.reseller, base="USD", quote=currency, day=DAYS[0], rate=rate, by=None, now=NOW
        )
    numbers = [shop.number(center), shop.number(center)]
    for hour, (usage, period) in enumerate(zip(readings, (FEBRUARY, MARCH, APRIL), strict=False), start=10):
        read(shop, numbers, usage, hour)
        close(center, period)
        check(center, readings[hour - 10], terms, rate)
    first = Invoice.objects.filter(center=center, kind="invoice", first_day=FEBRUARY.first_day).first()
    if voids and first is not None and first.left:
        void_invoice(invoice=first, because="x", by=None, now=MAY_5)
        close_period(center=center, period=FEBRUARY, by=None, now=MAY_5)
        check(center, readings[-1], terms, rate)


def check(
    center: Center, usage: list[tuple[int, int]], terms: tuple[Decimal, Decimal], rate: Decimal
) -> None:
    percent, fixed = terms
    with localcontext() as context:
        context.prec = PRECISION
        cost = sum((D(one) / 1_000_000 for sent, one in usage if sent), D(0))
        price = (cost * (1 + percent / 100) + fixed * sum(sent for sent, _one in usage)) * rate
    documents = Invoice.objects.filter(center=center)
    totals = total_of(row.total for row in documents)
    left = carried(center).get(center.currency, D(0))
    assert total_of((totals, left)) == price
    assert all(row.total > 0 if row.kind == "invoice" else row.total < 0 for row in documents)
    # Half a unit for each line that was rounded, at most; and a whole one while nothing is billed.
    assert abs(left) < 40 * D(1).scaleb(-digits(center.currency))
