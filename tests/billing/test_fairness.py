"""A reseller with much to read leaves workers to the others."""

from threading import Event, Thread

import pytest
from django.db import connection

from billing import tasks
from centers.models import JobRun
from centers.tenancy.scoping import tenant
from config.celery import app
from tests.billing.conftest import Shop, make_shop

pytestmark = pytest.mark.django_db(transaction=True)


def work(job: str, *, reseller_id: int) -> None:
    """What a worker does with the task of a round."""
    app.tasks[f"billing.{job}"].run(reseller_id=reseller_id)


@pytest.fixture
def held(committed_shop: Shop) -> object:
    """A metering task of the shop that has not ended yet, on a connection of its own."""
    begun, over = Event(), Event()

    def work() -> None:
        with tasks._alone(committed_shop.reseller.pk, "usage") as alone:
            assert alone
            begun.set()
            over.wait(20)
        connection.close()

    thread = Thread(target=work)
    thread.start()
    assert begun.wait(20)
    yield over
    over.set()
    thread.join()


def runs(shop: Shop) -> int:
    with tenant(shop.reseller):
        return JobRun.objects.count()


def test_a_reseller_meters_with_one_worker_at_a_time(committed_shop: Shop, held: Event) -> None:
    other = make_shop()
    for shop in (committed_shop, other):
        work("invoices", reseller_id=shop.reseller.pk)
    assert (runs(committed_shop), runs(other)) == (0, 1)


def test_what_was_passed_over_is_still_due(committed_shop: Shop, held: Event) -> None:
    work("invoices", reseller_id=committed_shop.reseller.pk)
    held.set()
    for _try in range(100):
        if runs(committed_shop):
            break
        work("invoices", reseller_id=committed_shop.reseller.pk)
    assert runs(committed_shop) == 1


def test_a_worker_that_dies_takes_its_lock_along(committed_shop: Shop) -> None:
    def die() -> None:
        tasks._alone(committed_shop.reseller.pk, "usage").__enter__()
        connection.close()

    thread = Thread(target=die)
    thread.start()
    thread.join()
    work("invoices", reseller_id=committed_shop.reseller.pk)
    assert runs(committed_shop) == 1
