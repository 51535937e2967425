"""A reseller with much to read leaves workers to the others."""

import time
from threading import Event, Semaphore, Thread

import pytest
from django.db import connection

from billing import long_jobs, tasks
from centers import live
from centers.models import JobRun
from centers.tenancy.scoping import tenant
from config.celery import app
from tests.billing.conftest import Shop, make_shop
from whatsapp.apps import give_connection_back
from whatsapp.mazbot import after_waiting, before_waiting
from whatsapp.monitoring.leases import Leases

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


def test_nothing_is_handed_out_for_a_reseller_whose_long_job_runs(committed_shop: Shop, held: Event) -> None:
    """For 200 accounts under way, three jobs each would otherwise be handed out in vain at every tick."""
    make_shop()
    app.tasks["billing.tick_invoices"].run()
    assert live.valkey().llen("markaz:metering") == 1


def test_few_long_jobs_compute_at_once_and_those_that_wait_for_mazbot_do_not_count(valkey: object) -> None:
    """Otherwise hundreds of them would keep the worker's connections and its computing from its messages."""
    computing: list[int] = []
    began, goes_on, over = Semaphore(0), Event(), Event()

    def job(number: int) -> None:
        with long_jobs.alone(number) as alone:
            assert alone
            computing.append(number)
            began.release()
            if number == 0:
                assert goes_on.wait(20)
                before_waiting()  # for MazBot
            assert over.wait(20)
            after_waiting()
        connection.close()

    threads = [Thread(target=job, args=(number,)) for number in range(long_jobs.COMPUTING + 1)]
    for thread in threads[:-1]:
        thread.start()
        assert began.acquire(timeout=20)
    threads[-1].start()
    assert not began.acquire(timeout=0.2), "there is no turn for it"
    goes_on.set()
    assert began.acquire(timeout=20)
    over.set()
    for thread in threads:
        thread.join(20)
    assert computing == list(range(long_jobs.COMPUTING + 1))
    assert long_jobs._turns._free._value == long_jobs.COMPUTING, "every turn came back"


def test_renewing_takes_no_lease_again_that_was_given_back(committed_shop: Shop) -> None:
    key = committed_shop.reseller.pk
    long_jobs._renewing._renew_one(Leases(live.valkey(), work="long-job"), key)
    assert long_jobs.without_long_job([key]) == [key]


def test_a_job_that_gives_its_connection_back_while_it_waits_stays_alone(committed_shop: Shop) -> None:
    """As a thread of the metering worker does before each wait for MazBot."""
    begun, over = Event(), Event()

    def wait_for_mazbot() -> None:
        with tasks._alone(committed_shop.reseller.pk, "usage"):
            give_connection_back()
            begun.set()
            over.wait(20)

    thread = Thread(target=wait_for_mazbot)
    thread.start()
    assert begun.wait(20)
    work("invoices", reseller_id=committed_shop.reseller.pk)
    assert runs(committed_shop) == 0
    over.set()
    thread.join()
    work("invoices", reseller_id=committed_shop.reseller.pk)
    assert runs(committed_shop) == 1


def test_a_long_job_keeps_its_lease(committed_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a lease lasts; Valkey loses it in the middle."""
    monkeypatch.setattr(long_jobs, "SECONDS", 1.0)
    monkeypatch.setattr(long_jobs, "_RENEW_SECONDS", 0.1)
    with tasks._alone(committed_shop.reseller.pk, "usage") as first:
        time.sleep(1.5)
        live.valkey().flushdb()
        time.sleep(0.5)
        with tasks._alone(committed_shop.reseller.pk, "rates") as second:
            assert (first, second) == (True, False)
    with tasks._alone(committed_shop.reseller.pk, "rates") as later:
        assert later


def test_the_lease_of_a_worker_that_died_is_over_soon(
    committed_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_jobs, "SECONDS", 0.5)
    held = long_jobs.alone(committed_shop.reseller.pk)
    monkeypatch.setattr(long_jobs._renewing, "begin", lambda *_lease: None)  # its thread died with it
    assert held.__enter__()
    work("invoices", reseller_id=committed_shop.reseller.pk)
    assert runs(committed_shop) == 0
    time.sleep(0.6)
    work("invoices", reseller_id=committed_shop.reseller.pk)
    assert runs(committed_shop) == 1
