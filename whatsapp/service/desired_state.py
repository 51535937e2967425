"""Switching a number's service: the desired state, and the queue of calls until MazBot confirms it.

Which reason prevails when a number has more than one to be off:
- MANUAL overrides NON_PAYMENT: switching off a suspended number manually makes it MANUAL, and suspending a number
  that is off manually changes nothing; so a payment never ends a manual stop;
- a payment ends only NON_PAYMENT; a person ends MANUAL and NON_PAYMENT (dunning may suspend again);
- archiving keeps an older reason: restoring then ends ARCHIVED and NON_PAYMENT (dunning decides again), but a number
  that was off manually stays off;
- moving a number to another center ends NON_PAYMENT: the new center's dunning decides again;
- an archived number is never enabled.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from centers import live
from centers.audit import entries
from centers.models import User
from centers.queue.dispatch import enqueue_on_commit
from whatsapp.alerts.lifecycle import OF_THE_PHONE, resolve_alert
from whatsapp.models import DesiredReason, Instance, Service

R = DesiredReason

# By the reason of the request: which reasons an "off" replaces, and which an "on" ends.
_OFF_OVER = {R.MANUAL: {R.NON_PAYMENT}, R.NON_PAYMENT: set(), R.ARCHIVED: set()}
_ON_ENDS = {
    R.MANUAL: {R.MANUAL, R.NON_PAYMENT},
    R.NON_PAYMENT: {R.NON_PAYMENT},
    R.ARCHIVED: {R.ARCHIVED, R.NON_PAYMENT},
}


def set_desired_state(
    *,
    instances: Iterable[Instance],
    state: Service,
    reason: DesiredReason,
    by: User | None,
    now: datetime,
) -> list[Instance]:
    """Set the desired state of these numbers of one reseller; return those that changed, as updated.

    `reason` is the origin of the request: MANUAL, NON_PAYMENT (dunning and payments) or ARCHIVED (archiving and
    restoring). Stored with its audit entry in the caller's transaction; MazBot is asked within seconds of the commit.
    """
    if reason not in _ON_ENDS or state not in (Service.ENABLED, Service.DISABLED):
        raise ValueError(f"{reason!r} is no reason for {state}")
    pks = [instance.pk for instance in instances]
    with transaction.atomic():
        rows = Instance.objects.select_for_update(of=("self",)).select_related("center", "reseller")
        locked = rows.filter(pk__in=pks).order_by("pk")
        changing = [row for row in locked if _changes(row, state, reason)]
        if changing:
            _write(changing, state, reason, by, now)
    return changing


def request_again(*, instance: Instance, now: datetime) -> None:
    """Switch off again a number whose id was corrected: MazBot's confirmation was about another number.

    A number that should be on is assumed to be on, like a new one. Runs in the caller's transaction.
    """
    off = Instance.objects.filter(pk=instance.pk, desired_state=Service.DISABLED)
    changes = {"confirmed_raw": "", "confirmed_at": None, "switch_next_at": now, "switch_attempts": 0}
    if off.update(service=Service.UNCONFIRMED, switch_error="", **changes):
        enqueue_on_commit("whatsapp.switch", reseller_id=instance.reseller_id)


def _changes(row: Instance, state: Service, reason: DesiredReason) -> bool:
    is_off = row.desired_state == Service.DISABLED
    if state == Service.DISABLED:
        return not is_off or row.desired_reason in _OFF_OVER[reason]
    return is_off and row.archived_at is None and row.desired_reason in _ON_ENDS[reason]


def _write(
    rows: list[Instance], state: Service, reason: DesiredReason, by: User | None, now: datetime
) -> None:
    new_reason = reason if state == Service.DISABLED else DesiredReason.NONE
    before = {row.pk: row.desired_reason for row in rows}
    # Requested even if MazBot has confirmed this state before: a call for the opposite may be under way.
    changes = {
        "desired_state": state,
        "desired_reason": new_reason,
        "desired_at": now,
        # Only a manual choice belongs to a person; dunning leaves it alone while a center is suspended.
        "desired_by": by if reason == DesiredReason.MANUAL else None,
        "switch_next_at": now,
        "switch_attempts": 0,
        "switch_error": "",
    }
    Instance.objects.filter(pk__in=before).update(**changes, version=F("version") + 1)
    verb = "enable" if state == Service.ENABLED else "disable"
    for row in rows:
        for name, value in changes.items():
            setattr(row, name, value)
        row.version += 1
        entries.record(
            f"service.{verb}_requested",
            reseller=row.reseller,
            by=by,
            target=row,
            center=row.center,
            now=now,
            reason=str(reason),
            before=before[row.pk],
        )
    if state == Service.DISABLED:
        # A number that should be off is not down. Once it is on again, the next check opens the alerts that apply.
        resolve_alert(reseller=rows[0].reseller, kind=OF_THE_PHONE, instance=rows, now=now)
    reseller_id = rows[0].reseller_id
    live.publish(reseller_id, "instances", centers=tuple(sorted({row.center_id for row in rows})))
    enqueue_on_commit("whatsapp.switch", reseller_id=reseller_id)
