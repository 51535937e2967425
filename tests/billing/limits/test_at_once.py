"""Use, top-ups, invoices, checks and runs of one prepaid center in eight threads: never below the limit unseen."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from django.db.models import Sum

from billing.dunning.over_limit import set_credit_terms
from billing.invoicing import issue_invoice
from billing.jobs import dunning_job, limits_job
from billing.limits.terms import PREPAID
from billing.models import CreditTerms, Payment, Suspension, UsageRecord
from billing.periods import Period
from tests.billing.conftest import NOW, Shop
from tests.billing.threads import at_once
from tests.thorough import THOROUGH

ROUNDS = 250 if THOROUGH else 2
FIRST = date(2026, 3, 2) - timedelta(days=8 * ROUNDS)


@pytest.mark.timeout(3600)  # thousands with MARKAZ_THOROUGH=1
def test_whatever_happens_at_once_ends_in_the_true_exposure(
    committed_shop: Shop, record_property: Any
) -> None:
    shop, days = committed_shop, count()
    set_credit_terms(center=shop.center, kind=PREPAID, limit=None, by=None, now=NOW)
    numbers = [shop.number() for _each in range(8)]
    suspended = 0
    for number in range(ROUNDS):
        turn = [next(days) for _each in range(8)]

        top_up = 2 if number % 2 == 0 else 4  # too little for what the round uses, or enough for two

        def act(thread: int, turn: list[int] = turn, top_up: int = top_up) -> None:
            day = FIRST + timedelta(days=turn[thread])
            if thread % 4 == 0:
                shop.pay(str(top_up + thread // 4), reference=f"TOP-{turn[thread]}")
            elif thread % 4 == 1:
                shop.read(numbers[thread], day, sent=1, cost="2")
                issue_invoice(
                    center=shop.center, period=Period(day, day + timedelta(days=1)), by=None, now=NOW
                )
            elif thread % 4 == 2:
                shop.read(numbers[thread], day, sent=1, cost="1")
            else:
                limits_job(reseller=shop.reseller, now=NOW)
                dunning_job(reseller=shop.reseller, now=NOW)

        errors = [one for one in at_once(act, reseller=shop.reseller) if isinstance(one, Exception)]
        assert errors == []
        limits_job(reseller=shop.reseller, now=NOW)
        row = CreditTerms.objects.get()
        paid = Payment.objects.aggregate(sum=Sum("amount"))["sum"]
        used = UsageRecord.objects.aggregate(sum=Sum("cost"))["sum"]
        assert row.exposure == used - paid
        assert row.is_empty == (used >= paid)
        dunning_job(reseller=shop.reseller, now=NOW)
        running = Suspension.objects.filter(ended_at=None).exists()
        assert running == (used >= paid)
        suspended += running
    assert 0 < suspended < ROUNDS
    record_property(
        "figures", f"{8 * ROUNDS} acts in 8 threads, suspended after {suspended} of {ROUNDS} rounds"
    )
