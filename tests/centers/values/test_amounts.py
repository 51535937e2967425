"""Numbers as people write them, and what can be read in two ways."""

import argparse
from contextlib import suppress
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from billing.money import format_amount
from centers.values.amount_fields import AmountField, CountField, ListField
from centers.values.amounts import amount_argument, count_argument, read_amount

D = Decimal
ONE = {
    "1234.5": "1234.5", "1,5": "1.5", "1.5": "1.5", "10,61": "10.61", "1,234.5": "1234.5", "1.234,5": "1234.5",
    "1٫5": "1.5", "١٫٥": "1.5", "۱٫۵": "1.5", "١٬٢٣٤٫٥": "1234.5", "1٬234": "1234", "1 234,5": "1234.5",
    "1\u00a0234,567": "1234.567", "1\u202f234": "1234", "1'234.50": "1234.50", "1’234": "1234",
    "1,234,567": "1234567", "1.234.567": "1234567", "1.234.567,89": "1234567.89", "1,234.567": "1234.567",
    "0,001": "0.001", "\u20660.001\u2069": "0.001", "\u200f١٢\u200e": "12", "-1,5": "-1.5", "\u22121.5": "-1.5",
    "+3": "3", "1234,567": "1234.567", "1,2345": "1.2345", ",5": "0.5", ".125": "0.125", "5.": "5", "1،5": "1.5",
    "\u20661,234.500 LYD\u2069": "1234.500", "LYD 1.5": "1.5", "1.5lyd": "1.5", "2,5 %": "2.5", "٢٪": "2",
}  # fmt: skip
TWO = {
    "1,234": ("1.234", "1234"), "10,617": ("10.617", "10617"), "١،٢٣٤": ("1.234", "1234"),
    "1.234": ("1.234", "1234"), "-1,234": ("-1.234", "-1234"), "3,750 USD": ("3.750", "3750"),
    "\u2066999,999\u2069": ("999.999", "999999"),
}  # fmt: skip
NONE = [
    "", "x", "NaN", "Infinity", "1e5", "1,23,456", "12,34.5", "1.2.3", "1,234,56", "1 23", "1 2", "1٫2٫3", "--1",
    "1-", "USD", "1 USD LYD", "$5", "1/2", "²", "1\n2", "1\0", "0x1f", "9" * 70, "1_000", ",", "1.5.", "LYD 1 USD",
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), ONE.items())
def test_what_has_one_meaning_is_read(text: str, value: str) -> None:
    assert read_amount(text).values == (Decimal(value),)


@pytest.mark.parametrize(("text", "values"), TWO.items())
def test_what_has_two_meanings_keeps_both(text: str, values: tuple[str, str]) -> None:
    assert read_amount(text).values == tuple(map(Decimal, values))


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # the only error it raises
        read_amount(text)


@given(st.text(max_size=70))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert all(value.is_finite() for value in read_amount(text).values)


@given(st.decimals(min_value=D("0.001"), max_value=10**12, places=3), st.sampled_from(["LYD", "USD", "JPY"]))
def test_every_amount_of_our_own_can_be_pasted_back(amount: Decimal, currency: str) -> None:
    for language in ("en", "ar"):
        with translation.override(language):
            text = format_amount(amount, currency)
        reading = read_amount(text)
        assert reading.currency == currency
        shown = Decimal("".join(one for one in text if one in "0123456789.-"))
        assert shown in reading.values


class Rates(forms.Form):
    rate = AmountField(max_digits=20, decimal_places=10, min_value=0, max_value=50_000)


def money(currency: str, places: int, printed: str = "") -> AmountField:
    field = AmountField(printed=frozenset([D(printed)] if printed else []))
    field.in_currency(currency, places)
    return field


