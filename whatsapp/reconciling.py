"""Asking MazBot to switch a number until it confirms the state we want.

At most one call per number is under way: a call that answers late must not undo a later one. A number whose
wanted state changed meanwhile is asked again at once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from centers import audit, live
from centers.models import Reseller
from whatsapp.accounts import REFUSING, client_for, explain, note_error, note_success
from whatsapp.incidents import open_incident, resolve_incident
from whatsapp.mazbot import ErrorKind, MazBot, MazBotError, Priority, ToggleAction, ToggleOutcome
from whatsapp.models import Incident, Instance, MazbotAccount, Service, WantReason

log = structlog.get_logger(__name__)

Guard = Callable[[Instance, datetime], bool]
#: What one switch came to: (number, sentence or "" when MazBot confirmed it).
Report = Callable[[Instance, str], None]

BACKOFF = (5, 15, 60, 300, 900)  # seconds until the next try; the last one goes on for ever
ALARM_AFTER = 4  # tries without a confirmation: about a minute and a half
CLAIM = timedelta(seconds=180)  # longer than any call with its wait for a slot
FROZEN = timedelta(seconds=60)
# MazBot may have acted, or may yet act.
_AMBIGUOUS = frozenset({ErrorKind.TIMEOUT, ErrorKind.NETWORK, ErrorKind.MALFORMED, ErrorKind.SERVER})

_guards: list[Guard] = []


def register_guard(guard: Guard) -> Guard:
    """Let `guard(instance, now)` decide right before a disable for non-payment; False withdraws it."""
    if guard not in _guards:
        _guards.append(guard)
    return guard


@dataclass(frozen=True, slots=True)
class _Answer:
    """MazBot's answer to one toggle: an outcome or an error."""

    outcome: ToggleOutcome | None = None
    error: MazBotError | None = None


def reconcile(
    *,
    reseller: Reseller,
    now: datetime,
    before_disable: Guard | None = None,
    deadline: float = 60.0,
    report: Report = lambda _instance, _why: None,
) -> int:
    """Make the reseller's due switches for at most `deadline` seconds; the number MazBot confirmed.

    Needs an open scope and no open transaction. `before_disable` is asked besides the registered guards.
    """
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None or not account.is_set_up:
        return 0
    guards = [*_guards, before_disable] if before_disable else list(_guards)
    client, start, confirmed = client_for(account), time.monotonic(), 0
    while (passed := time.monotonic() - start) < deadline:
        moment = now + timedelta(seconds=passed)
        instance = _claim(reseller, moment)
        if instance is None:
            break
        why = _switch(instance, account, client, guards, moment)
        confirmed += why == ""
        report(instance, why)
    return confirmed


def _claim(reseller: Reseller, now: datetime) -> Instance | None:
    """The next due number no other worker has under way; ours until the claim runs out or the call is recorded."""
    free = Q(switch_claimed_until=None) | Q(switch_claimed_until__lte=now)
    with transaction.atomic():
        instance = (
            Instance.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("center", "reseller")
            .filter(free, reseller=reseller, switch_next_at__lte=now)
            .order_by("switch_next_at", "pk")
            .first()
        )
        if instance is not None:
            Instance.objects.filter(pk=instance.pk).update(switch_claimed_until=now + CLAIM)
    return instance


def _switch(
    instance: Instance, account: MazbotAccount, client: MazBot, guards: list[Guard], now: datetime
) -> str:
    """One number, claimed by us. Returns "" when MazBot confirmed, else why not."""
    try:
        if _is_for_unpaid(instance):
            if MazbotAccount.objects.filter(pk=account.pk, failing_since__isnull=False).exists():
                why = _("MazBot is failing for many numbers; suspensions wait until it works again.")
                return _postpone(instance, why, now)
            permitted = _permitted(instance, guards, now)
            if permitted is None:
                return _postpone(instance, _("What the center owes could not be checked."), now)
            if not permitted:
                return _withdraw(instance, now)
        return _ask(instance, account, client, now)
    finally:
        Instance.objects.filter(pk=instance.pk).update(switch_claimed_until=None)


def _is_for_unpaid(instance: Instance) -> bool:
    return instance.service_wanted == Service.DISABLED and instance.want_reason == WantReason.NON_PAYMENT


def _ask(instance: Instance, account: MazbotAccount, client: MazBot, now: datetime) -> str:
    action = ToggleAction.ENABLE if instance.service_wanted == Service.ENABLED else ToggleAction.DISABLE
    try:
        answer = _Answer(
            outcome=client.toggle(instance.instance_id, action, priority=Priority.CONTROL, deadline=20)
        )
        note_success(account, now=now)
    except MazBotError as error:
        answer = _Answer(error=error)
        note_error(account, error, now=now)
        if error.kind in REFUSING:
            open_incident(
                reseller=instance.reseller, kind=Incident.Kind.ACCOUNT_REFUSED, detail=explain(error), now=now
            )
    with transaction.atomic():
        return _record(instance, answer, now)


