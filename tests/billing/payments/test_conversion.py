"""Credit in one currency beside a debt in another: converted by staff at the dated rate, exact, never automatically."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.dunning.suspension import suspend
from billing.invoicing import void_invoice
from billing.ledger import sums
from billing.models import CreditConversion, Invoice, LedgerEntry, Suspension
from billing.payments import convert_credit, convertible, plan_conversion, reverse_conversion
from billing.payments.conversion import Convertible, unusual_rate
from billing.pricing.conversion import Way
from billing.pricing.exchange_rates import set_exchange_rate
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop, make_shop
from tests.billing.dunning.test_dunning import at
from tests.billing.test_races import successes
from tests.billing.threads import at_once
from tests.shared_rows import ROWS

D = Decimal


def rate(shop: Shop, base: str, quote: str, value: str, day: date = date(2026, 2, 1)) -> None:
    set_exchange_rate(
        reseller=shop.reseller, base=base, quote=quote, day=day, rate=D(value), by=None, now=NOW
    )


def idle(shop: Shop) -> Invoice:
    """40 USD of credit beside an open invoice of 37.50 SAR."""
    paid = shop.owe("40", day=date(2026, 2, 1))
    shop.pay("40")
    void_invoice(invoice=paid, because="x", by=None, now=NOW)
    Center.objects.update(currency="SAR")
    shop.center.refresh_from_db()
    rate(shop, "USD", "SAR", "3.75")
    return shop.owe("10")


def make_idle() -> Shop:
    shop = make_shop()
    with tenant(shop.reseller):
        idle(shop)
    return shop


@pytest.fixture
def shop_rows(request: pytest.FixtureRequest) -> Shop:
    """With the credit and the invoice, made once for the tests that don't commit."""
    return ROWS.get(request, make_idle)


@pytest.fixture
def plain_shop(db: None) -> Iterator[Shop]:
    """Without them."""
    made = make_shop()
    with tenant(made.reseller):
        yield made


def convert(shop: Shop, amount: str = "10", base: str = "USD", quote: str = "SAR") -> CreditConversion:
    return convert_credit(
        center=shop.center, amount=D(amount), from_currency=base, to_currency=quote, by=None, now=NOW
    )


def test_credit_covers_what_is_due_in_another_currency(shop: Shop) -> None:
    invoice = Invoice.objects.get(open_amount__gt=0)
    assert (invoice.open_amount, sums(shop.center)) == (D("37.5"), {"SAR": D("37.5"), "USD": -40})
    [pair] = convertible(shop.center, NOW)
    assert (pair.from_currency, pair.credit, pair.to_currency, pair.due) == ("USD", 40, "SAR", D("37.5"))
    assert pair.suggested == 10
    row = convert(shop)
    assert (row.to_amount, row.rate, row.divisor, row.rate_day) == (D("37.5"), D("3.75"), 1, date(2026, 2, 1))
    taken, given = row.entries.order_by("pk")
    assert (taken.amount, taken.currency, given.amount, given.currency) == (10, "USD", D("-37.5"), "SAR")
    assert taken.conversion == given.conversion == row
    invoice.refresh_from_db()
    assert (invoice.open_amount, sums(shop.center)) == (0, {"SAR": 0, "USD": -30})
    data = AuditEntry.objects.get(action="credit.converted").data
    assert (data["amount"], data["total"]) == ("10.00 USD", "37.50 SAR")
    assert data["rate"].startswith("3.75")


def test_a_typed_rate_needs_a_reason_and_no_dated_one(shop: Shop) -> None:
    invoice = Invoice.objects.get(open_amount__gt=0)
    how = {"center": shop.center, "amount": D(10), "from_currency": "USD", "to_currency": "SAR"}
    how |= {"by": None, "now": NOW}
    with pytest.raises(OperationRefused, match="Enter the reason"):
        convert_credit(**how, rate=D("3.7"))
    for wrong in ("0", "-3.7", "NaN", "3.70000000001"):
        with pytest.raises(OperationRefused, match="above zero"):
            convert_credit(**how, rate=D(wrong), because="bank")
    row = convert_credit(**how, rate=D("3.7"), because=" The bank's rate ")
    assert (row.to_amount, row.rate, row.divisor, row.is_typed) == (37, D("3.7"), 1, True)
    assert (row.reason, row.rate_day) == ("The bank's rate", date(2026, 3, 5))
    invoice.refresh_from_db()
    assert invoice.open_amount == D("0.5")
    assert AuditEntry.objects.get(action="credit.converted").data["because"] == "The bank's rate"
    how["to_currency"] = "LYD"
    assert convert_credit(**how, rate=D(5), because="no rate is entered").to_amount == 50
    assert convert_credit(**how, rate=D("0.5"), because="less than one").to_amount == 5


