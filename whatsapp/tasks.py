"""What the workers run: ticks that hand out due work, and thin wrappers around operations."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec

from celery import shared_task
from django.conf import settings

from centers import clock, live
from centers.models import Reseller
from centers.scoping import every_tenant, tenant
from whatsapp import codes, importing, monitoring, rounds, webhooks
from whatsapp.dispatch import enqueue
from whatsapp.models import ImportBatch, PairingAttempt
from whatsapp.pairing import free_stuck

P = ParamSpec("P")
_SWEEP_KEY = "markaz:sweep:{reseller_id}"
_SWEEP_SECONDS = 150  # longer than a batch can take


def tick(name: str, *, queue: str, every: float | None = None) -> Callable[[Callable[[], None]], Any]:
    """A task that beat calls. Two beats at once, or a tick delivered twice, do the work of one."""

    def wrap(work: Callable[[], None]) -> Any:
        @shared_task(name=name, queue=queue)
        @wraps(work)
        def ticking() -> None:
            pause = (every or settings.TICK_SECONDS) * 0.5
            if live.valkey().set(f"markaz:tick:{name}", "1", nx=True, px=max(1, int(pause * 1000))):
                work()

        return ticking

    return wrap


@tick("whatsapp.tick_status", queue="sweep")
def tick_status() -> None:
    """One batch of checks for each reseller with numbers due that is not being swept."""
    for reseller_id in monitoring.due_instances(clock.now()):
        if not live.valkey().exists(_SWEEP_KEY.format(reseller_id=reseller_id)):
            enqueue("whatsapp.check_batch", queue="sweep", expires=60, reseller_id=reseller_id)


@tick("whatsapp.tick_switching", queue="control")
def tick_switching() -> None:
    """One round for each reseller with switches or webhook addresses due."""
    _hand_out("whatsapp.switch", "control", rounds.switching_due(clock.now()))


@tick("whatsapp.tick_pairing", queue="interactive")
def tick_pairing() -> None:
    """Take up questions and watches that were lost, cover codes that have run out."""
    now = clock.now()
    with every_tenant():
        free_stuck(now=now)
    for reseller_id, pk in codes.lost_questions(now):
        enqueue("whatsapp.ask_code", queue="interactive", reseller_id=reseller_id, attempt_pk=pk)
    for reseller_id, pk in codes.lost_watchers(now):
        enqueue("whatsapp.watch_code", queue="interactive", reseller_id=reseller_id, attempt_pk=pk)


@tick("whatsapp.tick_webhooks", queue="metering")
def tick_webhooks() -> None:
    """One round for each reseller with events waiting."""
    _hand_out("whatsapp.process_events", "metering", webhooks.unprocessed())


@tick("whatsapp.tick_imports", queue="interactive")
def tick_imports() -> None:
    """Take up imports whose task was lost."""
    for reseller_id, pk in importing.lost_imports(clock.now()):
        enqueue("whatsapp.import", queue="interactive", reseller_id=reseller_id, batch_pk=pk)


@tick("whatsapp.tick_tidying", queue="metering", every=3600.0)
def tick_tidying() -> None:
    """Drop old records of every reseller."""
    for reseller in Reseller.objects.all():
        rounds.tidy(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.check_batch", queue="sweep")
def check_batch(*, reseller_id: int) -> None:
    """Check one batch; one at a time per reseller, so that a large one leaves workers to the others."""
    key = _SWEEP_KEY.format(reseller_id=reseller_id)
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is None or not live.valkey().set(key, "1", nx=True, ex=_SWEEP_SECONDS):
        return
    try:
        run = rounds.status_round(reseller=reseller, now=clock.now())
    finally:
        live.valkey().delete(key)
    if run is not None and reseller_id in monitoring.due_instances(clock.now()):
        enqueue("whatsapp.check_batch", queue="sweep", expires=60, reseller_id=reseller_id)


@shared_task(name="whatsapp.check_everyone", queue="sweep")
def check_everyone(*, reseller_id: int) -> None:
    """Make all numbers of a reseller due, for staff who want to know now; the sweep does the rest."""
    if Reseller.objects.filter(pk=reseller_id).exists():
        monitoring.make_all_due(reseller_id=reseller_id, now=clock.now())
        enqueue("whatsapp.check_batch", queue="sweep", expires=60, reseller_id=reseller_id)


@shared_task(name="whatsapp.check_one", queue="interactive")
def check_one(*, reseller_id: int, instance_pk: int) -> None:
    """Check one number for a person who waits."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        rounds.check_one(reseller=reseller, instance_pk=instance_pk, now=clock.now())


@shared_task(name="whatsapp.switch", queue="control")
def switch(*, reseller_id: int) -> None:
    """Make the reseller's due switches, and take back webhook addresses."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        rounds.switching_round(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.ask_code", queue="interactive")
def ask_code(*, reseller_id: int, attempt_pk: int) -> None:
    """Fetch a pairing code and begin to watch it."""
    for attempt in _attempts(reseller_id, attempt_pk):
        with tenant(attempt.reseller):
            if codes.ask_code(attempt=attempt, now=clock.now()):
                _watch_again(attempt)


@shared_task(name="whatsapp.watch_code", queue="interactive")
def watch_code(*, reseller_id: int, attempt_pk: int) -> None:
    """Look once whether the phone took the code, and come back while it is good."""
    for attempt in _attempts(reseller_id, attempt_pk):
        with tenant(attempt.reseller):
            if codes.watch(attempt=attempt, now=clock.now()):
                _watch_again(attempt)


@shared_task(name="whatsapp.process_events", queue="metering")
def process_events(*, reseller_id: int) -> None:
    """Work through the reseller's stored events."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        rounds.webhook_round(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.import", queue="interactive")
def import_batch(*, reseller_id: int, batch_pk: int) -> None:
    """Run an import that was started."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        with tenant(reseller):
            for batch in ImportBatch.objects.filter(pk=batch_pk):
                importing.run_import(batch=batch, now=clock.now())


def _attempts(reseller_id: int, attempt_pk: int) -> list[PairingAttempt]:
    with every_tenant():
        found = PairingAttempt.objects.select_related("reseller", "instance__center", "instance__reseller")
        return list(found.filter(pk=attempt_pk, reseller=reseller_id))


def _watch_again(attempt: PairingAttempt) -> None:
    enqueue(
        "whatsapp.watch_code",
        queue="interactive",
        countdown=codes.WATCH_SECONDS,
        reseller_id=attempt.reseller_id,
        attempt_pk=attempt.pk,
    )


def _hand_out(task: str, queue: str, resellers: Iterable[int]) -> None:
    for reseller_id in resellers:
        enqueue(task, queue=queue, expires=60, reseller_id=reseller_id)
