"""Checks of a few numbers at once: those a person asks for, those of a command, and what is due."""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from centers.models import Reseller
from centers.queue.dispatch import enqueue_on_commit
from centers.tenancy.scoping import every_tenant
from whatsapp.accounts import client_for
from whatsapp.mazbot import BudgetExhausted, CheckResult, Lane, MazBot, MazBotError
from whatsapp.models import Connection, Instance, MazbotAccount
from whatsapp.monitoring.batches import (
    STOPPING,
    WHILE_PAIRING,
    Batch,
    Report,
    Tally,
    conclude,
    cycle_seconds,
    take,
    write,
    write_in_time,
)
from whatsapp.monitoring.candidates import due, in_use
from whatsapp.monitoring.results import Outcome, record_outcomes

CLAIM = timedelta(seconds=120)
BATCH_SECONDS = 30.0
LARGEST_BATCH = 200


def batch_size(rate_limit: int) -> int:
    """As many numbers as can be checked in about BATCH_SECONDS."""
    return max(5, min(LARGEST_BATCH, int(rate_limit * BATCH_SECONDS / 60)))


def accounts_in_use() -> list[int]:
    """Ids of the resellers whose account is set up and has numbers in use (reads across tenants)."""
    with every_tenant():
        used = Exists(in_use().filter(reseller=OuterRef("reseller")))
        # Blank fields are compared as they are stored: this runs every two seconds, and decrypts nothing.
        accounts = MazbotAccount.objects.filter(used).exclude(Q(api_key="") | Q(email="") | Q(password=""))
        return list(accounts.order_by("reseller_id").values_list("reseller_id", flat=True))


def make_all_due(*, reseller_id: int, now: datetime) -> None:
    """Make every number of the reseller due now, even while its account is paused."""
    with every_tenant(), transaction.atomic():
        Instance.objects.filter(reseller=reseller_id, archived_at=None).update(next_check_at=now)
        MazbotAccount.objects.filter(reseller=reseller_id).update(checks_paused_until=None)


def claim_due(*, reseller: Reseller, now: datetime, limit: int) -> list[Instance]:
    """Claim up to `limit` due numbers, longest due first, so that no other worker takes them."""
    with transaction.atomic():
        longest_due = (
            due(now)
            .filter(reseller=reseller)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by(F("next_check_at").asc(nulls_first=True), "pk")[:limit]
        )
        claimed = list(longest_due)
        Instance.objects.filter(pk__in=[row.pk for row in claimed]).update(next_check_at=now + CLAIM)
    return claimed


def check_instances(
    *,
    reseller: Reseller,
    instances: Iterable[Instance],
    now: datetime,
    deadline: float,
    priority: Lane = Lane.SWEEP,
    report: Report = lambda _instance, _why: None,
) -> Tally:
    """Check the status of these numbers for at most `deadline` seconds, and store the results.

    Needs an open scope and no open transaction. A failed check keeps the connection and stores when and why it failed.
    An error of our own is raised after the other results are stored.
    """
    numbers = list(instances)
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None or not account.is_set_up or not numbers:
        return Tally(left=len(numbers))
    in_use = Instance.objects.filter(archived_at=None).count()
    batch = Batch(
        account=account,
        reseller=reseller,
        interval=cycle_seconds(in_use, account.rate_limit),
        alarms=account.failing_since is None,
        report=report,
        started=now,
    )
    left = _ask_all(batch, numbers, client_for(account), deadline, priority)
    if batch.tally.answered and isinstance(batch.tally.stopped_by, BudgetExhausted):
        # Only the batch's time ran out between two slots: nothing was refused.
        batch.tally.stopped_by = None
    write(batch)
    conclude(batch, left)
    if batch.broken is not None:
        raise batch.broken
    return batch.tally


def check_now(*, instance: Instance, now: datetime) -> None:
    """Have a worker check this number next, because a person asked."""
    with transaction.atomic():
        Instance.objects.filter(pk=instance.pk).update(next_check_at=now)
        enqueue_on_commit(
            "whatsapp.check_one",
            reseller_id=instance.reseller_id,
            instance_pk=instance.pk,
        )


def observe(
    *, instance: Instance, connection: Connection, raw: str, last_seen: datetime | None, now: datetime
) -> bool:
    """Store one status of a number that came from elsewhere than a check; True if it changed something."""
    account = MazbotAccount.objects.filter(reseller=instance.reseller_id).first()
    wait = WHILE_PAIRING if connection == Connection.PAIRING else settings.SWEEP_GAP_SECONDS
    outcome = Outcome(
        instance_pk=instance.pk,
        at=now,
        next_check_at=now + timedelta(seconds=wait),
        connection=connection,
        raw=raw,
        last_seen=last_seen,
    )
    alarms = account is None or account.failing_since is None
    return record_outcomes(reseller=instance.reseller, outcomes=[outcome], alarms=alarms) > 0


def _ask_all(
    batch: Batch, numbers: list[Instance], client: MazBot, deadline: float, priority: Lane
) -> list[Instance]:
    """Ask with a few threads, which never use the database; return the numbers not asked for."""
    stop = threading.Event()

    def ask(instance: Instance) -> CheckResult | MazBotError | None:
        remaining = deadline - (time.monotonic() - batch.clock)
        if stop.is_set() or remaining <= 0:
            return None
        try:
            return client.status(instance.instance_id, priority=priority, deadline=remaining)
        except MazBotError as error:
            if error.kind in STOPPING:
                stop.set()
            return error

    left = []
    with ThreadPoolExecutor(max_workers=max(2, min(8, batch.account.rate_limit // 120))) as pool:
        asked = {pool.submit(ask, instance): instance for instance in numbers}
        for future in as_completed(asked):
            if future.exception() is not None:
                batch.broken = future.exception()
                continue
            if not take(batch, asked[future], future.result()):
                left.append(asked[future])
            write_in_time(batch)
    return left
