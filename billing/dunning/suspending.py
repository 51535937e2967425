"""The run that suspends and resumes, and the brake that stops it when it would hit too many at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from billing.dunning.plan import due_now
from billing.models import SuspensionBrake, SuspensionCase
from billing.suspensions import enforce, lift_if_settled, provider_failing, suspend
from centers import audit, live
from centers.errors import Refused
from centers.jobs import Round
from centers.models import Center, Reseller, User
from centers.sentences import Sentence as _
from whatsapp.incidents import open_incident, resolve_incident
from whatsapp.models import Incident

HELD = Incident.Kind.SUSPENSIONS_HELD
_LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Excess:
    """More centers than a run may suspend without asking."""

    due: list[Center]
    limit: int
    active: int


def run_suspensions(*, reseller: Reseller, now: datetime, round_: Round) -> None:
    """Resume who no longer owes enough, then suspend who does, unless MazBot is failing or the brake is on."""
    for case in _running(reseller):
        if lift_if_settled(center=case.center, now=now):
            round_.ok()
    if provider_failing(reseller.pk):
        round_.note = _("MazBot is failing: nobody is suspended until it works again.")
        return
    for case in _running(reseller):
        with transaction.atomic():
            enforce(case=case, now=now)
    centers, brake = _let_through(reseller, due_now(reseller, now), now)
    for center in centers:
        if suspend(center=center, now=now, brake=brake):
            round_.ok()
    if brake:
        _close(brake, now)
    if open_brake(reseller):
        round_.note = _("Too many suspensions at once: they wait for a decision.")


def brake_limit(active_centers: int) -> int:
    """How many centers a day's runs may suspend without asking: max(5, 10 % of the active ones)."""
    return max(5, active_centers // 10)


def open_brake(reseller: Reseller) -> SuspensionBrake | None:
    """The list that waits for staff, or None."""
    row: SuspensionBrake | None = SuspensionBrake.objects.filter(
        reseller=reseller, closed_at=None, released_at=None
    ).first()
    return row


def release_brake(*, brake: SuspensionBrake, by: User | None, now: datetime) -> None:
    """Let exactly the centers of this list be suspended by the next run, if they still owe enough then."""
    with transaction.atomic():
        row = SuspensionBrake.objects.select_for_update().get(pk=brake.pk)
        if row.closed_at or row.released_at:
            raise Refused(_("This list was dealt with already."))
        SuspensionBrake.objects.filter(pk=row.pk).update(released_at=now, released_by=by)
        resolve_incident(reseller=row.reseller, kind=HELD, now=now)
        audit.record(
            "suspensions.released",
            reseller=row.reseller,
            by=by,
            now=now,
            centers=row.center_ids,
        )
        live.publish(row.reseller_id, "billing", "alerts")


def _running(reseller: Reseller) -> list[SuspensionCase]:
    rows = SuspensionCase.objects.filter(reseller=reseller, ended_at=None)
    return list(rows.select_related("center__reseller").order_by("pk"))


def _let_through(
    reseller: Reseller, due: list[Center], now: datetime
) -> tuple[list[Center], SuspensionBrake | None]:
    """The centers to suspend now, and the released brake that allows them (None: they are few enough)."""
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        brake = SuspensionBrake.objects.filter(reseller=reseller, closed_at=None).first()
        if brake and brake.released_at:
            listed = set(brake.center_ids)
            return [center for center in due if center.pk in listed], brake
        active = Center.objects.filter(reseller=reseller, archived_at=None).count()
        limit = brake_limit(active)
        if due and len(due) + _recent(reseller, now) > limit:
            _pull(reseller, brake, _Excess(due, limit, active), now)
            return [], None
        if brake:
            _close(brake, now)
            resolve_incident(reseller=reseller, kind=HELD, now=now)
        return due, None


def _recent(reseller: Reseller, now: datetime) -> int:
    """Suspensions of the last day that nobody released by hand: ten small runs are one big one."""
    return SuspensionCase.objects.filter(
        reseller=reseller, opened_at__gt=now - _LOOK_BACK, brake__isnull=True
    ).count()


def _pull(reseller: Reseller, brake: SuspensionBrake | None, excess: _Excess, now: datetime) -> None:
    ids = [row.pk for row in excess.due]
    values = {"center_ids": ids, "limit": excess.limit, "active_centers": excess.active}
    if brake:
        SuspensionBrake.objects.filter(pk=brake.pk).update(**values)
        return
    SuspensionBrake.objects.create(reseller=reseller, pulled_at=now, **values)
    detail = _("%(count)s centers would be suspended at once; up to %(limit)s are without asking.") % {
        "count": len(ids),
        "limit": excess.limit,
    }
    open_incident(reseller=reseller, kind=HELD, detail=detail, now=now)
    audit.record("suspensions.held", reseller=reseller, by=None, now=now, centers=ids)
    live.publish(reseller.pk, "billing", "alerts")


def _close(brake: SuspensionBrake, now: datetime) -> None:
    SuspensionBrake.objects.filter(pk=brake.pk, closed_at=None).update(closed_at=now)
