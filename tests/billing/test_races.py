"""Eight at once: one effect."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models import Sum

from billing.dunning.suspension import suspend
from billing.invoicing import issue_invoice, void_invoice
from billing.jobs import dunning_job, run_if_due
from billing.ledger import balances, sums
from billing.models import FlaggedUsage, Invoice, LedgerEntry, Payment, Suspension, UsageClaim, UsageRecord
from billing.payments import record_payment, refund_credit, reverse_payment
from centers.errors import OperationRefused
from centers.models import JobRun, User
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.dunning.test_dunning import at
from tests.billing.threads import at_once
from whatsapp.instances import move

pytestmark = pytest.mark.django_db(transaction=True)


def successes(results: list[object]) -> list[object]:
    """What worked; everything else must be a sentence, never another error."""
    failed = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(error, OperationRefused) for error in failed), failed
    return [result for result in results if not isinstance(result, Exception)]


def test_one_invoice_per_period(committed_shop: Shop) -> None:
    shop = committed_shop
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="10")
    results = at_once(
        lambda _n: issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW),
        reseller=shop.reseller,
    )
    assert len(successes(results)) == 1
    assert Invoice.objects.count() == LedgerEntry.objects.count() == UsageClaim.objects.count() == 1
    assert balances(shop.center, NOW)[0].due == 10


def test_without_the_lock_the_constraint_still_holds(committed_shop: Shop, monkeypatch) -> None:
    shop = committed_shop
    monkeypatch.setattr("billing.invoicing.issue.lock_all", list)
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="10")
    results = at_once(
        lambda _n: issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW),
        reseller=shop.reseller,
    )
    assert len(successes(results)) == 1
    assert Invoice.objects.count() == LedgerEntry.objects.count() == UsageClaim.objects.count() == 1


def test_another_broken_rule_is_not_taken_for_a_duplicate(committed_shop: Shop) -> None:
    shop = committed_shop
    no_such_user = User(pk=999_999, email="unknown@example.com")
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="10")
    with pytest.raises(IntegrityError):
        issue_invoice(center=shop.center, period=FEBRUARY, by=no_such_user, now=NOW)
    with pytest.raises(IntegrityError):
        shop.pay("1", by=no_such_user)
    assert LedgerEntry.objects.count() == 0


def test_numbers_of_many_centers_have_no_gaps(committed_shop: Shop) -> None:
    shop = committed_shop
    centers = [shop.new_center() for _ in range(8)]
    for center in centers:
        shop.read(shop.number(center), date(2026, 2, 3), sent=1, cost="10")
    results = at_once(
        lambda n: issue_invoice(center=centers[n], period=FEBRUARY, by=None, now=NOW), reseller=shop.reseller
    )
    assert len(successes(results)) == 8
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, 9))


def test_a_reference_counts_once_over_all_centers(committed_shop: Shop) -> None:
    shop = committed_shop
    centers = [shop.center, *(shop.new_center() for _ in range(7))]
    results = at_once(
        lambda n: record_payment(
            center=centers[n % 4],
            amount="10",
            currency="USD",
            reference="TR-1",
            received_on=date(2026, 3, 1),
            by=None,
            now=NOW,
        ),
        reseller=shop.reseller,
    )
    assert len(successes(results)) == 1
    assert Payment.objects.count() == LedgerEntry.objects.count() == 1


def test_parallel_payments_add_up(committed_shop: Shop) -> None:
    shop = committed_shop
    shop.owe("100")
    results = at_once(lambda n: shop.pay("10", reference=f"P-{n}"), reseller=shop.reseller)
    assert len(successes(results)) == 8
    assert Invoice.objects.get().open_amount == 20


def test_credit_never_goes_below_zero(committed_shop: Shop) -> None:
    shop = committed_shop
    shop.pay("10")
    results = at_once(
        lambda n: refund_credit(
            center=shop.center, amount="3", currency="USD", reference=f"R-{n}", by=None, now=NOW
        ),
        reseller=shop.reseller,
    )
    assert len(successes(results)) == 3
    assert sums(shop.center) == {"USD": Decimal(-1)}


def test_voided_and_reversed_once(committed_shop: Shop) -> None:
    shop = committed_shop
    invoice = shop.owe("10")
    payment = shop.pay("10")
    notes = at_once(
        lambda _n: void_invoice(invoice=invoice, because="x", by=None, now=NOW), reseller=shop.reseller
    )
    entries = at_once(
        lambda _n: reverse_payment(payment=payment, because="x", by=None, now=NOW), reseller=shop.reseller
    )
    assert len(successes(notes)) == len(successes(entries)) == 1
    assert sums(shop.center) == {"USD": Decimal(0)}


def test_one_case_however_many_runs(committed_shop: Shop) -> None:
    shop = committed_shop
    shop.owe("10")
    cases = at_once(lambda _n: suspend(center=shop.center, now=at(10)), reseller=shop.reseller)
    assert sum(case is not None for case in successes(cases)) == 1
    assert Suspension.objects.count() == 1
    at_once(lambda _n: dunning_job(reseller=shop.reseller, now=at(10)), reseller=shop.reseller, times=4)
    assert Suspension.objects.count() == 1


def test_a_due_round_is_run_by_one(committed_shop: Shop) -> None:
    shop = committed_shop
    results = at_once(
        lambda _n: run_if_due("dunning", reseller_id=shop.reseller.pk, now=NOW), reseller=shop.reseller
    )
    assert successes(results).count(True) == 1
    assert JobRun.objects.count() == 1


def test_readings_at_once_are_one_day(committed_shop: Shop) -> None:
    shop = committed_shop
    number = shop.number(held_since=NOW - timedelta(days=40))
    results = at_once(
        lambda n: shop.read(number, date(2026, 2, 3), sent=5 + n % 2, cost="1"), reseller=shop.reseller
    )
    assert len(successes(results)) == 8
    assert UsageRecord.objects.count() == 1


def test_a_move_among_readings_loses_and_doubles_nothing(committed_shop: Shop) -> None:
    shop = committed_shop
    number, other = shop.number(held_since=NOW - timedelta(days=1)), shop.new_center()

    def act(n: int) -> None:
        if n == 4:
            move(instance=number, center=other, by=None, now=NOW + timedelta(seconds=n))
        else:
            shop.read(number, NOW.date(), sent=n, cost=str(n), at=NOW + timedelta(seconds=n))

    assert len(successes(at_once(act, reseller=shop.reseller))) == 8
    shop.read(number, NOW.date(), sent=50, cost="50", at=NOW + timedelta(hours=1))
    parts = UsageRecord.objects.aggregate(sent=Sum("sent"), cost=Sum("cost"))
    assert parts == {"sent": 50, "cost": 50}
    assert {row.center_id for row in UsageRecord.objects.all()} <= {shop.center.pk, other.pk}
    assert not FlaggedUsage.objects.exclude(flag="").exists()
