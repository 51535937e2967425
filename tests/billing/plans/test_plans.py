"""What a plan charges: its price by the day, and what is beyond its included messages, once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.charges import add_discount
from billing.invoicing import close_period, preview_invoice, void_invoice, waive_usage
from billing.models import BeyondClaim, Charge, Discount, InvoiceLine, TaxProfile
from billing.periods import Period
from billing.plans import add_terms
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.history.center_changes import change_center
from billing.pricing.price_list import PriceList
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, corrected, issue
from tests.billing.plans.conftest import FEB_1, JANUARY_2, choose, read, since_january, sold
from tests.billing.tax.shops import register, tax_rate
from whatsapp.models import Instance

D = Decimal
FEB_10, FEB_15, FEB_20 = date(2026, 2, 10), date(2026, 2, 15), date(2026, 2, 20)
Shown = list[tuple[str, int, Decimal]]


def shown(shop: Shop, period: Period = FEBRUARY) -> Shown:
    lines = preview_invoice(shop.center, period).lines
    return [(line.kind, line.quantity, line.amount) for line in lines if line.kind != "carried"]


def billed(shop: Shop) -> Decimal:
    """All that lines of documents charge, exactly."""
    return sum((line.exact or D(0) for line in InvoiceLine.objects.exclude(kind="carried")), D(0))


def test_what_is_beyond_has_its_share_of_the_cost_at_the_price_list(shop: Shop) -> None:
    shop.margin("50", "0.01")
    number, other = since_january(shop), since_january(shop)
    (charge,) = choose(shop, sold(shop))
    read(shop, {(number, FEB_10): (700, "7"), (other, FEB_20): (550, "8")})
    assert shown(shop) == [
        ("usage", 700, 0),
        ("usage", 550, 0),
        ("plan", 1, 280),
        ("beyond", 250, D("7.00")),  # 15 x 250/1250 x 1.5 + 0.01 x 250
    ]
    invoice = issue(shop)
    line = invoice.lines.get(kind="beyond")
    assert (line.cost, line.percent, line.fixed, line.charge, line.heading) == (
        3,
        50,
        D("0.01"),
        charge,
        "Basic",
    )
    claim = BeyondClaim.objects.get()
    assert (claim.messages, claim.included, claim.beyond, claim.quantity, claim.line) == (
        1250,
        1000,
        250,
        250,
        line,
    )
    assert shown(shop, MARCH) == [("plan", 1, 280)]
    void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert shown(shop)[-1] == ("beyond", 250, D("7.00"))
    assert issue(shop, now=APRIL_5).total == 287


def test_messages_within_the_plan_cost_nothing_more(shop: Shop) -> None:
    shop.margin("50", "0.01")
    number = since_january(shop)
    choose(shop, sold(shop))
    read(shop, {(number, FEB_10): (1000, "9999")})
    assert shown(shop) == [("usage", 1000, 0), ("plan", 1, 280)]
    assert issue(shop).lines.get(kind="usage").is_in_plan
    assert BeyondClaim.objects.get().line is None
    price_list = PriceList(shop.reseller, FEB_10, center=shop.center)
    assert price_list.discounts.on_listed_messages(shop.center, FEB_10).percent == 0, "the price list stays"


def test_a_price_beyond_is_the_plans_own(shop: Shop) -> None:
    shop.margin("50", "0.01")
    number = since_january(shop)
    choose(shop, sold(shop, beyond=D("0.0375")))
    read(shop, {(number, FEB_10): (1003, "50")})
    assert shown(shop)[-1] == ("beyond", 3, D("0.11"))
    assert preview_invoice(shop.center, FEBRUARY).lines[-1].has_plan_price, "no margin is shown"
    line = issue(shop).lines.get(kind="beyond")
    assert (line.exact, line.cost, line.margin, line.has_plan_price) == (D("0.1125"), 0, None, True)


def test_each_number_has_its_own_messages_for_the_days_it_was_held(shop: Shop) -> None:
    whole, moved = since_january(shop), since_january(shop)
    other = shop.new_center()
    Instance.objects.filter(pk=moved.pk).update(center=other, held_since=datetime(2026, 2, 15, 9, tzinfo=UTC))
    choose(shop, sold(shop, per_number=True, beyond=D("0.1")))
    used = {(whole, FEB_10): (1010, "1"), (moved, FEB_10): (480, "1"), (moved, date(2026, 2, 14)): (30, "1")}
    read(shop, used)
    # The second number: 14 of 28 days, so 500 messages and half of the price.
    assert shown(shop) == [
        ("usage", 1010, 0),
        ("usage", 510, 0),
        ("plan", 1, 280),
        ("plan", 1, 140),
        ("beyond", 10, 1),
        ("beyond", 10, 1),
    ]
    invoice = issue(shop)
    assert {line.instance for line in invoice.lines.all()} == {whole, moved}


def test_a_number_that_came_and_went_on_one_day_has_none_included(shop: Shop) -> None:
    other = shop.new_center()
    passing = shop.number(other, held_since=datetime(2026, 1, 5, 9, tzinfo=UTC))
    choose(shop, sold(shop, per_number=True, beyond=D("0.1")))
    own = Instance.objects.filter(pk=passing.pk)
    own.update(center=shop.center, held_since=datetime(2026, 2, 10, 6, tzinfo=UTC))
    passing.refresh_from_db()
    shop.read(passing, FEB_10, sent=7, cost="1", at=datetime(2026, 2, 10, 10, tzinfo=UTC))
    own.update(center=other, held_since=datetime(2026, 2, 10, 12, tzinfo=UTC))
    assert shown(shop) == [("usage", 7, 0), ("beyond", 7, D("0.70"))]


def test_a_plan_that_changes_inside_a_month_counts_each_part_alone(shop: Shop) -> None:
    number = since_january(shop)
    basic, large = (
        sold(shop, beyond=D("0.1")),
        sold(shop, name="Large", amount="560", included=3000, beyond=D("0.05")),
    )
    choose(shop, basic, FEB_1)
    choose(shop, large, FEB_15)
    read(shop, {(number, FEB_10): (520, "1"), (number, FEB_20): (1600, "1")})
    assert shown(shop) == [
        ("usage", 520, 0),
        ("usage", 1600, 0),
        ("plan", 1, 140),
        ("plan", 1, 280),
        ("beyond", 20, 2),
        ("beyond", 100, 5),
    ]


def test_new_terms_apply_from_their_day_on(shop: Shop) -> None:
    number = since_january(shop)
    plan = sold(shop, beyond=D("0.1"))
    choose(shop, plan)
    add_terms(plan=plan, amount="140", included=100, beyond=None, day=FEB_15, by=None, now=JANUARY_2)
    read(shop, {(number, FEB_10): (520, "1"), (number, FEB_20): (60, "6")})
    assert shown(shop) == [
        ("usage", 520, 0),
        ("usage", 60, 0),
        ("plan", 1, 140),
        ("plan", 1, 70),
        ("beyond", 20, 2),
        ("beyond", 10, 1),
    ]


def test_days_without_the_plan_are_charged_by_the_price_list(shop: Shop) -> None:
    number = since_january(shop)
    choose(shop, sold(shop), FEB_15, until=date(2026, 2, 21))
    read(
        shop,
        {(number, FEB_10): (10, "1"), (number, FEB_20): (251, "2.51"), (number, date(2026, 2, 22)): (5, "2")},
    )
    # 7 of 28 days: 250 messages
    assert shown(shop) == [
        ("usage", 15, 3),
        ("usage", 251, 0),
        ("plan", 1, 70),
        ("beyond", 1, D("0.01")),
    ]


def test_late_usage_is_charged_only_where_it_is_beyond(shop: Shop) -> None:
    number = since_january(shop)
    choose(shop, sold(shop, beyond=D("0.1")))
    read(shop, {(number, FEB_10): (900, "9")})
    issue(shop)
    read(shop, {(number, FEB_10): (990, "9.9")}, at=APRIL_5, days=list(MARCH.days()))
    assert shown(shop, MARCH) == [("plan", 1, 280), ("adjustment", 90, 0)]
    read(shop, {(number, FEB_10): (1030, "10.3")}, at=APRIL_5, days=[])
    assert shown(shop, MARCH) == [("plan", 1, 280), ("adjustment", 130, 0), ("beyond", 30, 3)]
    issue(shop, MARCH, now=APRIL_5)
    assert billed(shop) == 563
    last = BeyondClaim.objects.filter(first_day=FEB_1).order_by("pk").last()
    assert last is not None
    assert (last.messages, last.quantity, last.revision) == (1030, 30, 1)


def test_what_goes_down_gives_back_what_is_beyond_first(shop: Shop) -> None:
    shop.margin("100")
    number = since_january(shop)
    choose(shop, sold(shop))
    read(shop, {(number, FEB_10): (900, "9"), (number, FEB_20): (300, "3")})
    invoice = issue(shop)
    assert invoice.total == 284  # 12 x 200/1200 x 2
    read(shop, {(number, FEB_10): (750, "7.5")}, at=APRIL_5, days=list(MARCH.days()))
    (note,) = corrected(shop)
    assert (note.credits, note.total) == (invoice, -3)  # 10.5 x 50/1050 x 2 = 1
    assert billed(shop) == 280 + 280 + 1
    assert sum(claim.quantity for claim in BeyondClaim.objects.filter(first_day=FEB_1)) == 50
    void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert not BeyondClaim.objects.filter(voided_at=None, first_day=FEB_1).exists()
    assert shown(shop)[-1] == ("beyond", 50, 1)


def test_a_month_invoiced_in_two_parts_counts_as_one(shop: Shop) -> None:
    number = since_january(shop)
    choose(shop, sold(shop, beyond=D("0.1")))
    read(shop, {(number, FEB_10): (900, "9"), (number, FEB_20): (150, "1")})
    first, second = Period(FEB_1, FEB_15), Period(FEB_15, FEBRUARY.end_day)
    assert shown(shop, first) == [("usage", 900, 0)]
    close_period(center=shop.center, period=first, by=None, now=NOW)
    assert shown(shop, second) == [("usage", 150, 0), ("plan", 1, 280), ("beyond", 50, 5)]


def test_a_void_month_with_later_corrections_adds_up(shop: Shop) -> None:
    number = since_january(shop)
    choose(shop, sold(shop, beyond=D("0.1")))
    read(shop, {(number, FEB_10): (1100, "9")})
    invoice = issue(shop)
    read(shop, {(number, FEB_10): (1150, "9")}, at=APRIL_5, days=list(MARCH.days()))
    issue(shop, MARCH, now=APRIL_5)
    void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert shown(shop)[-1] == ("beyond", 100, 10), "50 of 150 are on the invoice of March"
    issue(shop, now=APRIL_5)
    assert sum(claim.quantity for claim in BeyondClaim.objects.filter(voided_at=None, first_day=FEB_1)) == 150


def test_which_messages_count_stays_as_it_was_invoiced(shop: Shop) -> None:
    number = since_january(shop)
    choose(shop, sold(shop, beyond=D("0.1")))
    read(shop, {(number, FEB_10): (1100, "9")})
    shop.read(number, FEB_20, sent=50, failed=50, at=datetime(2026, 3, 2, 10, tzinfo=UTC))
    issue(shop)
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable="sent")
    read(shop, {(number, FEB_10): (1101, "9")}, at=APRIL_5, days=list(MARCH.days()))
    assert shown(shop, MARCH)[-1] == ("beyond", 1, D("0.10"))


def test_a_discount_and_the_included_tax_apply_to_what_is_beyond(shop: Shop) -> None:
    register(shop)
    tax_rate(shop)
    TaxProfile.objects.update(prices_include_tax=True)
    number = since_january(shop)
    choose(shop, sold(shop, beyond=D("0.23")))
    add_discount(
        center=shop.center, percent=D(50), on=Discount.On.MESSAGES, day=FEB_1, by=None, now=JANUARY_2
    )
    read(shop, {(number, FEB_10): (1100, "9")})
    draft = preview_invoice(shop.center, FEBRUARY)
    assert [line.amount for line in draft.lines] == [0, D("243.48"), 10]
    assert draft.total == D("291.50"), "280 and half of 23, both with the tax"


def test_the_database_refuses_what_does_not_fit(shop: Shop) -> None:
    number = since_january(shop)
    plan = sold(shop)
    (charge,) = choose(shop, plan)
    read(shop, {(number, FEB_10): (1100, "9")})
    issue(shop)
    claim = BeyondClaim.objects.get()
    for change, match in (
        ({}, "beyondclaim_once"),
        ({"revision": 1, "instance": number}, "does not apply"),
        ({"revision": 1, "end_day": FEB_1}, "beyondclaim_has_days"),
    ):
        row = BeyondClaim.objects.get(pk=claim.pk)
        row.pk = None
        for name, value in change.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            row.save(force_insert=True)
    charge.pk, charge.first_day = None, date(2026, 3, 1)
    with pytest.raises(IntegrityError, match="charge_plans_apart"), transaction.atomic():
        charge.save(force_insert=True)
    charge.amount = D(1)
    with pytest.raises(IntegrityError, match="does not fit terms"), transaction.atomic():
        charge.save(force_insert=True)


@pytest.mark.parametrize("per_number", [False, True])
def test_what_staff_waived_gives_nothing_back_when_it_goes_down(shop: Shop, per_number: bool) -> None:
    number = since_january(shop)
    beyond = number if not per_number else since_january(shop)
    choose(shop, sold(shop, beyond=D("0.1"), per_number=per_number, amount="140" if per_number else "280"))
    read(shop, {(number, FEB_10): (1100, "11"), (beyond, FEB_20): (1050, "10")})
    waive_usage(instance=number, period=Period(FEB_10, FEB_15), because="Tests", by=None, now=NOW)
    assert issue(shop).total == 285
    read(shop, {(number, FEB_10): (600, "6")}, at=APRIL_5, days=list(MARCH.days()))
    assert [row[0] for row in shown(shop, MARCH)] == ["plan"] * (1 + per_number)


def test_more_beyond_a_month_in_another_currency_is_charged_in_the_present_one(shop: Shop) -> None:
    common: dict[str, Any] = {"by": None, "now": JANUARY_2}
    number = since_january(shop)
    choose(shop, sold(shop, beyond=D("0.1")))
    set_exchange_rate(
        reseller=shop.reseller, base="USD", quote="SAR", day=date(2026, 1, 1), rate=D("3.75"), **common
    )
    change_center(
        center=shop.center, name="invoice_currency", value="SAR", valid_from=MARCH.first_day, **common
    )
    shop.center.refresh_from_db()
    read(shop, {(number, FEB_10): (1030, "10.3")})
    invoice = issue(shop)
    assert (invoice.currency, invoice.total) == ("USD", 283)
    read(shop, {(number, FEB_10): (1050, "10.5")}, at=APRIL_5, days=list(MARCH.days()))
    lines = preview_invoice(shop.center, MARCH).lines
    (beyond,) = [line for line in lines if line.kind == "beyond"]
    assert (beyond.currency, beyond.quantity, beyond.amount) == ("SAR", 20, D("7.50"))
    assert (beyond.number_label, beyond.charge_id) == ("", Charge.objects.get().pk)
