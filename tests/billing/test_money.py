"""Currencies, rounding, amounts as typed and as read."""

from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from billing.money import digits, exact_amount, format_amount, legible, rounded
from billing.pricing.price_list import average
from centers.errors import OperationRefused


@pytest.mark.parametrize(("currency", "expected"), [("JPY", 0), ("USD", 2), ("LYD", 3), ("KWD", 3)])
def test_digits_are_those_of_the_cldr(currency: str, expected: int) -> None:
    assert digits(currency) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "USD", "0.01"),
        ("0.00499999999999999999999999999999999999", "USD", "0.00"),
        ("-0.005", "USD", "-0.01"),
        ("1.0005", "LYD", "1.001"),
        ("0.5", "JPY", "1"),
        ("2.5", "JPY", "3"),
    ],
)
def test_rounds_half_up(amount: str, currency: str, expected: str) -> None:
    assert rounded(Decimal(amount), currency) == Decimal(expected)


@given(st.decimals(min_value=0, max_value=10**12, places=9))
def test_rounding_moves_by_at_most_half_a_step(amount: Decimal) -> None:
    assert abs(rounded(amount, "LYD") - amount) <= Decimal("0.0005")


@pytest.mark.parametrize("text", ["x", "NaN", "Infinity", "-1", "0", "1e20", "12.345"])
def test_refuses_what_is_no_usd_amount(text: str) -> None:
    with pytest.raises(OperationRefused):
        exact_amount(text, "USD")


def test_too_many_decimals_are_named() -> None:
    with pytest.raises(OperationRefused) as refused:
        exact_amount("1.2345", "LYD")
    assert "LYD" in refused.value.message
    assert "3 decimals" in refused.value.message
    assert "1.2345" in refused.value.message


def test_takes_amounts_with_trailing_zeros() -> None:
    assert exact_amount("12.500", "USD") == Decimal("12.50")


def test_formats_with_the_digits_of_the_currency() -> None:
    with translation.override("en"):
        assert format_amount(Decimal("1234.5"), "LYD").replace("\xa0", " ") == "1,234.500 LYD"
        assert format_amount(Decimal(7), "JPY").replace("\xa0", " ") == "7 JPY"


def test_arabic_amounts_have_latin_digits_and_are_isolated() -> None:
    assert format_amount(Decimal("1234.5"), "KWD", "ar") == "\u20661,234.500 KWD\u2069"


@pytest.mark.parametrize(
    ("average", "quantity", "read"),
    [
        ("0.0100522461", 5187, "0.0100522"),
        ("8.1875000000", 1, "8.187500"),
        ("0.0000123456", 3, "0.0000123"),
        ("-0.0868909603", -12, "-0.086891"),
        ("0", 0, "0"),
    ],
)
def test_an_average_price_keeps_what_can_be_read(average: str, quantity: int, read: str) -> None:
    assert legible(Decimal(average), quantity, "OMR") == Decimal(read)


@example(units=206, quantity=9_472_478, currency="USD")
@given(
    units=st.integers(-(10**9), 10**9),
    quantity=st.integers(1, 9_999_999),
    currency=st.sampled_from(["USD", "KWD", "JPY"]),
)
def test_the_price_that_is_read_times_the_quantity_comes_to_the_amount(
    units: int, quantity: int, currency: str
) -> None:
    amount = Decimal(units).scaleb(-digits(currency))
    price = legible(average(amount, quantity), quantity, currency)
    assert rounded(price * quantity, currency) == amount


@pytest.mark.parametrize(
    "typed", ["1_000", "1e3", "1E+2", "NaN", "Infinity", "1,5,", "1 00", "", ".", "0x10", "½"]
)
def test_only_digits_are_an_amount(typed: str) -> None:
    with pytest.raises(OperationRefused, match="isn't an amount"):
        exact_amount(typed, "USD")


def test_an_operation_does_not_guess_between_two_readings() -> None:
    with pytest.raises(OperationRefused, match="two ways"):
        exact_amount("1,234", "USD")
    assert exact_amount("1 234,00", "USD") == 1234


@pytest.mark.parametrize("typed", ["12.5", " 12.50 ", "١٢٫٥", "۱۲.۵", "+12.5", "012.5", "12,5", "12٫5"])
def test_digits_of_any_script_are_an_amount(typed: str) -> None:
    assert exact_amount(typed, "USD") == Decimal("12.50")


@pytest.mark.parametrize(("text", "refused"), [("9999999999999.99", False), ("10000000000000", True)])
def test_the_largest_amount_fits_the_columns(text: str, refused: bool) -> None:
    if not refused:
        assert exact_amount(text, "USD") == Decimal(text)
        return
    with pytest.raises(OperationRefused, match="below 10,000,000,000,000"):
        exact_amount(text, "USD")


@pytest.mark.parametrize("typed", ["x" * 41, "1,234" + " " * 40])
def test_a_refusal_quotes_no_more_than_forty_characters(typed: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        exact_amount(typed, "USD")
    assert f"“{typed[:40]}”" in refused.value.message
