"""A run whose database connection is lost: no center is blamed for it, and the run goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from billing import jobs
from billing.invoicing.run import monthly_run
from billing.jobs import AFTER_LOSS, JOBS, invoice_job, run_if_due
from billing.models import Invoice, JobSchedule
from billing.usage import last_readings
from tests.billing.conftest import NOW, Shop
from whatsapp.models import Alert

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def lost_at(text: str, *, times: int = 1) -> Iterator[list[int]]:
    """Have PostgreSQL end the connection just before a statement that contains `text`, the first `times` times."""
    ended: list[int] = []
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:

        def wrapper(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
            if text in str(sql) and len(ended) < times:
                pid = connection.connection.info.backend_pid
                ended.append(pid)
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            return execute(sql, params, many, context)

        with connection.execute_wrapper(wrapper):
            yield ended


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monthly_run, "_WAITS", (0.0, 0.0))
    monkeypatch.setattr(last_readings, "read_for_closing", lambda *_: None)  # there is no MazBot here


def centers(shop: Shop, count: int = 3) -> None:
    shop.margin("10")
    for number in range(count):
        center = shop.center if not number else shop.new_center(currency="USD", country_id="1")
        shop.read(shop.number(center), date(2026, 2, 3), sent=1, cost="10")


def test_each_center_gets_its_invoice_although_the_connection_was_lost(committed_shop: Shop) -> None:
    centers(committed_shop)
    with lost_at('INSERT INTO "billing_invoice"', times=2) as ended:
        run = invoice_job(reseller=committed_shop.reseller, now=NOW)
    assert len(set(ended)) == 2
    assert (run.done, run.failed) == (3, 0)
    assert Invoice.objects.count() == 3
    assert not Alert.objects.filter(kind=Alert.Kind.BILLING_BLOCKED).exists()


def test_a_database_that_stays_away_ends_the_run_and_it_is_soon_due_again(committed_shop: Shop) -> None:
    centers(committed_shop, 1)
    with lost_at('INSERT INTO "billing_invoice"', times=9), pytest.raises(OperationalError):
        run_if_due("invoices", reseller_id=committed_shop.reseller.pk, now=NOW)
    assert JOBS["invoices"].every > AFTER_LOSS
    assert JobSchedule.objects.get(job="invoices").next_at == NOW + AFTER_LOSS
    assert not Alert.objects.filter(kind=Alert.Kind.BILLING_BLOCKED).exists()
    assert run_if_due("invoices", reseller_id=committed_shop.reseller.pk, now=NOW + AFTER_LOSS)
    assert Invoice.objects.count() == 1


def test_a_run_that_ends_as_it_should_is_due_after_its_interval(committed_shop: Shop) -> None:
    assert run_if_due("invoices", reseller_id=committed_shop.reseller.pk, now=NOW)
    assert JobSchedule.objects.get(job="invoices").next_at == NOW + JOBS["invoices"].every
    assert jobs.JOBS["invoices"].every == timedelta(hours=1)
