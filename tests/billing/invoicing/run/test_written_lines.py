"""What a line says of its days, what a waiver takes off it for good, and that a credit note repeats all of it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.db.models import Field

from billing.invoicing import close_period, preview_invoice, void_invoice, waive_late_corrections, waive_usage
from billing.invoicing.drafts import DraftLine
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.invoicing.run.writing import line_values
from billing.models import Billable, FlaggedUsage, InvoiceLine
from billing.periods import Period
from billing.policies import save_policy
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.invoicing.test_subscriptions import JANUARY_1, TYPE, number_of, rates
from tests.billing.tax.shops import register, tax_rate

D = Decimal
DAY = date(2026, 2, 3)
BASES = pytest.mark.parametrize("basis", Billable.values)


@BASES
def test_waived_messages_are_never_charged_their_fixed_amount(shop: Shop, basis: str) -> None:
    """Neither by the invoice of their day nor by any correction of it."""
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable=basis)
    shop.margin("0", "1")
    number = shop.number()
    shop.read(number, DAY, sent=10, failed=2, cost="10")
    waive_usage(instance=number, period=FEBRUARY, because="Test messages", by=None, now=NOW)
    shop.read(number, DAY, sent=12, failed=2, cost="12", at=NOW)
    invoice = issue(shop)
    assert (invoice.lines.get().quantity, invoice.total) == (2, 4)
    shop.read(number, DAY, sent=15, failed=2, cost="15", at=APRIL_5)
    correction = preview_invoice(shop.center, MARCH).lines[0]
    assert (correction.kind, correction.quantity, correction.amount) == ("adjustment", 3, 6)


@BASES
def test_a_fall_that_was_waived_gives_nothing_back(shop: Shop, basis: str) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable=basis)
    shop.margin("0", "1")
    number = shop.number()
    shop.read(number, DAY, sent=10, failed=1, cost="10")
    issue(shop)
    shop.read(number, DAY, sent=6, failed=1, cost="6", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=NOW)
    shop.read(number, DAY, sent=8, failed=1, cost="8", at=APRIL_5)
    line = preview_invoice(shop.center, MARCH).lines[0]
    assert (line.quantity, line.amount) == (2, 4)


def test_a_day_closed_without_a_line_counts_as_waived(shop: Shop) -> None:
    """What cost nothing was closed with its period: a fixed amount that is set later is not charged for it."""
    number = shop.number()
    shop.read(number, DAY, sent=5)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    shop.margin("0", "1")
    shop.read(number, DAY, sent=6, at=NOW)
    assert [line.quantity for line in preview_invoice(shop.center, MARCH).lines] == [1]


def test_a_line_covers_its_first_day_to_its_last(shop: Shop) -> None:
    """Half-open: it ends with the day after the last one that was read."""
    number = shop.number()
    for day in (3, 7):
        shop.read(number, date(2026, 2, day), sent=1, cost="1")
    line = preview_invoice(shop.center, FEBRUARY).lines[0]
    assert (line.first_day, line.end_day) == (date(2026, 2, 3), date(2026, 2, 8))
    written = issue(shop).lines.get()
    assert (written.first_day, written.end_day) == (date(2026, 2, 3), date(2026, 2, 8))
    shop.read(number, date(2026, 2, 7), sent=2, cost="2", at=NOW)
    correction = preview_invoice(shop.center, MARCH).lines[0]
    assert (correction.first_day, correction.end_day) == (date(2026, 2, 7), date(2026, 2, 8))


def test_a_usage_line_of_one_day_covers_that_day(shop: Shop) -> None:
    shop.read(shop.number(), DAY, sent=1, cost="1")
    line = issue(shop, Period(DAY, date(2026, 2, 4))).lines.get()
    assert (line.first_day, line.end_day) == (DAY, date(2026, 2, 4))


def names(model: Any) -> set[str]:
    """Every column of the model but its key."""
    fields: list[Field[Any, Any]] = [field for field in model._meta.concrete_fields if not field.primary_key]
    return {field.attname for field in fields}


def test_a_credit_note_says_of_every_column_of_a_line_whether_its_sign_turns() -> None:
    """A number that is new is decided on here; what is no number is repeated."""
    numbers = {
        field.attname
        for field in InvoiceLine.content_fields()
        if isinstance(field, models.DecimalField | models.BigIntegerField)
    }
    assert numbers - set(InvoiceLine.NEGATED) == {
        "unit_cost", "percent", "fixed", "exchange_rate", "unit_price", "tax_percent", "discount_percent",
        "discount_amount",
    }  # fmt: skip
    assert set(InvoiceLine.NEGATED) <= numbers


def test_a_line_takes_every_column_from_its_draft(shop: Shop) -> None:
    shop.read(shop.number(), DAY, sent=1, cost="1")
    draft = preview_invoice(shop.center, FEBRUARY)
    related = ("instance", "margin", "corrects", "charge")
    covered = {f"{name}_id" if name in related else name for name in line_values(draft.lines[0])}
    assert covered == names(InvoiceLine) - {"reseller_id", "invoice_id", "position"}


def negated(number: Any) -> Any:
    return number.copy_negate() if isinstance(number, Decimal) else -number


def test_a_credit_note_repeats_every_line(shop: Shop) -> None:
    """Each column by its value, of a usage line and of a subscription."""
    register(shop, included=True)
    tax_rate(shop, "15")
    shop.margin("10", "0.5")
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type=TYPE)
    rates(shop, JANUARY_1, **{TYPE: "9"})
    number = number_of(shop, date(2026, 2, 28))
    shop.read(number, date(2026, 2, 28), sent=10, received=3, failed=1, cost="10", at=NOW)
    invoice = issue(shop)
    note = void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    pairs = list(zip(invoice.lines.all(), note.lines.all(), strict=True))
    assert {line.kind for line, _turned in pairs} == {"usage", "subscription"}
    for line, turned in pairs:
        assert turned.corrects == line
        for name in names(InvoiceLine) - {"invoice_id", "corrects_id"}:
            before = getattr(line, name)
            assert getattr(turned, name) == (negated(before) if name in InvoiceLine.NEGATED else before), name


def test_the_draft_line_has_no_column_an_invoice_line_lacks() -> None:
    """What a draft knows and no column keeps is named here: what it claims, and the month of a subscription."""
    drafted = set(DraftLine.__dataclass_fields__)
    apart = {"instance", "margin", "corrects", "charge", "counted", "month", "days", "credited_before", "tax"}
    assert drafted - apart <= names(InvoiceLine)
