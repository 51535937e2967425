"""Which days of charges and discounts are refused, and which are billed though they are unusual."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Charge
from centers.errors import OperationRefused
from centers.tenancy.lifecycle import archive_center
from tests.billing.charges.test_charges import FEB_15, MONTH, add
from tests.billing.conftest import NOW, Shop

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