def _record(asked: Instance, answer: _Answer, now: datetime) -> str:
    """Write what came back; a want that changed while we asked stays due."""
    row = (
        Instance.objects.select_for_update(of=("self",)).select_related("center", "reseller").get(pk=asked.pk)
    )
    changed = (row.service_wanted, row.wanted_at) != (asked.service_wanted, asked.wanted_at)
    before = row.service
    why = _note_answer(row, answer, now)
    row.version += 1
    if why == "" and not changed:
        _note_confirmed(row, before, now)
    elif not changed:
        _note_retry(row, answer.error, why, now)
    row.save(
        update_fields=[
            "service",
            "service_raw",
            "service_confirmed_at",
            "switch_attempts",
            "switch_next_at",
            "switch_error",
            "version",
        ]
    )
    live.publish(row.reseller_id, "instances", centers=(row.center_id,))
    return why or (_("The wanted state changed meanwhile.") if changed else "")


def _note_answer(row: Instance, answer: _Answer, now: datetime) -> str:
    """Set the confirmed state; returns "" when it is the one wanted now, else a sentence."""
    if answer.error is not None:
        if answer.error.kind in _AMBIGUOUS:
            row.service = Service.UNCONFIRMED
        return explain(answer.error)
    if answer.outcome is None:
        raise ValueError("an answer is an outcome or an error")
    row.service = Service(answer.outcome.state.value)
    row.service_raw = answer.outcome.raw[:64]
    if row.service == Service.UNCONFIRMED:
        return _("MazBot answered “%(text)s”, which confirms nothing.") % {"text": row.service_raw}
    row.service_confirmed_at = now
    if row.service != row.service_wanted:
        return _("MazBot answered “%(text)s”, which is not what was asked for.") % {"text": row.service_raw}
    return ""


def _note_confirmed(row: Instance, before: str, now: datetime) -> None:
    row.switch_next_at, row.switch_attempts, row.switch_error = None, 0, ""
    resolve_incident(reseller=row.reseller, kind=Incident.Kind.SWITCH_UNCONFIRMED, instance=row, now=now)
    if before != row.service:
        audit.record(
            f"service.{row.service}",
            reseller=row.reseller,
            by=None,
            target=row,
            center=row.center,
            now=now,
            raw=row.service_raw,
        )


def _note_retry(row: Instance, error: MazBotError | None, why: str, now: datetime) -> None:
    wait = float(BACKOFF[min(row.switch_attempts, len(BACKOFF) - 1)])
    if error is not None and error.kind in (ErrorKind.LIMIT, ErrorKind.UNAVAILABLE):
        # MazBot was not asked, or asks us to wait: no try of its own.
        wait = max(error.retry_after or 0.0, float(BACKOFF[0]))
    else:
        row.switch_attempts += 1
    row.switch_next_at = now + timedelta(seconds=wait)
    row.switch_error = why[:200]
    if row.switch_attempts >= ALARM_AFTER:
        open_incident(
            reseller=row.reseller, kind=Incident.Kind.SWITCH_UNCONFIRMED, instance=row, detail=why, now=now
        )


def _permitted(instance: Instance, guards: list[Guard], now: datetime) -> bool | None:
    """What the guards say; None when one of them failed: then nobody is suspended on a guess."""
    try:
        return all(guard(instance, now) for guard in guards)
    except Exception:  # whatever it is, the switch must wait
        log.exception("switch_guard_failed", instance=instance.pk)
        return None


def _postpone(instance: Instance, why: str, now: datetime) -> str:
    _still(instance).update(switch_next_at=now + FROZEN, switch_error=why[:200], version=F("version") + 1)
    live.publish(instance.reseller_id, "instances", centers=(instance.center_id,))
    return why


def _withdraw(instance: Instance, now: datetime) -> str:
    """The guard says the center is not to be suspended after all, for example because it has just paid."""
    with transaction.atomic():
        # Nothing asked yet: nothing to undo. Otherwise MazBot must be told to switch it on.
        untouched = instance.service == Service.ENABLED and instance.switch_attempts == 0
        changed = _still(instance).update(
            service_wanted=Service.ENABLED,
            want_reason=WantReason.NONE,
            wanted_at=now,
            wanted_by=None,
            switch_next_at=None if untouched else now,
            switch_attempts=0,
            switch_error="",
            version=F("version") + 1,
        )
        if changed:
            audit.record(
                "service.disable_withdrawn",
                reseller=instance.reseller,
                by=None,
                target=instance,
                center=instance.center,
                now=now,
            )
            resolve_incident(
                reseller=instance.reseller, kind=Incident.Kind.SWITCH_UNCONFIRMED, instance=instance, now=now
            )
            live.publish(instance.reseller_id, "instances", centers=(instance.center_id,))
    return ""


def _still(instance: Instance) -> QuerySet[Instance]:
    """The row, provided that nobody wanted anything else of it since we read it."""
    return Instance.objects.filter(
        pk=instance.pk, service_wanted=instance.service_wanted, wanted_at=instance.wanted_at
    )
