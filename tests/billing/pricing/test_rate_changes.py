"""Which changes of a rate are believed at once, and which wait for a person."""

from decimal import Decimal

import pytest

from billing.models import Rate
from billing.pricing.rate_changes import RateChange, rate_changes
from billing.pricing.rate_types.known import guess_category

D = Decimal


def listed(**costs: str) -> list[Rate]:
    """Unsaved rates: `marketing="0.05"`, or `"0.05 SAR"`."""
    found = []
    for name, text in costs.items():
        cost, _space, currency = text.partition(" ")
        found.append(Rate(type=name, cost=D(cost), currency=currency or "USD"))
    return found


def changes(old: dict[str, str], new: dict[str, str], bound: int = 50) -> list[RateChange]:
    return rate_changes(listed(**old), listed(**new), bound=bound, category=guess_category)


@pytest.mark.parametrize(
    ("old", "new", "doubt"),
    [
        ("0.05", "50", "moved"),
        ("0.05", "0.075", None),  # by a half exactly
        ("0.05", "0.0750000001", "moved"),
        ("0.05", "0.025", None),
        ("0.05", "0.0249999999", "moved"),
        ("0.05", "0", "zero"),
        ("0", "0.0001", "moved"),
        ("0.05", "0.05 SAR", "currency"),
    ],
)
def test_what_moves_by_more_than_half_waits(old: str, new: str, doubt: str | None) -> None:
    (change,) = changes({"marketing": old}, {"marketing": new})
    assert change.doubt == doubt


def test_the_bound_is_a_setting_and_zero_always_waits() -> None:
    assert changes({"x": "1"}, {"x": "3"}, bound=200)[0].doubt is None
    assert changes({"x": "1"}, {"x": "3.01"}, bound=200)[0].doubt == "moved"
    assert changes({"x": "1"}, {"x": "0.0001"}, bound=200)[0].doubt is None
    assert changes({"x": "1"}, {"x": "0"}, bound=200)[0].doubt == "zero"
    assert changes({"x": "1"}, {"x": "1.06"}, bound=5)[0].doubt == "moved"


@pytest.mark.parametrize(
    ("name", "cost", "doubt"),
    [
        ("voice", "0.075", None),
        ("voice", "0.0751", "dearest"),  # it would raise the limit of plausible usage
        ("voice", "0.01 SAR", "currency"),
        ("yearly_plan", "900", None),  # no price and no limit follows it until it is chosen
    ],
)
def test_a_new_type_waits_where_it_is_far_above_all_others(name: str, cost: str, doubt: str | None) -> None:
    old = {"marketing": "0.05", "utility": "0.01", "monthly_plan": "9"}
    (change,) = changes(old, {**old, name: cost})
    assert (change.doubt, change.old, change.percent) == (doubt, None, None)


def test_types_that_go_are_listed_last_and_unchanged_ones_not_at_all() -> None:
    found = changes({"a": "1", "b": "2", "c": "3"}, {"b": "2.5", "c": "3", "d": "1"})
    assert [(change.type, change.percent) for change in found] == [("b", D(25)), ("d", None), ("a", None)]
    assert found[0].text == "\u2066b (+25%)\u2069"
    assert found[2].new is None