def test_an_ambiguous_rate_is_shown_back_with_both_readings_and_counts_once_one_is_chosen() -> None:
    form = Rates({"rate": "3,750"})
    assert form.errors.as_data()["rate"][0].code == "ambiguous"
    page = " ".join(str(form["rate"]).split())
    assert 'value="3,750"' in page
    for part in ('value="3.750"', 'value="3750"', "between 3 and 4", "more than 3 thousand"):
        assert part in page
    assert "checked" not in page
    for chosen in ("3.750", "3750"):
        again = Rates({"rate": "3,750", "rate-reading": chosen})
        assert again.is_valid()
        assert again.cleaned_data["rate"] == D(chosen)
        assert f'value="{chosen}" checked' in " ".join(str(again["rate"]).split())


def test_a_choice_counts_only_for_the_text_it_was_made_for() -> None:
    assert Rates({"rate": "4,750", "rate-reading": "3.750"}).errors.as_data()["rate"][0].code == "ambiguous"
    other = Rates({"rate": "4,75", "rate-reading": "3.750"})
    assert other.is_valid()
    assert other.cleaned_data["rate"] == D("4.75")
    assert "radio" not in str(other["rate"])


def test_only_readings_that_fit_are_offered_and_a_single_one_is_still_shown() -> None:
    form = Rates({"rate": "50,617"})  # 50,617 is above the limit
    assert not form.is_valid()
    page = " ".join(str(form["rate"]).split())
    assert page.count("radio") == 1
    assert 'value="50.617" checked' in page
    field = money("USD", 2)
    with pytest.raises(ValidationError) as caught:
        field.clean("1,234")
    assert caught.value.code == "ambiguous"
    assert field.clean(("1,234", "1234")) == 1234
    with pytest.raises(ValidationError):
        field.clean(("1,234", "1.234"))


def test_a_point_is_ambiguous_only_in_money_with_three_decimals() -> None:
    assert Rates({"rate": "1.234"}).is_valid()
    assert money("USD", 2).clean("1.234") == D("1.234")  # which USD then refuses as too fine
    with pytest.raises(ValidationError, match="two ways"):
        money("LYD", 3).clean("1.234")
    assert money("LYD", 3).clean("1.5") == D("1.5")


def test_an_amount_that_the_page_shows_is_read_as_it_stands_there() -> None:
    assert money("LYD", 3, printed="10.617").clean("10.617") == D("10.617")
    with pytest.raises(ValidationError, match="two ways"):
        money("LYD", 3, printed="10.617").clean("10,617")


def test_an_amount_pasted_from_our_own_mail_is_read_as_the_mail_means_it() -> None:
    with translation.override("ar"):
        text = format_amount(D("10.617"), "LYD")
    assert money("LYD", 3).clean(text) == D("10.617")


def test_an_amount_in_another_currency_is_refused() -> None:
    assert money("LYD", 3).clean("\u20661,234.500 LYD\u2069") == D("1234.5")
    with pytest.raises(ValidationError, match="USD"):
        money("LYD", 3).clean("5 USD")


def test_a_field_says_what_is_no_number() -> None:
    form = Rates({"rate": "abc"})
    assert "Write it like 1234.5" in str(form.errors)


def test_inputs_ask_for_a_decimal_keyboard_and_are_text() -> None:
    page = str(Rates()["rate"])
    assert 'type="text"' in page
    assert 'inputmode="decimal"' in page


@pytest.mark.parametrize(("text", "value"), [("٣٠", 30), ("\u206630\u2069", 30), ("\u22123", -3), (" 7 ", 7)])
def test_counts_take_digits_of_any_script(text: str, value: int) -> None:
    assert CountField(min_value=-9).clean(text) == value


@pytest.mark.parametrize("text", ["-3, 0, 3", "\u2066-3,0,3\u2069", "−3،٠،٣", "-3;0;3,"])
def test_lists_take_commas_of_either_script(text: str) -> None:
    assert ListField(CountField()).clean(text) == [-3, 0, 3]


def test_a_command_line_refuses_what_it_cannot_ask_about() -> None:
    assert amount_argument("0,5") == D("0.5")
    assert amount_argument("1.234") == D("1.234")
    assert count_argument("٦٠") == 60
    for wrong in ("1,234", "x"):
        with pytest.raises(argparse.ArgumentTypeError):
            amount_argument(wrong)
    with pytest.raises(argparse.ArgumentTypeError):
        count_argument("1.5")
