"""Asking MazBot to switch a number until it confirms the desired state (repeated by retries.py).

A number whose desired state changed in the meantime is requested again immediately.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from centers import live
from centers.audit import entries
from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import explain
from whatsapp.alerts.lifecycle import resolve_alert
from whatsapp.alerts.maintenance import under_maintenance
from whatsapp.mazbot import ErrorKind, Lane, MazBot, MazBotError, ToggleAction, ToggleOutcome
from whatsapp.models import Alert, DesiredReason, Instance, MazbotAccount, Service
from whatsapp.service.retries import Report, RetryQueue, ask, process_due, reschedule, settle

log = structlog.get_logger(__name__)

Guard = Callable[[Instance, datetime], bool]

SWITCHING = RetryQueue("switch", Alert.Kind.SWITCH_UNCONFIRMED)
FROZEN = timedelta(seconds=60)
# The call may have taken effect, or may still do so.
_AMBIGUOUS = frozenset({ErrorKind.TIMEOUT, ErrorKind.NETWORK, ErrorKind.MALFORMED, ErrorKind.SERVER})

_guards: list[Guard] = []


def register_guard(guard: Guard) -> Guard:
    """Call `guard(instance, now)` right before disabling for non-payment; False withdraws the request."""
    if guard not in _guards:
        _guards.append(guard)
    return guard


def reconcile(
    *,
    reseller: Reseller,
    now: datetime,
    deadline: float = 60.0,
    report: Report = lambda _instance, _why: None,
) -> int:
    """Make the reseller's due switches; see `process_due`."""
    return process_due(
        reseller=reseller, queues=[(SWITCHING, switch)], now=now, deadline=deadline, report=report
    )


def switch(instance: Instance, account: MazbotAccount, client: MazBot, now: datetime) -> str:
    """Switch one number, claimed by us. Return "" if MazBot confirmed, else the reason why not."""
    if _is_for_unpaid(instance):
        if MazbotAccount.objects.filter(pk=account.pk, failing_since__isnull=False).exists():
            why = _("MazBot is failing for many numbers. Suspensions wait until it recovers.")
            return _postpone(instance, why, now)
        if under_maintenance(reseller=instance.reseller_id, instances=[instance.pk], now=now):
            return _postpone(
                instance, _("The number is under maintenance. Suspensions wait until it ends."), now
            )
        permitted = _permitted(instance, now)
        if permitted is None:
            return _postpone(instance, _("The center's balance couldn't be checked."), now)
        if not permitted:
            return _withdraw(instance, now)
    action = ToggleAction.ENABLE if instance.desired_state == Service.ENABLED else ToggleAction.DISABLE
    answer = ask(
        account,
        lambda: client.toggle(instance.instance_id, action, priority=Lane.CONTROL, deadline=20),
        now,
    )
    with transaction.atomic():
        return _record(instance, answer, now)


def _is_for_unpaid(instance: Instance) -> bool:
    """Whether only non-payment keeps the number off; an archived one stays off in any case."""
    off = instance.desired_state == Service.DISABLED and instance.archived_at is None
    return off and instance.is_suspended


def _record(asked: Instance, answer: ToggleOutcome | MazBotError, now: datetime) -> str:
    """Store the answer; a desired state that changed during the call stays due."""
    row = (
        Instance.objects.select_for_update(of=("self",)).select_related("center", "reseller").get(pk=asked.pk)
    )
    if row.instance_id != asked.instance_id:  # after a correction the id is another number at MazBot
        return _("The instance ID was corrected in the meantime.")
    changed = (row.desired_state, row.desired_at) != (asked.desired_state, asked.desired_at)
    before = row.service
    why = _note_answer(row, answer, now)
    row.version += 1
    if why == "" and not changed:
        _note_confirmed(row, before, now)
    elif not changed:
        reschedule(SWITCHING, row, answer if isinstance(answer, MazBotError) else None, why, now)
    answered = ("service", "confirmed_raw", "confirmed_at", "next_check_at", "version")
    row.save(update_fields=[*answered, *SWITCHING.columns])
    live.publish(row.reseller_id, "instances", centers=(row.center_id,))
    return why or (_("The desired state changed in the meantime.") if changed else "")


def _note_answer(row: Instance, answer: ToggleOutcome | MazBotError, now: datetime) -> str:
    """Set the confirmed state; return "" if it is the desired one, else a message."""
    if isinstance(answer, MazBotError):
        if answer.kind in _AMBIGUOUS:
            row.service = Service.UNCONFIRMED
        return explain(answer)
    row.service = Service(answer.state.value)
    row.confirmed_raw = answer.raw[:64]
    if row.is_unconfirmed:
        return _("MazBot answered “%(text)s”, which doesn't confirm the change.") % {
            "text": row.confirmed_raw
        }
    row.confirmed_at = now
    if row.service != row.desired_state:
        return _("MazBot answered “%(text)s”, which isn't what was requested.") % {"text": row.confirmed_raw}
    return ""


def _note_confirmed(row: Instance, before: str, now: datetime) -> None:
    settle(SWITCHING, row, now)
    if row.service == Service.ENABLED:
        row.next_check_at = now  # the last check of a number that was off may be long ago
    if before != row.service:
        entries.record(
            f"service.{row.service}",
            reseller=row.reseller,
            by=None,
            target=row,
            center=row.center,
            now=now,
            raw=row.confirmed_raw,
        )


def _permitted(instance: Instance, now: datetime) -> bool | None:
    """The guards' decision; None if one of them failed: then no one is suspended on a guess."""
    try:
        return all(guard(instance, now) for guard in _guards)
    except Exception:  # after any error the switch must wait
        log.exception("switch_guard_failed", instance=instance.pk)
        return None


def _postpone(instance: Instance, why: str, now: datetime) -> str:
    _still(instance).update(switch_next_at=now + FROZEN, switch_error=why, version=F("version") + 1)
    live.publish(instance.reseller_id, "instances", centers=(instance.center_id,))
    return why


def _withdraw(instance: Instance, now: datetime) -> str:
    """Withdraw a request because a guard refused it, for example because the center has just paid."""
    with transaction.atomic():
        # If MazBot was not asked yet, there is nothing to undo. Otherwise it must be asked to switch the number on.
        untouched = instance.service == Service.ENABLED and instance.switch_attempts == 0
        changed = _still(instance).update(
            desired_state=Service.ENABLED,
            desired_reason=DesiredReason.NONE,
            desired_at=now,
            desired_by=None,
            switch_next_at=None if untouched else now,
            switch_attempts=0,
            switch_error="",
            version=F("version") + 1,
        )
        if changed:
            entries.record(
                "service.disable_withdrawn",
                reseller=instance.reseller,
                by=None,
                target=instance,
                center=instance.center,
                now=now,
                topics=("instances",),
            )
            resolve_alert(
                reseller=instance.reseller, kind=Alert.Kind.SWITCH_UNCONFIRMED, instance=instance, now=now
            )
    return ""


def _still(instance: Instance) -> QuerySet[Instance]:
    """The row, if its desired state is unchanged and it was not archived since we read it."""
    return Instance.objects.filter(
        pk=instance.pk,
        desired_state=instance.desired_state,
        desired_at=instance.desired_at,
        archived_at=instance.archived_at,
    )
