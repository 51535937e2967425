"""2,000 tries by 8 concurrent threads: every operation takes effect once."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.dunning.suspension import suspend
from billing.invoicing import issue_invoice
from billing.ledger import sums
from billing.models import Invoice, LedgerEntry, Payment, Suspension, UsageClaim
from billing.payments import record_payment, refund_credit
from centers.models import Center, JobRun
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW, Shop, committed_shop
from tests.billing.test_races import successes
from tests.billing.threads import at_once
from whatsapp.models import PairingAttempt
from whatsapp.pairing.sessions import start_pairing

__all__ = ["committed_shop"]
pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

ROUNDS, THREADS = 50, 8
Operation = Callable[[int], Any]


def tries(shop: Shop, operation: Callable[[Center], Operation]) -> list[int]:
    """How often an operation succeeded in each round, with a fresh center per round; the rest must be refusals."""
    found = []
    for _round in range(ROUNDS):
        center = shop.new_center()
        found.append(len(successes(at_once(operation(center), reseller=shop.reseller, times=THREADS))))
    return found


def test_a_double_click_is_one_payment(committed_shop: Shop) -> None:
    shop = committed_shop

    def pay(center: Center) -> Operation:
        terms = {"amount": "10", "currency": "USD", "received_on": date(2026, 3, 1), "by": None, "now": NOW}
        return lambda _n: record_payment(center=center, reference=f"P-{center.pk}", **terms)

    assert tries(shop, pay) == [1] * ROUNDS
    assert Payment.objects.count() == LedgerEntry.objects.count() == ROUNDS


def test_a_period_is_invoiced_once_and_numbers_have_no_gaps(committed_shop: Shop) -> None:
    shop = committed_shop

    def issue(center: Center) -> Operation:
        shop.read(shop.number(center), date(2026, 2, 3), sent=1, cost="10")
        return lambda _n: issue_invoice(center=center, period=FEBRUARY, by=None, now=NOW)

    assert tries(shop, issue) == [1] * ROUNDS
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, ROUNDS + 1))
    assert UsageClaim.objects.count() == LedgerEntry.objects.count() == ROUNDS


def test_no_more_than_the_credit_is_paid_out(committed_shop: Shop) -> None:
    shop = committed_shop

    def refund(center: Center) -> Operation:
        shop.pay("10", center)
        terms = {"amount": "3", "currency": "USD", "by": None, "now": NOW}
        return lambda n: refund_credit(center=center, reference=f"R-{center.pk}-{n}", **terms)

    assert tries(shop, refund) == [3] * ROUNDS
    for center in Center.objects.exclude(pk=shop.center.pk):
        assert sums(center) == {"USD": Decimal(-1)}


def test_a_center_is_suspended_once(committed_shop: Shop) -> None:
    shop = committed_shop
    later = datetime(2026, 6, 1, 9, tzinfo=UTC)

    def stop(center: Center) -> Operation:
        shop.owe("10", center)
        return lambda _n: suspend(center=center, now=later) or _refused()

    assert tries(shop, stop) == [1] * ROUNDS
    assert Suspension.objects.count() == ROUNDS
    assert not JobRun.objects.exists()


def test_one_code_is_asked_for(committed_shop: Shop) -> None:
    shop = committed_shop

    def pair(center: Center) -> Operation:
        number = shop.number(center)
        return lambda _n: start_pairing(instance=number, by=None, via=PairingAttempt.Via.STAFF, now=NOW).pk

    assert tries(shop, pair) == [THREADS] * ROUNDS  # each is given the one there is
    with tenant(shop.reseller):
        assert PairingAttempt.objects.count() == ROUNDS


def _refused() -> None:
    from centers.errors import OperationRefused

    raise OperationRefused("suspended already")
