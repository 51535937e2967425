"""The price list of each day, applied to its messages, is the invoice before rounding: through the database.

Rate lists, margins, the country and the currency of the center, and the exchange rate change inside the months.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, localcontext

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.invoicing import preview_invoice
from billing.models import CenterVersion
from billing.money import PRECISION
from billing.periods import Period, day_start, month_of, zone_of
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.history.backdating import Backdated
from billing.pricing.history.center_changes import change_center
from billing.pricing.history.price_history import PriceHistory
from billing.pricing.price_list import PriceRow
from centers.models import Center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import rates
from tests.thorough import THOROUGH

D = Decimal
EXAMPLES = 60 if THOROUGH else 4
TYPES = ("marketing", "utility")
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))
APRIL_10 = datetime(2026, 4, 10, 9, tzinfo=UTC)
MONTHS = (FEBRUARY, month_of(date(2026, 3, 1)))
DAYS = [day for month in MONTHS for day in month.days()][::7]
RATES = {
    "SAR": "3.75",
    "LYD": "4.8537",
    "JPY": "149.123457",
    "KWD": "0.3071",
    "EUR": "0.9",
    "OMR": "0.3845",
    "EGP": "49.1",
}
CURRENCIES = ("USD", *RATES)
COSTS = st.integers(0, 2_000_000).map(lambda cost: D(cost) / 10_000_000)
A_DAY = st.sampled_from([day for month in MONTHS for day in month.days()])


@dataclass
class Case:
    """What happens in the two months."""

    costs: list[tuple[date, str, Decimal, Decimal]]  # from a day, in a country
    margins: list[tuple[date, str, int, int]]  # from a day, of a country or ("") of all
    countries: list[tuple[date, str]]
    currencies: tuple[str, str]
    moves: Decimal  # of the exchange rates, from March on
    sent: list[tuple[int, int]]  # of each type, per day


CASES = st.builds(
    Case,
    costs=st.lists(st.tuples(A_DAY, st.sampled_from("12"), COSTS, COSTS), max_size=4),
    margins=st.lists(
        st.tuples(A_DAY, st.sampled_from(["", "1", "2"]), st.integers(0, 100), st.integers(0, 1000)),
        max_size=5,
    ),
    countries=st.lists(st.tuples(A_DAY, st.sampled_from("12")), max_size=3),
    currencies=st.tuples(st.sampled_from(CURRENCIES), st.sampled_from(CURRENCIES)),
    moves=st.integers(80, 120).map(lambda percent: D(percent) / 100),
    sent=st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=len(DAYS), max_size=len(DAYS)
    ),
)


@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller case takes minutes to find
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(case=CASES)
def test_each_day_costs_what_its_price_list_says(shop: Shop, case: Case) -> None:
    with transaction.atomic():
        center = shop.new_center(currency=case.currencies[0], country_id="1")
        _lived(shop, center, case)
        for month in MONTHS:
            _check(center, case, month)
        transaction.set_rollback(True)  # the next case begins with an empty shop


def _lived(shop: Shop, center: Center, case: Case) -> None:
    zone = zone_of(shop.reseller)
    for country in "12":
        rates(shop, datetime(2026, 1, 1, tzinfo=UTC), country=country, marketing="0.05", utility="0.01")
    # A list applies to a whole day here: it is read as the day begins.
    for day, country, *costs in sorted(case.costs):
        listed = dict(zip(TYPES, (f"{cost:f}" for cost in costs), strict=True))
        rates(shop, day_start(day, zone), country=country, **listed)
    for day, country, percent, fixed in case.margins:
        shop.margin(str(percent), f"{D(fixed) / 100_000:f}", country_id=country, valid_from=day)
    for quote, rate in RATES.items():
        for day, moved in ((date(2026, 1, 1), D(1)), (date(2026, 3, 2), case.moves)):
            values = {"reseller": shop.reseller, "by": None, "now": NOW, "day": day}
            set_exchange_rate(base="USD", quote=quote, rate=round(D(rate) * moved, 10), **values)
    for day, country in case.countries:
        _change(center, CenterVersion.Name.COUNTRY, country, day)
    _change(center, CenterVersion.Name.CURRENCY, case.currencies[1], MONTHS[1].first_day)
    number = shop.number(center, held_since=datetime.combine(date(2026, 1, 31), time(12), UTC))
    history = PriceHistory(center, APRIL_10)  # messages change nothing in it
    for day, sent in zip(DAYS, case.sent, strict=True):
        cost = sum((row.cost * sent[TYPES.index(row.type)] for row in _listed(history, center, day)), D(0))
        shop.read(number, day, sent=sum(sent), cost=f"{cost:f}")


def _change(center: Center, name: str, value: str, day: date) -> None:
    values = {"center": center, "name": name, "value": value, "valid_from": day, "by": None, "now": NOW}
    before = CenterVersion.objects.filter(center=center, name=name, valid_from__lte=day).first()
    if value == (before.value if before else getattr(center, CenterVersion.Name(name).column)):
        return
    try:
        change_center(**values)
    except Backdated as asked:
        change_center(**values, confirmation=asked.backdating.phrase)


def _listed(history: PriceHistory, center: Center, day: date) -> list[PriceRow]:
    return history.on(day).for_center(center)


def _check(center: Center, case: Case, month: Period) -> None:
    """The messages of each day at the list's prices of that day, at the exchange rate of the invoice."""
    draft, history = preview_invoice(center, month), PriceHistory(center, APRIL_10)
    assert draft.currency == case.currencies[MONTHS.index(month)]
    with localcontext() as context:
        context.prec = PRECISION
        listed = D(0)
        for day, sent in zip(DAYS, case.sent, strict=True):
            if month.first_day <= day < month.end_day:
                rows = _listed(history, center, day)
                assert {row.currency for row in rows} == {draft.currency}
                listed += sum((row.price_at_cost * sent[TYPES.index(row.type)] for row in rows), D(0))
        rate = history.on(month.last_day).exchange.rate("USD", draft.currency, month.last_day)
        lines = [*draft.lines, *draft.silent]
        assert sum((line.exact for line in lines if not line.is_carried), D(0)) == listed * rate
