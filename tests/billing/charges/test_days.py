"""Which days of charges and discounts are refused, and which are billed though they are unusual."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.invoicing import check_late_corrections, issue_last_invoice, preview_invoice
from billing.models import Charge
from billing.periods import Period
from billing.policies import save_policy
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.lifecycle import archive_center
from tests.billing.charges.test_charges import FEB_15, MONTH, YEAR, add
from tests.billing.charges.test_discounts import give
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import MARCH
from tests.billing.invoicing.test_subscription_days import close, held

D = Decimal
MARCH_1 = date(2026, 3, 1)


def test_the_last_day_of_a_one_off_charge_is_refused(shop: Shop) -> None:
    with pytest.raises(OperationRefused, match="has no last day") as refused:
        add(shop, "5", FEB_15, until=date(2026, 12, 31))
    assert refused.value.field == "until"
    assert not Charge.objects.exists()


@pytest.mark.parametrize("kind", [{"every": MONTH}, {"per_number": True}])
def test_an_archived_center_is_charged_nothing_without_end(shop: Shop, kind: dict[str, object]) -> None:
    archive_center(center=shop.center, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="is archived") as refused:
        add(shop, day=MARCH_1, now=NOW, **kind)
    assert refused.value.field == "until"
    assert add(shop, day=MARCH_1, now=NOW, until=date(2026, 3, 4), **kind).end_day == date(2026, 3, 5)
    assert add(shop, day=MARCH_1, now=NOW).end_day is None


def test_a_late_one_off_charge_has_the_discount_of_its_invoice(shop: Shop) -> None:
    close(shop, FEBRUARY)
    late = add(shop, "10", FEB_15, now=NOW)
    give(shop, None, MARCH_1, charge=late, amount="4", until=MARCH_1, now=NOW)
    assert preview_invoice(shop.center, MARCH).total == 6
    line = close(shop, MARCH).invoice.lines.get()  # type: ignore[union-attr]
    assert (line.first_day, line.amount, line.discount_amount) == (FEB_15, 6, 4)


def test_a_discount_without_effect_is_refused(shop: Shop) -> None:
    early, late = add(shop, "5", FEB_15), add(shop, "7", date(2026, 3, 10))

    def refused(charge: Charge, day: date, until: date | None, why: str) -> str:
        with pytest.raises(OperationRefused, match=why) as found:
            give(shop, "20", day, charge=charge, until=until, now=NOW)
        return found.value.field

    assert refused(early, date(2026, 2, 16), None, "charged on 15 Feb 2026") == "day"
    close(shop, FEBRUARY)
    assert refused(late, MARCH_1, date(2026, 3, 9), "charged on 10 Mar 2026") == "until"
    assert refused(early, MARCH_1, None, "invoiced already. Credit it") == "what"
    assert give(shop, "20", MARCH_1, charge=late, until=date(2026, 3, 10), now=NOW).charge == late


@pytest.mark.parametrize(
    ("kind", "total"),
    [
        ({"every": YEAR}, 120),
        ({"every": MONTH, "per_number": True}, 30),
        ({"every": YEAR, "per_number": True}, 120),
        ({"per_number": True}, 120),
    ],
)
def test_no_charge_of_an_archived_center_is_lost(shop: Shop, kind: dict[str, Any], total: int) -> None:
    """Its invoices are issued by hand."""
    save_policy(reseller=shop.reseller, auto_invoice=False, by=None, now=NOW)
    number = held(shop, date(2026, 2, 8)) if kind.get("per_number") else None
    add(shop, "120", **kind)
    assert check_late_corrections(shop.reseller, NOW) == []
    archive_center(center=shop.center, by=None, now=datetime(2026, 2, 14, 9, tzinfo=UTC))
    shop.center.refresh_from_db()
    assert check_late_corrections(shop.reseller, NOW) == [shop.center]
    if number:
        shop.read_all([(number, date(2026, 2, day)) for day in range(8, 15)], at=NOW)
    assert issue_last_invoice(center=shop.center, by=None, now=NOW).total == total
    assert check_late_corrections(shop.reseller, NOW) == []


def test_a_recurring_charge_never_begins_before_the_first_invoiced_month(shop: Shop) -> None:
    """It would never be charged for the days before."""
    Center.objects.update(created_at=datetime(2026, 2, 14, 9, tzinfo=UTC))
    for kind in ({"every": MONTH}, {"every": YEAR}, {"every": MONTH, "per_number": True}):
        with pytest.raises(OperationRefused, match="invoiced begins on 1 Feb 2026") as refused:
            add(shop, day=date(2026, 1, 31), **kind)
        assert refused.value.field == "day"
    assert add(shop, day=date(2026, 1, 31)).is_once
    assert add(shop, day=date(2026, 2, 1), every=MONTH).pk
    held(shop, date(2026, 1, 20))
    assert add(shop, day=date(2026, 1, 1), every=MONTH).pk, "it held a number then: January is invoiced"


def test_numbers_are_not_charged_for_days_on_which_the_charge_does_not_apply(shop: Shop) -> None:
    held(shop, date(2026, 2, 20))
    add(shop, day=date(2026, 2, 1), every=MONTH, per_number=True, until=FEB_15)
    add(shop, day=date(2026, 2, 26), every=MONTH, per_number=True)
    add(shop, "50", date(2026, 2, 1), every=YEAR, per_number=True)
    assert preview_invoice(shop.center, Period(date(2026, 2, 1), date(2026, 2, 10))).lines == ()
    lines = preview_invoice(shop.center, FEBRUARY).lines
    assert [line.first_day for line in lines if line.amount == 50] == [date(2026, 2, 20)]
    close(shop, FEBRUARY)
    assert not [line for line in preview_invoice(shop.center, MARCH).lines if line.amount == 50]
