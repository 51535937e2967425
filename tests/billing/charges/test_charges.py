"""What staff charge besides usage: once, monthly, yearly, for the center or each number, and once per number."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.charges import add_charge, end_charge, withdraw_charge
from billing.invoicing import (
    Part,
    check_late_corrections,
    credit_invoice,
    is_late_correction,
    issue_last_invoice,
    preview_invoice,
    void_invoice,
)
from billing.models import Charge, ChargeClaim, ExchangeRate, InvoiceLine, TaxProfile, TaxRate
from billing.periods import Period, month_of
from billing.pricing.exchange_rates import MissingRate
from billing.queries.comparison import compare
from billing.queries.explained import rate_lists, steps
from billing.reports.profit import profit_report
from billing.unbilled.accrued import numbers_so_far
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.lifecycle import archive_center, restore_center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.invoicing.test_subscription_days import close, held
from whatsapp.models import Alert, Instance

D = Decimal
MONTH, YEAR, ONCE = Charge.Every.MONTH, Charge.Every.YEAR, Charge.Every.ONCE
JANUARY_2 = datetime(2026, 1, 2, 9, tzinfo=UTC)
FEB_1, FEB_15 = date(2026, 2, 1), date(2026, 2, 15)
Shown = list[tuple[str, date, date, Decimal]]


def add(shop: Shop, amount: str = "28", day: date = FEB_1, **fields: Any) -> Charge:
    values = {"center": shop.center, "description": "Support", "by": None, "now": JANUARY_2} | fields
    return add_charge(amount=D(amount), day=day, **values)


def charged(shop: Shop, period: Period = FEBRUARY, center: Center | None = None) -> Shown:
    lines = preview_invoice(center or shop.center, period).lines
    return [(line.kind, line.first_day, line.end_day, line.amount) for line in lines if line.is_charge]


def test_a_one_off_charge_is_billed_once_with_the_next_invoice(shop: Shop) -> None:
    charge = add(shop, "12.5", FEB_15)
    assert charged(shop, Period(FEB_1, FEB_15)) == [], "its day is not over"
    invoice = issue(shop)
    line = invoice.lines.get()
    assert (line.kind, line.amount, line.quantity, line.cost, line.fixed) == (
        "charge",
        D("12.5"),
        1,
        0,
        D("12.5"),
    )
    assert (line.heading, line.charge, line.instance) == ("Support", charge, None)
    assert charged(shop, MARCH) == []
    void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert charged(shop) == [("charge", FEB_15, date(2026, 2, 16), D("12.5"))]
    issue(shop, now=APRIL_5)
    assert charged(shop, MARCH) == []
    claim = ChargeClaim.objects.get(voided_at=None)
    claim.pk, claim.first_day, claim.end_day = None, date(2026, 2, 20), date(2026, 2, 21)
    with pytest.raises(IntegrityError, match="chargeclaim_once"), transaction.atomic():
        claim.save(force_insert=True)


def test_a_charge_of_an_invoiced_day_comes_with_the_next_invoice(shop: Shop) -> None:
    close(shop, FEBRUARY)
    add(shop, "3", FEB_15, now=NOW)
    assert charged(shop, MARCH) == [("charge", FEB_15, date(2026, 2, 16), 3)]


def test_a_monthly_charge_is_calculated_by_the_day(shop: Shop) -> None:
    charge = add(shop, day=FEB_15, every=MONTH)
    assert charged(shop) == [("recurring", FEB_15, date(2026, 3, 1), 14)]
    assert charged(shop, Period(FEB_1, date(2026, 2, 20))) == [], "its month is not over"
    close(shop, FEBRUARY)
    end_charge(charge=charge, last_day=date(2026, 3, 10), by=None, now=NOW)
    assert charged(shop, MARCH) == [("recurring", date(2026, 3, 1), date(2026, 3, 11), D("9.03"))]
    assert charged(shop, month_of(date(2026, 4, 1))) == []


def test_a_yearly_charge_is_billed_in_the_month_of_its_anniversary(shop: Shop) -> None:
    add(shop, "120", FEB_15, every=YEAR)
    assert charged(shop) == [("recurring", FEB_15, date(2027, 2, 15), 120)]
    close(shop, FEBRUARY)
    assert charged(shop, MARCH) == []
    assert charged(shop, month_of(date(2027, 2, 1))) == [
        ("recurring", date(2027, 2, 15), date(2028, 2, 15), 120)
    ]


def test_each_number_is_charged_for_the_days_the_center_held_it(shop: Shop) -> None:
    held(shop, date(2026, 1, 5))
    moved, other = held(shop, FEB_15), shop.new_center()
    held_since = datetime(2026, 2, 22, 9, tzinfo=UTC)
    Instance.objects.filter(pk=moved.pk).update(center=other, held_since=held_since)
    add(shop, every=MONTH, per_number=True)
    assert charged(shop) == [
        ("recurring", FEB_1, date(2026, 3, 1), 28),
        ("recurring", FEB_15, date(2026, 2, 22), 7),
    ]
    close(shop, FEBRUARY)
    assert charged(shop) == []
    assert charged(shop, MARCH) == [("recurring", date(2026, 3, 1), date(2026, 4, 1), 28)]


def test_a_year_of_each_number_begins_with_its_first_day(shop: Shop) -> None:
    held(shop, FEB_15)
    add(shop, "50", every=YEAR, per_number=True)
    assert charged(shop) == [("recurring", FEB_15, date(2027, 2, 15), 50)]
    close(shop, FEBRUARY)
    assert charged(shop, MARCH) == []


def test_a_set_up_fee_is_charged_for_numbers_that_begin(shop: Shop) -> None:
    held(shop, date(2026, 1, 5))
    first = held(shop, FEB_15)
    fee = add(shop, "10", per_number=True, until=date(2026, 3, 10))
    assert fee.is_setup_fee
    held(shop, date(2026, 3, 11))
    assert charged(shop) == [("charge", FEB_15, date(2026, 2, 16), 10)]
    invoice = close(shop, FEBRUARY).invoice
    assert invoice is not None
    assert invoice.lines.get().instance == first
    assert charged(shop, MARCH) == []


def test_another_currency_is_converted_or_blocks(shop: Shop) -> None:
    add(shop, "10", FEB_15)
    Center.objects.filter(pk=shop.center.pk).update(currency="SAR")
    shop.center.refresh_from_db()
    with pytest.raises(MissingRate):
        preview_invoice(shop.center, FEBRUARY)
    ExchangeRate.objects.create(
        reseller=shop.reseller, base="USD", quote="SAR", rate=D("3.75"), day=FEB_1, entered_at=NOW
    )
    assert [line[3] for line in charged(shop)] == [D("37.5")]


def test_the_line_is_explained_and_compared(shop: Shop) -> None:
    number = held(shop, FEB_15)
    shop.read_all([(number, date(2026, 2, day)) for day in range(15, 29)])
    add(shop, "30", every=MONTH, per_number=True)
    line = issue(shop).lines.get()
    assert line.heading == line.number_label
    assert [(step.detail, step.amount) for step in steps(line)] == [
        ("", 30),
        ("14 of 28 days", 15),
        ("", 15),
        ("", 15),
    ]
    assert rate_lists(line) == []
    shop.read_all([(number, date(2026, 3, day)) for day in range(1, 32)])
    comparison = compare(issue(shop, MARCH, now=APRIL_5))
    assert comparison is not None
    assert "+15.00\u00a0USD for other charges" in comparison.sentence


def test_it_can_be_credited_in_part(shop: Shop) -> None:
    add(shop, "30", FEB_15)
    invoice = issue(shop)
    note = credit_invoice(
        invoice=invoice, parts={invoice.lines.get().pk: Part(amount=D("10"))}, because="x", by=None, now=NOW
    )
    assert (note.total, note.lines.get().charge, note.lines.get().description) == (
        -10,
        invoice.lines.get().charge,
        "Support",
    )


def test_what_is_not_invoiced_yet_counts_in_the_month_and_the_profit(shop: Shop) -> None:
    """On 5 March: 5 of 31 days."""
    number = held(shop, date(2026, 3, 4))
    march_1 = date(2026, 3, 1)
    add(shop, "31", march_1, every=MONTH)
    add(shop, "31", march_1, every=MONTH, per_number=True)
    add(shop, "7", march_1, per_number=True)
    add(shop, "100", march_1, every=YEAR)
    add(shop, "1", FEB_15)
    add(shop, "1", date(2026, 3, 20))
    assert numbers_so_far(shop.center, NOW) == 5 + 2 + 7 + 100 + 1
    report = profit_report(shop.reseller, MARCH, today=date(2026, 3, 5))
    assert [row.accrued for row in report.rows] == [5 + 2 + 7 + 100]
    shop.read_all([(number, date(2026, 3, day)) for day in range(4, 32)])
    issue(shop, MARCH, now=APRIL_5)
    report = profit_report(shop.reseller, MARCH, today=date(2026, 4, 5))
    assert [(row.accrued, row.invoiced) for row in report.rows] == [(0, D("31") + 28 + 7 + 100 + 1)]


def test_prices_that_include_tax(shop: Shop) -> None:
    TaxProfile.objects.create(reseller=shop.reseller, is_registered=True, prices_include_tax=True)
    TaxRate.objects.create(
        reseller=shop.reseller, category="S", percent=15, valid_from=date(2020, 1, 1), created_at=NOW
    )
    add(shop, "115", FEB_15)
    draft = preview_invoice(shop.center, FEBRUARY)
    assert (draft.net, draft.tax, draft.total) == (100, 15, 115)


def test_archiving_ends_what_recurs_and_the_rest_waits_for_a_last_invoice(shop: Shop) -> None:
    held(shop, date(2026, 1, 5), date(2026, 2, 10))
    monthly, later = add(shop, every=MONTH), add(shop, day=date(2026, 4, 1), every=MONTH)
    archive_center(center=shop.center, by=None, now=datetime(2026, 2, 10, 9, tzinfo=UTC))
    monthly.refresh_from_db()
    later.refresh_from_db()
    assert monthly.end_day == date(2026, 2, 11)
    assert later.withdrawn_at is not None
    assert charged(shop) == [("recurring", FEB_1, date(2026, 2, 11), 10)]
    close(shop, FEBRUARY)
    shop.center.refresh_from_db()
    late = add(shop, "5", date(2026, 3, 2), now=NOW)
    assert is_late_correction(shop.center)
    assert issue_last_invoice(center=shop.center, by=None, now=NOW).lines.get().charge == late
    assert not is_late_correction(shop.center)
    restore_center(center=shop.center, by=None, now=NOW)
    assert charged(shop, month_of(date(2026, 4, 1))) == []


def test_a_center_that_never_had_numbers_gets_a_last_invoice(shop: Shop) -> None:
    """No run closes its months, once it is archived."""
    add(shop, every=MONTH)
    archive_center(center=shop.center, by=None, now=datetime(2026, 2, 14, 9, tzinfo=UTC))
    shop.center.refresh_from_db()
    assert check_late_corrections(shop.reseller, NOW) == [shop.center]
    assert "are on no invoice yet" in Alert.objects.get(center=shop.center).detail
    assert issue_last_invoice(center=shop.center, by=None, now=NOW).total == 14
    assert check_late_corrections(shop.reseller, NOW) == []


def test_withdrawing_and_the_audit_log(shop: Shop) -> None:
    charge = add(shop, "5", FEB_15)
    withdraw_charge(charge=charge, by=None, now=NOW)
    withdraw_charge(charge=charge, by=None, now=NOW)
    assert charged(shop) == []
    actions = AuditEntry.objects.filter(action__startswith="charge.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["charge.added", "charge.withdrawn"]
    with pytest.raises(OperationRefused, match="has been withdrawn"):
        end_charge(charge=charge, last_day=FEB_15, by=None, now=NOW)


def test_what_is_refused_names_the_field(shop: Shop) -> None:
    monthly, once = add(shop, every=MONTH), add(shop, "5", FEB_15)
    close(shop, FEBRUARY)

    def field(why: str, **fields: Any) -> str:
        with pytest.raises(OperationRefused, match=why) as refused:
            add(shop, **{"now": NOW, "day": date(2026, 3, 1)} | fields)
        return refused.value.field

    assert field("printed on the invoice", description="  ") == "description"
    assert field("up to 2 decimals", amount="1.005") == "amount"
    assert field("above zero", amount="-1") == "amount"
    assert field("below 1,000,000,000", amount="1000000000") == "amount"
    assert field("invoiced already. Choose 1 Mar 2026", day=FEB_15, every=MONTH) == "day"
    assert field("between", day=date(2036, 3, 1)) == "day"
    assert field("before the first", every=MONTH, until=date(2026, 2, 28)) == "until"
    assert field("before the year 2100", every=MONTH, until=date.max) == "until"
    for charge, day, why in (
        (monthly, FEB_15, "is invoiced until 28 Feb 2026"),
        (monthly, date(2026, 1, 31), "begins on"),
        (once, FEB_15, "has no end"),
    ):
        with pytest.raises(OperationRefused, match=why) as refused:
            end_charge(charge=charge, last_day=day, by=None, now=NOW)
        assert refused.value.field == "last_day"
    end_charge(charge=monthly, last_day=date(2026, 3, 10), by=None, now=NOW)
    with pytest.raises(OperationRefused, match="already ends on 10 Mar 2026"):
        end_charge(charge=monthly, last_day=date(2026, 3, 20), by=None, now=NOW)
    with pytest.raises(OperationRefused, match="is on an invoice"):
        withdraw_charge(charge=once, by=None, now=NOW)


def test_the_database_refuses_what_the_operations_do(shop: Shop) -> None:
    other = shop.new_center(created_at=JANUARY_2)
    monthly = add(shop, every=MONTH)
    close(shop, FEBRUARY)
    foreign = add_charge(
        center=other, amount=D(1), description="x", day=FEB_1, by=None, now=JANUARY_2, every=MONTH
    )
    claim = ChargeClaim.objects.get()
    for change in (
        {"amount": 5},
        {"end_day": FEB_15},
        {"withdrawn_at": NOW},
        {"first_day": date(2026, 1, 1)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Charge.objects.filter(pk=monthly.pk).update(**change)
    for change in (
        {"charge": foreign},
        {"first_day": date(2026, 1, 1), "end_day": date(2026, 1, 2)},
        {"first_day": date(2026, 2, 27)},
        {"instance": shop.number()},
        {"once": True},
    ):
        row = ChargeClaim.objects.get(pk=claim.pk)
        row.pk = None
        for name, value in change.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
    assert InvoiceLine.objects.get().charge == monthly
