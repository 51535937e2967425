"""One run of each job for one reseller, recorded for the Jobs page.

Each opens the reseller's scope itself and needs no open transaction.
"""

from datetime import datetime, timedelta

from centers.models import JobRun, Reseller
from centers.notifications import log
from centers.queue.job_runs import RunRecorder, recorded_run, tidy_runs
from centers.tenancy.scoping import tenant
from whatsapp.accounts import explain
from whatsapp.history import days
from whatsapp.mazbot import Lane
from whatsapp.models import (
    ImportBatch,
    Instance,
    MazbotAccount,
    NumberDay,
    PairingAttempt,
    StatusInterval,
    WebhookEvent,
)
from whatsapp.monitoring.batches import Tally
from whatsapp.monitoring.scheduler import (
    BATCH_SECONDS,
    batch_size,
    check_instances,
    claim_due,
    make_all_due,
)
from whatsapp.service.reconciler import SWITCHING, switch
from whatsapp.service.retries import process_due, resellers_with
from whatsapp.service.webhook_url import FORWARDING, tell
from whatsapp.webhooks.inbound import process_events

# Switches go first, because customers wait for them.
_RETRIES = ((SWITCHING, switch), (FORWARDING, tell))
_ROUND_SECONDS = 3600.0  # for a run that checks every number


def status_job(*, reseller: Reseller, now: datetime, everyone: bool = False) -> JobRun | None:
    """Check a batch of the due numbers (`everyone`: all in use, however long it takes).

    None when none was due or no account is set up.
    """
    with tenant(reseller):
        account = MazbotAccount.objects.filter(reseller=reseller).first()
        if account is None or not account.is_set_up:
            return None
        if everyone:
            make_all_due(reseller_id=reseller.pk, now=now)
        size = batch_size(account.rate_limit)
        batch = claim_due(reseller=reseller, now=now, limit=size)
        if not batch:
            return None
        with recorded_run("status", reseller=reseller, now=now) as recorder:
            while batch:
                tally = _check(
                    reseller, batch, now, recorder, deadline=_ROUND_SECONDS if everyone else BATCH_SECONDS
                )
                if not everyone or tally.stopped_by is not None or not (tally.answered or tally.failed):
                    break
                batch = claim_due(reseller=reseller, now=now, limit=size)
        return _finished(recorder)


def check_one(*, reseller: Reseller, instance_pk: int, now: datetime) -> None:
    """Check one number now, because a person asked."""
    with tenant(reseller):
        numbers = list(Instance.objects.filter(pk=instance_pk))
        check_instances(reseller=reseller, instances=numbers, now=now, deadline=10, priority=Lane.PERSON)


def switching_due(now: datetime) -> list[int]:
    """Ids of the resellers with due switches or webhook addresses."""
    return resellers_with((queue for queue, _act in _RETRIES), now)


def switching_job(*, reseller: Reseller, now: datetime) -> JobRun | None:
    """Make the due switches, then reset webhook addresses; None if there was nothing to do."""
    with tenant(reseller):
        if reseller.pk not in switching_due(now):
            return None
        with recorded_run("switching", reseller=reseller, now=now) as recorder:

            def report(instance: Instance, why: str) -> None:
                if why:
                    recorder.fail(instance.instance_id, why)
                else:
                    recorder.ok()

            process_due(reseller=reseller, queues=_RETRIES, now=now, report=report)
        return _finished(recorder)


def webhook_job(*, reseller: Reseller, now: datetime) -> JobRun | None:
    """Process stored events; None if there were none."""
    with tenant(reseller):
        if not WebhookEvent.objects.filter(processed_at=None).exists():
            return None
        with recorded_run("webhooks", reseller=reseller, now=now) as recorder:
            while processed := process_events(reseller=reseller, now=now):
                recorder.ok(processed)
        return _finished(recorder)


def history_job(*, reseller: Reseller, now: datetime) -> int:
    """Sum up the days that are over; return how many. Not recorded as a run: there is nothing that staff could do."""
    with tenant(reseller):
        return days.sum_up(reseller=reseller, now=now)


def tidy(*, reseller: Reseller, now: datetime) -> None:
    """Delete old records: job runs, events, ended pairing attempts, and files that were previewed but never
    imported, with their rows; the history that no page shows any longer."""
    with tenant(reseller):
        tidy_runs(reseller=reseller, now=now)
        log.tidy(reseller=reseller, now=now)
        WebhookEvent.objects.filter(processed_at__lt=now - timedelta(days=90)).delete()
        PairingAttempt.objects.filter(ended_at__lt=now - timedelta(days=90)).delete()
        StatusInterval.objects.filter(reseller=reseller, until__lt=now - days.INTERVALS_KEPT).delete()
        NumberDay.objects.filter(reseller=reseller, day__lt=(now - days.DAYS_KEPT).date()).delete()
        taken = (ImportBatch.State.QUEUED, ImportBatch.State.DONE)
        ImportBatch.objects.exclude(state__in=taken).filter(created_at__lt=now - timedelta(days=90)).delete()


def _finished(recorder: RunRecorder) -> JobRun:
    """The stored record of the finished run."""
    recorder.run.refresh_from_db()
    return recorder.run


def _check(
    reseller: Reseller, batch: list[Instance], now: datetime, recorder: RunRecorder, *, deadline: float
) -> Tally:
    def report(instance: Instance, why: str) -> None:
        if why:
            recorder.fail(instance.instance_id, why)
        else:
            recorder.ok()

    tally = check_instances(reseller=reseller, instances=batch, now=now, deadline=deadline, report=report)
    if tally.stopped_by is not None:
        recorder.fail("MazBot", explain(tally.stopped_by))
    recorder.save()
    return tally