def test_reasons_are_cut_at_what_is_stored(shop: Shop) -> None:
    how = {"center": shop.center, "amount": D(10), "from_currency": "USD", "to_currency": "SAR"}
    row = convert_credit(**how, rate=D("3.7"), because="r" * 400, by=None, now=NOW)
    back = reverse_conversion(conversion=row, because="r" * 400, by=None, now=NOW)
    assert (row.reason, back.reason) == ("r" * 300, "r" * 300)


def test_a_rate_far_from_the_dated_one_may_be_a_slip(shop: Shop) -> None:
    assert unusual_rate(shop.center, "USD", "SAR", D("3.7"), NOW) is None
    assert unusual_rate(shop.center, "USD", "SAR", D("37.5"), NOW) == D("3.75")
    assert unusual_rate(shop.center, "SAR", "USD", D("3.75"), NOW) == D("0.2666666667")
    assert unusual_rate(shop.center, "USD", "LYD", D(5), NOW) is None, "there is none to compare it with"


def test_a_conversion_is_reversed_once_by_the_same_amounts(shop: Shop) -> None:
    invoice = Invoice.objects.get(open_amount__gt=0)
    row = convert(shop)
    rate(shop, "USD", "SAR", "4", day=date(2026, 3, 5))
    with pytest.raises(OperationRefused, match="Enter a reason"):
        reverse_conversion(conversion=row, because=" ", by=None, now=NOW)
    back = reverse_conversion(conversion=row, because="wrong rate", by=None, now=NOW)
    assert (back.from_amount, back.from_currency, back.to_amount, back.to_currency) == (
        D("37.5"), "SAR", 10, "USD",
    )  # fmt: skip
    assert back.reverses == row
    invoice.refresh_from_db()
    assert (invoice.open_amount, sums(shop.center)) == (D("37.5"), {"SAR": D("37.5"), "USD": -40})
    assert AuditEntry.objects.get(action="credit.conversion_reversed").data["because"] == "wrong rate"
    for one in (row, back):
        with pytest.raises(OperationRefused, match="already been reversed"):
            reverse_conversion(conversion=one, because="again", by=None, now=NOW)
    assert convert(shop).to_amount == 40, "the credit can be converted again, at another rate"


def test_the_database_refuses_another_reversal_than_the_opposite(shop: Shop) -> None:
    row = convert(shop)
    back = reverse_conversion(conversion=row, because="x", by=None, now=NOW)
    values = {
        name: getattr(back, name) for name in ("reseller", "center", "rate", "divisor", "rate_day", "at")
    }
    money = {
        "from_amount": back.from_amount,
        "from_currency": "SAR",
        "to_amount": D(10),
        "to_currency": "USD",
    }
    for change, why in (
        ({}, "creditconversion_reverses"),
        ({"to_amount": D(11)}, "does not reverse"),
        ({"reverses": back}, "does not reverse"),
        ({"reason": ""}, "has_a_reason"),
    ):
        wrong = CreditConversion(**{"reason": "x", "reverses": row} | values | money | change)
        with pytest.raises(IntegrityError, match=why), transaction.atomic():
            written(wrong)


def test_eight_reversals_at_once_are_one(committed_shop: Shop) -> None:
    shop = committed_shop
    idle(shop)
    row = convert(shop)

    def reverse(_number: int) -> CreditConversion:
        return reverse_conversion(conversion=row, because="x", by=None, now=NOW)

    assert len(successes(at_once(reverse, reseller=shop.reseller))) == 1
    assert sums(shop.center) == {"SAR": D("37.5"), "USD": -40}


def test_nothing_is_converted_without_a_person(shop: Shop) -> None:
    assert not CreditConversion.objects.exists()


def test_the_opposite_rate_is_used_where_only_that_was_entered(plain_shop: Shop) -> None:
    shop = plain_shop
    shop.owe("30")
    Center.objects.update(currency="SAR")
    shop.center.refresh_from_db()
    rate(shop, "USD", "SAR", "3.75")
    shop.pay("100", currency="SAR")
    Center.objects.update(currency="USD")
    shop.center.refresh_from_db()
    [pair] = convertible(shop.center, NOW)
    assert (pair.from_currency, pair.suggested) == ("SAR", 100)
    row = convert(shop, "100", "SAR", "USD")
    assert (row.to_amount, row.rate, row.divisor) == (D("26.67"), 1, D("3.75"))


