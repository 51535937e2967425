"""Which messages carry the fixed amount: day by day, the same on the page, the invoice and its corrections."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.invoicing import close_period, preview_invoice, void_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.models import Billable, FlaggedUsage, InvoiceLine
from billing.periods import Period
from billing.policies import save_policy
from billing.pricing.estimates import charges_by_center
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.thorough import THOROUGH
from whatsapp.models import Instance, MazbotAccount

D = Decimal
EXAMPLES = 75 if THOROUGH else 10
DAY = date(2026, 2, 3)


def read(shop: Shop, number: Instance, day: date, **counts: Any) -> None:
    """Staff accept what was flagged because more failed than was sent."""
    shop.read(number, day, **counts)
    for reading in FlaggedUsage.objects.filter(instance=number, flag="impossible", resolved_at=None):
        accept_flagged_usage(flagged=reading, by=None, now=NOW)


def test_the_page_charges_what_the_invoice_charges(shop: Shop) -> None:
    """More failed than sent on one day takes nothing off the other days."""
    shop.margin("0", "1")
    number = shop.number()
    shop.read(number, DAY, sent=10, cost="10")
    read(shop, number, date(2026, 2, 4), failed=3)
    shown = charges_by_center(shop.reseller, [shop.center], FEBRUARY)
    assert shown == {(shop.center.pk, "USD"): 20}
    assert issue(shop).total == 20


def test_costs_in_two_currencies_are_charged_apart(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, DAY, sent=1, cost="10")
    MazbotAccount.objects.update(cost_currency="SAR")
    shop.account.refresh_from_db()
    shop.read(number, date(2026, 2, 4), sent=1, cost="20")
    assert charges_by_center(shop.reseller, [shop.center], FEBRUARY) == {
        (shop.center.pk, "USD"): 10,
        (shop.center.pk, "SAR"): None,
    }


def test_a_correction_counts_what_the_day_has_more_of(shop: Shop) -> None:
    shop.margin("0", "1")
    number = shop.number()
    read(shop, number, DAY, sent=2, failed=5, cost="2")
    assert issue(shop).total == 2
    read(shop, number, DAY, sent=6, failed=5, cost="2", at=NOW)
    # One message arrived where none had: not the four by which sent less failed has grown.
    assert preview_invoice(shop.center, MARCH).total == 1


@pytest.mark.parametrize(("before", "after", "more"), [("sent", "delivered", 2), ("delivered", "sent", 1)])
def test_a_correction_counts_as_its_invoice_did(shop: Shop, before: str, after: str, more: int) -> None:
    shop.margin("0", "1")
    number = shop.number()
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable=before)
    shop.read(number, DAY, sent=10, failed=2)
    issue(shop)
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable=after)
    shop.read(number, DAY, sent=12, failed=3, at=NOW)
    invoice = issue(shop, MARCH, now=APRIL_5)
    assert invoice.total == more
    note = void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert {line.billable for line in InvoiceLine.objects.filter(invoice__in=[invoice, note])} == {before}


def charged_by(center: Center, period: Period) -> Decimal:
    """The total of an invoice and of the credit notes issued with it."""
    draft = preview_invoice(center, period)
    return draft.total + sum((line.amount for line in draft.reductions), Decimal(0))


COUNTS = st.tuples(st.integers(0, 6), st.integers(0, 6))


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    readings=st.lists(COUNTS, min_size=2, max_size=4),
    basis=st.sampled_from(Billable.values),
    cut=st.integers(1, 3),
)
def test_invoice_and_corrections_together_are_one_invoice_of_all(
    shop: Shop, readings: list[tuple[int, int]], basis: str, cut: int
) -> None:
    """However the counts grew before and after it was invoiced, a day costs what it costs in the end."""
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable=basis)
    center = shop.new_center()
    shop.margin("0", "1", center=center)
    number = shop.number(center)
    sent = failed = 0
    charged = Decimal(0)
    for index, (more_sent, more_failed) in enumerate(readings):
        sent, failed = sent + more_sent, failed + more_failed
        read(shop, number, DAY, sent=sent, failed=failed, at=NOW.replace(hour=10 + index))
        if index == min(cut, len(readings)) - 1:
            charged += charged_by(center, FEBRUARY)
            close_period(center=center, period=FEBRUARY, by=None, now=NOW.replace(hour=20))
    charged += charged_by(center, MARCH)
    assert charged == (sent if basis == Billable.SENT else max(0, sent - failed))
