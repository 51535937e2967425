"""Celery tasks: ticks that enqueue due work, and thin wrappers around operations."""

from celery import shared_task

from centers import clock, live
from centers.models import Reseller
from centers.queue.dispatch import enqueue
from centers.queue.ticks import CLOCKS_APART, hand_out, tick
from centers.tenancy.scoping import every_tenant, tenant
from whatsapp import jobs, state_counts
from whatsapp.alerts.snoozing import wake_due
from whatsapp.history import days
from whatsapp.imports import run as importing
from whatsapp.models import ImportBatch, PairingAttempt
from whatsapp.monitoring import scheduler
from whatsapp.monitoring.after_maintenance import announce_begun, ended_unsettled, settle_ended
from whatsapp.monitoring.dispatcher.engine import dispatcher
from whatsapp.monitoring.install_notice import tell_operator
from whatsapp.monitoring.leases import unleased
from whatsapp.pairing import qr_worker
from whatsapp.pairing.sessions import free_stuck
from whatsapp.webhooks import inbound

_SWEEP_DROPPED_AFTER = 6.0 + CLOCKS_APART  # seconds; a later tick hands the account out again


@tick("whatsapp.tick_status", every=2.0)
def tick_status() -> None:
    """Hand every account that no worker sweeps to one."""
    for reseller_id in unleased(live.valkey(), scheduler.accounts_in_use()):
        enqueue("whatsapp.sweep", expires=_SWEEP_DROPPED_AFTER, reseller_id=reseller_id)


@tick("whatsapp.tick_switching")
def tick_switching() -> None:
    """Enqueue a run for each reseller with due switches or webhook addresses."""
    hand_out("whatsapp.switch", jobs.switching_due(clock.now()))


@tick("whatsapp.tick_alerts")
def tick_alerts() -> None:
    """Wake the alerts whose snooze has ended; announce maintenance that began, and settle what is over."""
    now = clock.now()
    with every_tenant():
        wake_due(now=now)
        announce_begun(now=now)
    hand_out("whatsapp.settle_maintenance", ended_unsettled(now))


@tick("whatsapp.tick_install", every=60.0)
def tick_install() -> None:
    """Tell the operator when many accounts get no answers at the same time."""
    tell_operator(now=clock.now())


@tick("whatsapp.tick_counts", every=60.0)
def tick_counts() -> None:
    """Add up the noted changes of how many numbers are in each state."""
    state_counts.add_up()


@tick("whatsapp.tick_pairing")
def tick_pairing() -> None:
    """Resume lost requests and watchers, hide expired codes."""
    now = clock.now()
    with every_tenant():
        free_stuck(now=now)
    for reseller_id, pk in qr_worker.lost_questions(now):
        enqueue("whatsapp.ask_code", reseller_id=reseller_id, attempt_pk=pk)
    for reseller_id, pk in qr_worker.lost_watchers(now):
        enqueue("whatsapp.watch_code", reseller_id=reseller_id, attempt_pk=pk)


@tick("whatsapp.tick_webhooks")
def tick_webhooks() -> None:
    """Enqueue a run for each reseller with waiting events."""
    hand_out("whatsapp.process_events", inbound.unprocessed())


@tick("whatsapp.tick_imports")
def tick_imports() -> None:
    """Enqueue imports whose task was lost."""
    for reseller_id, pk in importing.lost_imports(clock.now()):
        enqueue("whatsapp.import", reseller_id=reseller_id, batch_pk=pk)


@tick("whatsapp.tick_history", every=600.0)
def tick_history() -> None:
    """Enqueue a run for each reseller whose day is over and not summed up."""
    hand_out("whatsapp.history", days.due(clock.now()))


@tick("whatsapp.tick_tidying", every=3600.0)
def tick_tidying() -> None:
    """Delete old records of every reseller."""
    for reseller in Reseller.objects.all():
        jobs.tidy(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.sweep")
def sweep(*, reseller_id: int) -> None:
    """Give an account to this worker's dispatcher, which sweeps it from now on."""
    dispatcher().adopt(reseller_id)


@shared_task(name="whatsapp.check_everyone")
def check_everyone(*, reseller_id: int) -> None:
    """Make all numbers of a reseller due, because staff asked; the sweep checks them."""
    if Reseller.objects.filter(pk=reseller_id).exists():
        scheduler.make_all_due(reseller_id=reseller_id, now=clock.now())


@shared_task(name="whatsapp.check_one")
def check_one(*, reseller_id: int, instance_pk: int) -> None:
    """Check one number for a person who waits."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        jobs.check_one(reseller=reseller, instance_pk=instance_pk, now=clock.now())


@shared_task(name="whatsapp.switch")
def switch(*, reseller_id: int) -> None:
    """Make the reseller's due switches and webhook resets."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        jobs.switching_job(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.settle_maintenance")
def settle_maintenance(*, reseller_id: int) -> None:
    """Open the alerts that the reseller's ended maintenance had hidden."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        with tenant(reseller):
            settle_ended(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.ask_code")
def ask_code(*, reseller_id: int, attempt_pk: int) -> None:
    """Fetch a pairing code and start watching it."""
    for attempt in _attempts(reseller_id, attempt_pk):
        with tenant(attempt.reseller):
            if qr_worker.ask_code(attempt=attempt, now=clock.now()):
                _watch_again(attempt)


@shared_task(name="whatsapp.watch_code")
def watch_code(*, reseller_id: int, attempt_pk: int) -> None:
    """Check once whether the phone scanned the code, and repeat while it is valid."""
    for attempt in _attempts(reseller_id, attempt_pk):
        with tenant(attempt.reseller):
            if qr_worker.watch(attempt=attempt, now=clock.now()):
                _watch_again(attempt)


@shared_task(name="whatsapp.process_events")
def process_events(*, reseller_id: int) -> None:
    """Process the reseller's stored events."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        jobs.webhook_job(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.history")
def sum_up_days(*, reseller_id: int) -> None:
    """Sum up the reseller's days that are over."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        jobs.history_job(reseller=reseller, now=clock.now())


@shared_task(name="whatsapp.import")
def import_batch(*, reseller_id: int, batch_pk: int) -> None:
    """Run an import that was started."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        with tenant(reseller):
            for batch in ImportBatch.objects.filter(pk=batch_pk):
                importing.run_import(batch=batch, now=clock.now())


def _attempts(reseller_id: int, attempt_pk: int) -> list[PairingAttempt]:
    with every_tenant():
        attempts = PairingAttempt.objects.select_related("reseller", "instance__center", "instance__reseller")
        return list(attempts.filter(pk=attempt_pk, reseller=reseller_id))


def _watch_again(attempt: PairingAttempt) -> None:
    enqueue(
        "whatsapp.watch_code",
        countdown=qr_worker.WATCH_SECONDS,
        reseller_id=attempt.reseller_id,
        attempt_pk=attempt.pk,
    )