def test_the_suggestion_covers_all_that_is_due(shop: Shop) -> None:
    """Rounded, a cent less would leave a halala open."""
    rate(shop, "USD", "SAR", "3.7701", day=date(2026, 3, 1))
    [pair] = convertible(shop.center, NOW)
    plan = plan_conversion(
        center=shop.center, amount=pair.suggested, from_currency="USD", to_currency="SAR", now=NOW
    )
    assert (pair.suggested, plan.to_amount) == (D("9.95"), D("37.51"))


@pytest.mark.parametrize(
    ("amount", "base", "quote", "why"),
    [
        ("40.01", "USD", "SAR", r"has a credit of 40\.00"),
        ("1", "SAR", "USD", r"has a credit of 0\.00"),
        ("1", "USD", "USD", "must differ"),
        ("1", "USD", "LYD", "no current exchange rate"),
        ("0", "USD", "SAR", "above zero"),
        ("1.001", "USD", "SAR", "up to 2 decimals"),
        ("0.01", "USD", "BTC", "no current exchange rate"),
    ],
)
def test_what_cannot_be_converted_is_refused(
    shop: Shop, amount: str, base: str, quote: str, why: str
) -> None:
    with pytest.raises(OperationRefused, match=why):
        convert(shop, amount, base, quote)
    assert not CreditConversion.objects.exists()


def test_a_rate_that_is_too_old_is_not_used(shop: Shop) -> None:
    rate(shop, "USD", "LYD", "5", day=date(2025, 1, 1))
    with pytest.raises(OperationRefused, match="no current exchange rate"):
        convert(shop, "1", "USD", "LYD")
    Center.objects.update(currency="LYD")
    shop.center.refresh_from_db()
    pairs = convertible(shop.center, NOW)
    assert [(pair.to_currency, pair.suggested) for pair in pairs] == [("SAR", 10), ("LYD", 0)]


def test_an_amount_that_becomes_nothing_is_refused(shop: Shop) -> None:
    rate(shop, "USD", "KWD", "0.0001")
    with pytest.raises(OperationRefused, match="smallest amount of KWD"):
        convert(shop, "0.01", "USD", "KWD")


def test_a_conversion_resumes_a_suspended_center(shop: Shop) -> None:
    suspend(center=shop.center, now=at(10))
    assert Suspension.objects.filter(ended_at=None).exists()
    convert(shop)
    assert not Suspension.objects.filter(ended_at=None).exists()


def test_eight_at_once_never_convert_more_than_the_credit(committed_shop: Shop) -> None:
    shop = committed_shop
    idle(shop)
    results = at_once(lambda _number: convert(shop, "15"), reseller=shop.reseller)
    assert len(successes(results)) == 2
    assert sums(shop.center) == {"SAR": D("-75"), "USD": -10}


def test_the_database_refuses_half_a_conversion_and_more_than_the_credit(shop: Shop) -> None:
    row = convert(shop, "1")
    entry = row.entries.get(currency="USD")
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    with pytest.raises(IntegrityError, match="do not balance"), transaction.atomic():
        written(CreditConversion(**values))
    entry.pk, entry.currency = None, "EUR"
    with pytest.raises(IntegrityError, match="more than the credit"), transaction.atomic():
        written(entry)
    entry.currency, entry.amount = "EUR", D(-1)
    with pytest.raises(IntegrityError, match="do not balance"), transaction.atomic():
        written(entry)
    for change in ({"rate": 1}, {"to_amount": 1}, {"rate_day": date(2020, 1, 1)}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            CreditConversion.objects.update(**change)
    assert LedgerEntry.objects.filter(kind="conversion").count() == 2


def written(row: CreditConversion | LedgerEntry) -> None:
    row.save(force_insert=True)
    connection.check_constraints()


def test_without_a_rate_nothing_is_suggested() -> None:
    assert Convertible("USD", D(40), "SAR", D("37.50"), None).suggested == 0


def test_the_suggestion_is_rounded_up_where_less_would_not_do() -> None:
    way = Way(rate=D("3.75"), divisor=D(1), day=date(2026, 2, 1))
    assert Convertible("USD", D(40), "SAR", D("0.01"), way).suggested == D("0.01")
