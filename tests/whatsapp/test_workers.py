"""The workers and their beat: real processes, a real broker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection

from centers import clock, live
from centers.models import JobRun, Notification
from centers.models.jobs import RUN_LEASE
from centers.notifications.outbox import News, notify
from centers.queries import jobs_today, latest_runs
from centers.queue.dispatch import enqueue
from centers.queue.heartbeats import queues
from centers.queue.ticks import CLOCKS_APART
from centers.tenancy.scoping import every_tenant, tenant
from config.celery import QUEUES, ROUTES, TASKS, app, beat_schedule
from devstack.supervisor.commands import WORKERS
from tests.factories import member
from whatsapp.models import Connection, DesiredReason, PairingAttempt, Service
from whatsapp.pairing.sessions import Phase, pairing_image, pairing_state, start_pairing
from whatsapp.service.desired_state import set_desired_state


def wait_for(what: Callable[[], object], seconds: float = 60) -> object:
    """The first true answer, or a failure after `seconds`."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        if time.monotonic() > end:
            pytest.fail("it did not happen in time")
        time.sleep(0.1)
    return answer


@pytest.fixture
def worker(transactional_db, tmp_path):
    """A worker for every queue, in a process of its own, on the test's database."""
    database = connection.settings_dict
    parts = {name: database[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**parts)
    environment = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "MARKAZ_TESTING": "1",
    }
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "config.celery:app",
        "worker",
        "--pool=threads",
        "--concurrency",
        "8",
    ]
    command += ["--queues", ",".join(QUEUES), "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    live.valkey().flushdb()  # no task that an earlier test left in a queue
    with (tmp_path / "worker.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, cwd=settings.BASE_DIR, start_new_session=True
        )
    yield process
    process.terminate()
    try:
        process.wait(60)
    finally:
        if process.poll() is None:
            process.kill()
        if "Traceback" in (text := (tmp_path / "worker.log").read_text()):
            pytest.fail(text[-5000:])


def test_a_real_worker_checks_switches_and_pairs(new_place, worker):
    place = new_place()
    with tenant(place.reseller):
        number, phone = place.add("connected"), place.add("disconnected")
        enqueue("whatsapp.tick_status")

        def checked() -> bool:
            number.refresh_from_db()
            phone.refresh_from_db()
            return number.checked_at is not None and phone.checked_at is not None

        wait_for(checked)
        assert (number.connection, phone.connection) == (Connection.CONNECTED, Connection.DISCONNECTED)
        wait_for(lambda: JobRun.objects.filter(job="status", done__gte=2).exists())

        set_desired_state(
            instances=[number], state=Service.DISABLED, reason=DesiredReason.MANUAL, by=None, now=clock.now()
        )
        wait_for(lambda: place.calls("toggle") == 1)

        asked = time.monotonic()
        attempt = start_pairing(instance=phone, by=None, via=PairingAttempt.Via.STAFF, now=clock.now())
        wait_for(lambda: pairing_image(phone, clock.now()))
        assert time.monotonic() - asked < 5
        place.control.scan(phone.instance_id)

        def connected() -> bool:
            phone.refresh_from_db()
            return pairing_state(phone, clock.now()).phase == Phase.CONNECTED

        wait_for(connected)
        attempt.refresh_from_db()
        assert attempt.state == PairingAttempt.State.CONNECTED

    for queue in QUEUES:
        current_app.send_task("config.heartbeat", kwargs={"queue": queue}, queue=queue)
    wait_for(lambda: all(queue.alive for queue in queues(clock.now())))


def test_a_job_whose_worker_was_killed_is_interrupted_once_its_lease_is_over(new_place, worker):
    place = new_place()
    with tenant(place.reseller):
        place.add("connected", switch_next_at=clock.now(), desired_state=Service.DISABLED)
        place.control.set_fault("toggle", "latency", delay=30)
        enqueue("whatsapp.tick_switching")
        wait_for(lambda: JobRun.objects.filter(job="switching", state="running").exists())
        os.killpg(worker.pid, signal.SIGKILL)  # kill -9, of all its processes
        worker.wait(30)
        now = clock.now()

        def shown(moment):
            (run,) = latest_runs(["status", "switching"], moment)["switching"]
            return run.state, run.failed, [failure["item"] for failure in run.failures]

        assert shown(now + timedelta(seconds=30)) == ("running", 0, []), "it could still be alive"
        assert shown(now + RUN_LEASE) == ("interrupted", 1, [""])
        assert JobRun.objects.filter(JobRun.going_on(now)).exists()
        assert not JobRun.objects.filter(JobRun.going_on(now + RUN_LEASE)).exists()
        assert [
            job.failed for job in jobs_today(place.reseller, now + RUN_LEASE) if job.name == "switching"
        ] == [1]


def test_messages_leave_while_more_resellers_than_threads_read_usage(new_place, worker):
    """At a request a minute a run of usage lasts until it is cut short, after minutes."""
    places = [new_place(rate_limit=1) for _number in range(10)]
    for place in places:
        for _number in range(3):
            place.add("connected")
        enqueue("billing.usage", reseller_id=place.reseller.pk)

    def reading() -> int:
        with every_tenant():
            return JobRun.objects.filter(job="usage", state="running").count()

    wait_for(lambda: reading() == 6)  # of 8 threads
    with tenant(places[0].reseller):
        people = [member(places[0].reseller)]
        news = News(kind="test", about="test:1", event="test", people=people)
        notify(reseller=places[0].reseller, news=[news], now=clock.now())
        wait_for(lambda: Notification.objects.filter(state="sent").exists())
    assert reading() == 6
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(30)


def test_every_tick_of_the_beat_exists_and_expires():
    app.loader.import_default_modules()
    schedule = beat_schedule()
    assert {name for name in app.tasks if ".tick_" in name} <= set(schedule)
    assert {entry["task"] for entry in schedule.values()} <= set(app.tasks)
    for name, entry in schedule.items():
        late = entry["options"]["expires"] - entry["schedule"]
        assert late == CLOCKS_APART, f"{name}: clocks may be apart, but nothing may pile up for longer"
    beats = [entry["options"]["queue"] for entry in schedule.values() if entry["task"] == "config.heartbeat"]
    assert sorted(beats) == sorted(QUEUES)


def our_tasks():
    app.loader.import_default_modules()
    ours = ("centers", "whatsapp", "billing", "config")
    # The heartbeat goes through every queue, so no route names it.
    return {
        name: task
        for name, task in app.tasks.items()
        if name.split(".")[0] in ours and name != "config.heartbeat"
    }


def test_every_task_has_one_queue_and_workers_that_take_from_it():
    served = [queue for queues in WORKERS.values() for queue in queues]
    assert sorted(served) == sorted(QUEUES), "each queue is served by one group of workers"
    assert set(our_tasks()) == set(ROUTES), "no task without a queue, no queue of a task that is gone"
    assert sum(map(len, TASKS.values())) == len(ROUTES), "no task in two queues"
    assert all(task.acks_late for task in our_tasks().values())


def test_a_task_lands_in_its_queue(valkey):
    for name, route in ROUTES.items():
        valkey.flushdb()
        assert enqueue(name)
        waiting = {queue: valkey.llen(f"markaz:{queue}") for queue in QUEUES}
        assert waiting == {queue: int(queue == route["queue"]) for queue in QUEUES}, name


def test_celery_warns_of_nothing_that_goes_away():
    code = """
import warnings
from celery.exceptions import CDeprecationWarning
warnings.simplefilter("error", CDeprecationWarning)
from config.wsgi import application
from config.celery import app
app.loader.import_default_modules()
assert len(app.tasks) > 20
"""
    command = [sys.executable, "-c", code]
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=settings.BASE_DIR, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("tick", "work"),
    [
        ("whatsapp.tick_status", "whatsapp.sweep"),
        ("whatsapp.tick_switching", "whatsapp.switch"),
        ("billing.tick_usage", "billing.usage"),
        ("billing.tick_account", "billing.account"),
        ("billing.tick_rates", "billing.rates"),
        ("billing.tick_invoices", "billing.invoices"),
        ("billing.tick_dunning", "billing.dunning"),
    ],
)
def test_two_beats_at_once_do_the_work_of_one(db, new_place, tick, work):
    new_place().add(switch_next_at=clock.now(), desired_state=Service.DISABLED)
    queue = f"markaz:{ROUTES[work]['queue']}"
    ticking = our_tasks()[tick]
    for _ in range(2):
        ticking()
    assert live.valkey().llen(queue) == 1
    live.valkey().delete(f"markaz:tick:{tick}")
    ticking()
    assert live.valkey().llen(queue) == 2


def test_a_broker_that_is_away_loses_nothing(db, monkeypatch):
    from kombu.exceptions import OperationalError

    def unreachable(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(current_app, "send_task", unreachable)
    assert enqueue("whatsapp.switch", reseller_id=1) is False
    assert timedelta(seconds=settings.TICK_SECONDS) < timedelta(minutes=1), "the next tick finds the work"
