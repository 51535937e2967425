"""The run that suspends and resumes centers, and the safety stop for when it would suspend too many."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from billing.alerts import keep_alert
from billing.dunning.holds import hold
from billing.dunning.over_limit import centers_over_limit
from billing.dunning.plan import due_now
from billing.dunning.suspension import (
    active_hold,
    enforce,
    outstanding_debt,
    provider_failing,
    resume_if_paid,
    suspend,
)
from billing.models import SafetyStop, Suspension
from billing.periods import today
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.queue.job_runs import RunRecorder
from centers.stored_messages import StoredMessage as _
from whatsapp.alerts.lifecycle import resolve_alert
from whatsapp.alerts.maintenance import centers_under_maintenance
from whatsapp.models import Alert

HELD = Alert.Kind.SUSPENSIONS_HELD
#: How long a center is held that staff did not approve.
DEFERRED_FOR = timedelta(days=7)
_LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Excess:
    """The run would suspend more centers than it may without approval."""

    due: list[Center]
    limit: int
    active: int


def run_suspensions(*, reseller: Reseller, now: datetime, recorder: RunRecorder) -> None:
    """Resume centers that no longer owe enough, then suspend those that do.

    Nothing is suspended while MazBot is failing or a safety stop is open, and no center under maintenance."""
    still_empty = centers_over_limit(reseller)  # a payment, a hold or another limit resumes them at once
    for case in _running(reseller):
        if case.center_id not in still_empty and resume_if_paid(center=case.center, now=now):
            recorder.ok()
    if provider_failing(reseller.pk):
        recorder.note = _("MazBot is failing. No center is suspended until it recovers.")
        return
    for case in _running(reseller):
        with transaction.atomic():
            enforce(case=case, now=now)
    due = _outside_maintenance(reseller, due_now(reseller, now), now)
    centers, safety_stop = _let_through(reseller, due, now)
    for center in centers:
        if suspend(center=center, now=now, safety_stop=safety_stop):
            recorder.ok()
    if safety_stop:
        _close(safety_stop, now)
    if open_safety_stop(reseller):
        recorder.note = _("Too many suspensions at once. They need a decision.")


def suspension_limit(active_centers: int) -> int:
    """How many centers a day's runs may suspend without approval: max(5, 10 % of the active ones)."""
    return max(5, active_centers // 10)


def open_safety_stop(reseller: Reseller) -> SafetyStop | None:
    """The list of centers that waits for approval, or None."""
    row: SafetyStop | None = SafetyStop.objects.filter(
        reseller=reseller, closed_at=None, released_at=None
    ).first()
    return row


def release_safety_stop(
    *, safety_stop: SafetyStop, by: User | None, now: datetime, approved: Collection[int] | None = None
) -> None:
    """Let the next run suspend exactly the centers of this list that still owe enough by then.

    `approved` are the ids of those it may suspend (None: all of them); the others, also those that were listed since,
    get a hold of a week, or the run after it would suspend them, too few by then for a stop.
    """
    with transaction.atomic():
        # Suspending holds a center's lock while it names the stop, which this lock allows.
        row = SafetyStop.objects.select_for_update(no_key=True).get(pk=safety_stop.pk)
        if row.closed_at or row.released_at:
            raise OperationRefused(_("These suspensions no longer need a decision."))
        ids = [pk for pk in row.center_ids if approved is None or pk in approved]
        others = Center.objects.filter(pk__in=set(row.center_ids) - set(ids)).select_related("reseller")
        for center in others.order_by("pk"):
            _defer(center, by, now)
        SafetyStop.objects.filter(pk=row.pk).update(released_at=now, released_by=by, center_ids=ids)
        resolve_alert(reseller=row.reseller, kind=HELD, now=now)
        entries.record(
            "suspensions.released",
            reseller=row.reseller,
            by=by,
            now=now,
            topics=("billing", "alerts"),
            centers=ids,
        )


def _defer(center: Center, by: User | None, now: datetime) -> None:
    """Hold a center that still owes enough for a week, a running hold for as long; what it promised stays."""
    day = today(center.reseller, now)
    until, held = day + DEFERRED_FOR, active_hold(center, day)
    if held is None:
        if outstanding_debt(center, now) is not None:
            hold(center=center, until=until, because=gettext("Not approved"), by=by, now=now)
    elif not held.is_promise and held.until < until:
        hold(center=center, until=until, because=held.because, by=by, now=now)


def _running(reseller: Reseller) -> list[Suspension]:
    rows = Suspension.objects.filter(reseller=reseller, ended_at=None)
    return list(rows.select_related("center__reseller").order_by("pk"))


def _outside_maintenance(reseller: Reseller, due: list[Center], now: datetime) -> list[Center]:
    """The centers that maintenance does not exempt today; the run after its end takes the others."""
    frozen = centers_under_maintenance(reseller=reseller, centers=[row.pk for row in due], now=now)
    return [row for row in due if row.pk not in frozen]


def _let_through(
    reseller: Reseller, due: list[Center], now: datetime
) -> tuple[list[Center], SafetyStop | None]:
    """The centers to suspend now, and the released safety stop that allows them (None: within the limit)."""
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        safety_stop = SafetyStop.objects.filter(reseller=reseller, closed_at=None).first()
        if safety_stop and safety_stop.released_at:
            listed = set(safety_stop.center_ids)
            return [center for center in due if center.pk in listed], safety_stop
        active = Center.objects.filter(reseller=reseller, archived_at=None).count()
        limit = suspension_limit(active)
        if due and len(due) + _recent(reseller, now) > limit:
            _pull(reseller, safety_stop, _Excess(due, limit, active), now)
            return [], None
        if safety_stop:
            _close(safety_stop, now)
            resolve_alert(reseller=reseller, kind=HELD, now=now)
        return due, None


def _recent(reseller: Reseller, now: datetime) -> int:
    """Suspensions of the last day that staff did not release: ten small runs count like a large one."""
    return Suspension.objects.filter(
        reseller=reseller, opened_at__gt=now - _LOOK_BACK, safety_stop__isnull=True
    ).count()


def _pull(reseller: Reseller, safety_stop: SafetyStop | None, excess: _Excess, now: datetime) -> None:
    ids = [row.pk for row in excess.due]
    values = {"center_ids": ids, "limit": excess.limit, "active_centers": excess.active}
    detail = _(
        "%(count)s centers would be suspended at once. Up to %(limit)s can be suspended without approval."
    ) % {
        "count": len(ids),
        "limit": excess.limit,
    }
    # In each run: an alert that a person resolved opens again while the decision is due.
    keep_alert(reseller=reseller, kind=HELD, detail=detail, now=now)
    if safety_stop:
        SafetyStop.objects.filter(pk=safety_stop.pk).update(**values)
        return
    SafetyStop.objects.create(reseller=reseller, pulled_at=now, **values)
    entries.record(
        "suspensions.held", reseller=reseller, by=None, now=now, topics=("billing", "alerts"), centers=ids
    )


def _close(safety_stop: SafetyStop, now: datetime) -> None:
    SafetyStop.objects.filter(pk=safety_stop.pk, closed_at=None).update(closed_at=now)
