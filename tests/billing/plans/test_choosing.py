"""Which plan a center has from which day on, new terms, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.charges import end_charge, withdraw_charge
from billing.documents.texts import explanations
from billing.invoicing import close_period
from billing.limits.exposure import exposures
from billing.limits.terms import LIMIT
from billing.models import Charge, Plan
from billing.periods import Period
from billing.plans import add_terms, archive_plan
from billing.queries.plans import plan_notes, plans_on
from billing.reports.profit import profit_report
from billing.unbilled.accrued import numbers_so_far
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.lifecycle import archive_center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import issue
from tests.billing.limits.test_limits import terms as credit_terms
from tests.billing.plans.conftest import FEB_1, JANUARY_2, choose, read, since_january, sold

D = Decimal
FEB_15 = date(2026, 2, 15)
FEB_28 = datetime(2026, 2, 28, 20, tzinfo=UTC)


def held(shop: Shop) -> list[tuple[str, date, date | None]]:
    rows = Charge.objects.filter(center=shop.center, withdrawn_at=None).order_by("first_day")
    return [(row.description, row.first_day, row.end_day) for row in rows]


def test_another_plan_ends_the_first_and_withdraws_what_was_planned(shop: Shop) -> None:
    basic, large = sold(shop), sold(shop, name="Large")
    choose(shop, basic)
    choose(shop, large, date(2026, 3, 1))
    assert held(shop) == [("Basic", FEB_1, date(2026, 3, 1)), ("Large", date(2026, 3, 1), None)]
    choose(shop, large, FEB_15, until=date(2026, 2, 20))
    assert held(shop) == [("Basic", FEB_1, FEB_15), ("Large", FEB_15, date(2026, 2, 21))]
    choose(shop, None, date(2026, 2, 18))
    assert held(shop) == [("Basic", FEB_1, FEB_15), ("Large", FEB_15, date(2026, 2, 18))]
    with pytest.raises(OperationRefused, match="has no plan on") as refused:
        choose(shop, None, date(2026, 2, 18))
    assert refused.value.field == "day"
    assert AuditEntry.objects.filter(action="charge.added").count() == 3


def test_terms_that_come_later_are_chosen_with_the_plan(shop: Shop) -> None:
    plan = sold(shop)
    about: dict[str, Any] = {"plan": plan, "by": None, "now": JANUARY_2}
    add_terms(**about, amount="300", included=2000, day=date(2026, 3, 1))
    choose(shop, plan)
    rows = Charge.objects.order_by("first_day").values_list("first_day", "end_day", "amount")
    assert list(rows) == [(FEB_1, date(2026, 3, 1), 280), (date(2026, 3, 1), None, 300)]
    add_terms(**about, amount="290", included=1000, day=FEB_1)
    rows = Charge.objects.filter(withdrawn_at=None).order_by("first_day").values_list("first_day", "amount")
    assert list(rows) == [(FEB_1, 290), (date(2026, 3, 1), 300)], "a mistake is mended on its own day"


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"day": date(2026, 1, 31)}, "day", "is sold from"),
        ({"day": date(2036, 1, 31)}, "day", "Choose a day between"),
        ({"until": date(2026, 1, 31)}, "until", "before the first"),
    ],
)
def test_a_plan_is_refused_with_a_sentence(
    shop: Shop, change: dict[str, Any], field: str, sentence: str
) -> None:
    plan = sold(shop)
    with pytest.raises(OperationRefused, match=sentence) as refused:
        choose(shop, plan, **change)
    assert refused.value.field == field
    assert not held(shop)


def test_a_plan_of_another_currency_or_archived_cannot_be_taken(shop: Shop) -> None:
    plan = sold(shop, name="Riyal", currency="SAR")
    with pytest.raises(OperationRefused, match=r"is sold in SAR, and .* pays in USD") as refused:
        choose(shop, plan)
    assert refused.value.field == "plan"
    plan = sold(shop)
    choose(shop, plan)
    archive_plan(plan=plan, by=None, now=JANUARY_2)
    archive_plan(plan=plan, by=None, now=JANUARY_2)
    assert held(shop) == [("Basic", FEB_1, None)], "who has it keeps it"
    with pytest.raises(OperationRefused, match="is archived") as refused:
        choose(shop, plan, FEB_15)
    assert refused.value.field == "plan"
    with pytest.raises(OperationRefused, match="is archived"):
        add_terms(plan=plan, amount="1", included=1, day=FEB_15, by=None, now=JANUARY_2)
    assert sold(shop).pk != plan.pk, "its name is free again"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1000000000"}, "amount"),
        ({"included": -1}, "included"),
        ({"beyond": D(0)}, "beyond"),
        ({"beyond": D("0.000000001")}, "beyond"),
        ({"beyond": D("NaN")}, "beyond"),
        ({"day": date(2036, 1, 1)}, "day"),
    ],
)
def test_a_plan_has_sensible_terms(shop: Shop, change: dict[str, Any], field: str) -> None:
    with pytest.raises(OperationRefused) as refused:
        sold(shop, **change)
    assert refused.value.field == field
    assert not Plan.objects.exists()
    sold(shop)
    with pytest.raises(OperationRefused, match="already"):
        sold(shop)


def test_invoiced_days_keep_their_plan(shop: Shop) -> None:
    number = since_january(shop)
    plan = sold(shop)
    (charge,) = choose(shop, plan)
    read(shop, {(number, FEB_1): (1, "1")})
    close_period(center=shop.center, period=Period(FEB_1, FEB_15), by=None, now=NOW)
    with pytest.raises(OperationRefused, match="invoiced already") as refused:
        choose(shop, None, date(2026, 2, 14), now=NOW)
    assert refused.value.field == "day"
    with pytest.raises(OperationRefused, match="on an invoice"):
        withdraw_charge(charge=charge, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="invoiced until"):
        end_charge(charge=charge, last_day=date(2026, 2, 13), by=None, now=NOW)
    with pytest.raises(OperationRefused, match="are invoiced already"):
        add_terms(plan=plan, amount="1", included=1, day=date(2026, 2, 14), by=None, now=NOW)
    choose(shop, None, FEB_15, now=NOW)
    assert held(shop) == [("Basic", FEB_1, FEB_15)]


def test_a_center_that_pays_in_another_currency_now_keeps_its_plan_and_gets_new_terms(shop: Shop) -> None:
    plan = sold(shop)
    choose(shop, plan)
    Center.objects.filter(pk=shop.center.pk).update(currency="SAR")
    add_terms(plan=plan, amount="300", included=1, day=FEB_15, by=None, now=JANUARY_2)
    rows = Charge.objects.order_by("first_day").values_list("first_day", "amount", "currency")
    assert list(rows) == [(FEB_1, 280, "USD"), (FEB_15, 300, "USD")], "converted on invoices, like any charge"


def test_archiving_a_center_ends_its_plan(shop: Shop) -> None:
    choose(shop, sold(shop))
    archive_center(center=shop.center, by=None, now=datetime(2026, 2, 10, 9, tzinfo=UTC))
    assert held(shop) == [("Basic", FEB_1, date(2026, 2, 11))]


def test_a_price_list_says_what_the_plan_includes(shop: Shop) -> None:
    assert plan_notes(shop.center, FEB_1) == []
    choose(shop, sold(shop), until=date(2026, 2, 14))
    choose(shop, sold(shop, name="Each", per_number=True, beyond=D("0.0375")), FEB_15)
    assert plan_notes(shop.center, FEB_1) == [
        "Plan “Basic”: 280.00 USD a month, 1,000 messages included. "
        "Messages beyond them are charged at these prices."
    ]
    assert plan_notes(shop.center, FEB_15) == [
        "Plan “Each”: 280.00 USD a month for each number, 1,000 messages included. "
        "Each message beyond them costs 0.0375 USD."
    ]


def test_what_is_beyond_so_far_counts_everywhere(shop: Shop) -> None:
    """On the last evening of the month it is what the invoice will be."""
    shop.margin("50")
    credit_terms(shop, LIMIT, "1000")
    number = since_january(shop)
    choose(shop, sold(shop))
    read(shop, {(number, FEB_1): (900, "9"), (number, FEB_15): (300, "3")})
    (exposure,) = exposures(shop.reseller, FEB_28)
    assert exposure.unbilled == 283
    assert numbers_so_far(shop.center, FEB_28) == 283
    (profit,) = profit_report(shop.reseller, FEBRUARY, today=date(2026, 2, 28)).rows
    assert (profit.accrued, profit.cost) == (283, 12)
    (row,) = plans_on(shop.center, FEB_15)
    assert [(one.messages, one.included, one.beyond) for one in row.counts] == [(1200, 1000, 200)]
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    (exposure,) = exposures(shop.reseller, NOW - timedelta(days=4))
    assert exposure.unbilled == D("9.03"), "the first of 31 days of March"
    (profit,) = profit_report(shop.reseller, FEBRUARY, today=date(2026, 3, 5)).rows
    assert (profit.invoiced, profit.accrued) == (283, 0)


def test_exposures_need_as_many_queries_with_many_plans(shop: Shop) -> None:
    plan = sold(shop, per_number=True)

    def queries(centers: int) -> int:
        for _each in range(centers):
            center = shop.new_center()
            Center.objects.filter(pk=center.pk).update(created_at=JANUARY_2)
            credit_terms(shop, LIMIT, "1000", center)
            choose(shop, plan, center=center, now=JANUARY_2, day=date(2026, 3, 1))
            shop.read(shop.number(center, held_since=NOW), date(2026, 3, 5), sent=2000, cost="1")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            exposures(shop.reseller, NOW)
        return len(seen)

    assert queries(1) == queries(2)


@pytest.mark.parametrize("beyond", [None, D("0.2")])
def test_a_document_calls_only_the_price_list_an_average(shop: Shop, beyond: Decimal | None) -> None:
    number = since_january(shop)
    choose(shop, sold(shop, beyond=beyond))
    read(shop, {(number, date(2026, 2, 10)): (1200, "12")})
    invoice = issue(shop)
    said = " ".join(explanations(invoice, invoice.lines.all()))
    assert ("is an average" in said) == (beyond is None)
    assert "1,200 messages, 1,000 of them included, 200 beyond" in said
