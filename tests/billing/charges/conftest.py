"""The center is there since before the charges that tests begin in January and February."""

from datetime import UTC, datetime

import pytest

from centers.models import Center
from tests.billing.conftest import Shop


@pytest.fixture
def shop(shop: Shop) -> Shop:
    Center.objects.filter(pk=shop.center.pk).update(created_at=datetime(2026, 1, 1, 9, tzinfo=UTC))
    shop.center.refresh_from_db()
    return shop
