"""The workers' part of pairing: fetching a code from MazBot, and watching whether the phone scans it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.scoping import every_tenant
from centers.values.images import safe_png
from whatsapp.accounts import REFUSING, account_of, client_for, explain_kind, note_error, note_success
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.mazbot import CheckResult, ErrorKind, Lane, MazBotError, QrCode
from whatsapp.models import Alert, Connection, Instance, PairingAttempt
from whatsapp.monitoring.scheduler import check_now, observe
from whatsapp.pairing.sessions import BAD_IMAGE
from whatsapp.pairing_attempts import end_connected, tell
from whatsapp.service.retries import held

WATCH_SECONDS = 3.0
# Tolerates a watcher that comes a little early.
_TURN = timedelta(seconds=WATCH_SECONDS - 0.5)
_LOST_WATCHER = timedelta(seconds=8)
_LOST_QUESTION = timedelta(seconds=5)
_SLOT_PATIENCE = 8.0
_LOOK_AGAIN = timedelta(seconds=10)
_CLAIM = "connect_claimed_until"
# The wait for a slot, a login and the longest answers; after that the worker counts as dead.
_LONGEST_CALL = timedelta(seconds=90)

State = PairingAttempt.State


def ask_code(*, attempt: PairingAttempt, now: datetime) -> bool:
    """Ask MazBot once for the code of this attempt; True if it is on screen now.

    One request at a time per number: a later code invalidates the one before. While an earlier attempt's answer is
    pending, this one is left to the next tick. Needs an open scope and no open transaction.
    """
    with held(_CLAIM, attempt.instance, now, lasting=_LONGEST_CALL) as alone:
        mine = PairingAttempt.objects.filter(pk=attempt.pk, state=State.ASKING, asked_at=None)
        if not alone or not mine.update(asked_at=now):
            return False
        code = _fetch(attempt, now)
    return code is not None and _show(attempt, code)


def _fetch(attempt: PairingAttempt, now: datetime) -> QrCode | None:
    instance = attempt.instance
    account = account_of(instance.reseller)
    try:
        code = client_for(account).connect(
            instance.instance_id, priority=Lane.PERSON, deadline=_SLOT_PATIENCE
        )
    except MazBotError as error:
        note_error(account, error, now=now)
        _failed(attempt, error.kind, error.message if error.kind == ErrorKind.REFUSED else "")
        _follow_up(instance, error)
        return None
    note_success(account, now=now)
    return code


def watch(*, attempt: PairingAttempt, now: datetime) -> bool:
    """Check once whether the phone has scanned the code; True if it should be checked again in WATCH_SECONDS.

    With any number of watchers MazBot is asked at most once in WATCH_SECONDS per code.
    """
    turn = Q(polled_at=None) | Q(polled_at__lte=now - _TURN)
    if not PairingAttempt.objects.filter(turn, pk=attempt.pk, state=State.SHOWN).update(polled_at=now):
        return False
    instance = attempt.instance
    account = account_of(instance.reseller)
    try:
        result = client_for(account).status(
            instance.instance_id, priority=Lane.PERSON, deadline=WATCH_SECONDS
        )
    except MazBotError as error:
        note_error(account, error, now=now)
    else:
        _observe(instance, result, now)
    return _expire(attempt, now)


def lost_questions(now: datetime) -> list[tuple[int, int]]:
    """(reseller id, attempt id) of attempts no worker has taken (reads across tenants)."""
    with every_tenant():
        lost = PairingAttempt.objects.filter(
            state=State.ASKING, asked_at=None, started_at__lte=now - _LOST_QUESTION
        )
        return list(lost.values_list("reseller_id", "pk"))


def lost_watchers(now: datetime) -> list[tuple[int, int]]:
    """(reseller id, attempt id) of codes on screen that no worker watches now (reads across tenants)."""
    with every_tenant():
        quiet = Q(polled_at__lte=now - _LOST_WATCHER) | Q(polled_at=None, asked_at__lte=now - _LOST_WATCHER)
        lost = PairingAttempt.objects.filter(quiet, state=State.SHOWN)
        return list(lost.values_list("reseller_id", "pk"))


def _show(attempt: PairingAttempt, code: QrCode) -> bool:
    try:
        image = safe_png(code.image)
    except OperationRefused:
        _failed(attempt, BAD_IMAGE, "")
        return False
    with transaction.atomic():
        shown = PairingAttempt.objects.filter(pk=attempt.pk, state=State.ASKING).update(
            state=State.SHOWN, image=image, expires_at=code.expires_at
        )
        tell(attempt.reseller_id, [attempt.instance_id])
    return bool(shown)


def _failed(attempt: PairingAttempt, kind: str, message: str) -> None:
    with transaction.atomic():
        PairingAttempt.objects.filter(pk=attempt.pk, state=State.ASKING).update(
            state=State.FAILED, error_kind=kind, error=message[:300], ended_at=clock.now()
        )
        tell(attempt.reseller_id, [attempt.instance_id])


def _follow_up(instance: Instance, error: MazBotError) -> None:
    """A refusal may mean that the number's status is outdated; a refused login concerns the whole account."""
    now = clock.now()
    if error.kind in (ErrorKind.REFUSED, ErrorKind.NOT_FOUND):
        check_now(instance=instance, now=now)
    if error.kind in REFUSING:
        open_alert(
            reseller=instance.reseller,
            kind=Alert.Kind.ACCOUNT_REFUSED,
            detail=explain_kind(error.kind),
            now=now,
        )


def _observe(instance: Instance, result: CheckResult, now: datetime) -> None:
    connection = Connection(result.status.value)
    with transaction.atomic():
        observe(instance=instance, connection=connection, raw=result.raw, last_seen=result.last_seen, now=now)
        if connection == Connection.CONNECTED:
            # Also if a sweep had seen it before the attempt was created.
            end_connected(reseller_id=instance.reseller_id, instances=[instance.pk], now=now)
            # WhatsApp undoes some scans right away; the person should see it while still on the page.
            Instance.objects.filter(pk=instance.pk).update(next_check_at=now + _LOOK_AGAIN)


def _expire(attempt: PairingAttempt, now: datetime) -> bool:
    """Hide an expired code; True while it is still valid."""
    with transaction.atomic():
        over = PairingAttempt.objects.filter(pk=attempt.pk, state=State.SHOWN, expires_at__lte=now)
        if over.update(state=State.EXPIRED, image=None, ended_at=now):
            tell(attempt.reseller_id, [attempt.instance_id])
            return False
    return PairingAttempt.objects.filter(pk=attempt.pk, state=State.SHOWN).exists()
