"""What of MazBot's answers is stored: see also test_fetching.py, which asks a MazBot over HTTP."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.models import FlaggedUsage, UsageRecord
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.errors import OperationRefused
from tests.billing.conftest import NOW, Shop, span_of
from whatsapp.mazbot import OddField, Usage
from whatsapp.models import Instance

TODAY = date(2026, 3, 5)


def answered(shop: Shop, number: Instance, *, minutes: int = 0, **figures: object) -> None:
    asked = NOW + timedelta(minutes=minutes)
    values = {"total_sent": 1, "total_received": 0, "failed_messages": 0, "total_cost": Decimal(1), **figures}
    merge(shop.account, [UsageAnswer(span_of(number, TODAY), TODAY, Usage(**values), asked)], now=asked)  # type: ignore[arg-type]


def test_an_empty_answer_stores_nothing(shop: Shop) -> None:
    merge(shop.account, [], now=NOW)
    assert not UsageRecord.objects.exists()


@pytest.mark.parametrize(("known", "kept"), [(None, 0), (7, 7)])
def test_received_messages_that_cannot_be_read_keep_the_known_count(
    shop: Shop, known: int | None, kept: int
) -> None:
    number = shop.number()
    if known is not None:
        answered(shop, number, total_received=known)
    odd = (OddField("total_received", "many"),)
    answered(shop, number, minutes=5, total_sent=2, total_received=None, odd=odd)
    row = UsageRecord.objects.get(instance=number)
    assert (row.sent, row.received) == (2, kept)
    flagged = FlaggedUsage.objects.get()
    assert (flagged.flag, flagged.center, flagged.resolved_at) == (FlaggedUsage.Flag.ODD, shop.center, None)
    assert "many" in str(flagged.note)
    with pytest.raises(OperationRefused, match="A figure is missing"):
        accept_flagged_usage(flagged=flagged, by=None, now=NOW)
