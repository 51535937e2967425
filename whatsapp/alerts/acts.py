"""What people do with alerts: acknowledge, snooze, assign, resolve and note, one or thousands in one act.

Each act locks the alerts it can still change, changes them in one statement, and writes one event for each of them and
one audit entry for all. An alert that changed in the meantime is left out; the number of changed ones is returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Membership, Reseller, Role, User
from centers.tenancy.permissions import Permission, may
from centers.tenancy.scoping import tenant
from centers.values.formats import moment_text, zone_of
from centers.values.text import several_lines
from whatsapp.alerts import events
from whatsapp.models import Alert, AlertEvent

LONGEST_SNOOZE = timedelta(days=30)
LONGEST_NOTE = 2000  # characters
Kind = AlertEvent.Kind
_OPEN = Q(resolved_at=None)
_FACTS = {"until": "snoozed_until", "person": "assigned_to"}  # an event's column -> the audit entry's fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The alerts that a person chose: `filters` say how, if these are all that match, for the audit entry."""

    reseller: Reseller
    rows: QuerySet[Alert]
    filters: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """What is set (`changes`) on the alerts that still allow it (`able`), and what the event reports of it."""

    kind: AlertEvent.Kind
    able: Q
    changes: Mapping[str, object]
    reported: Mapping[str, Any] = field(default_factory=dict)


def one(alert: Alert) -> Choice:
    """This alert alone."""
    return Choice(reseller=alert.reseller, rows=Alert.objects.filter(pk=alert.pk))


def acknowledge(*, chosen: Choice, by: User, now: datetime) -> int:
    """Record who looks after the alerts, and end their snooze; the first person stays recorded."""
    changes = {"acknowledged_at": now, "acknowledged_by": by, "snoozed_until": None}
    able = _OPEN & Q(acknowledged_at=None)
    return _done(chosen, _Act(kind=Kind.ACKNOWLEDGED, able=able, changes=changes), by, now)


def snooze(*, chosen: Choice, until: datetime, by: User, now: datetime) -> int:
    """Count the alerts nowhere before `until`; then they are open again, acknowledged by no one.

    Raises OperationRefused unless `until` lies within LONGEST_SNOOZE from now.
    """
    if until <= now:
        raise OperationRefused(_("This time has passed. Choose a time in the future."), field="until_at")
    if until > now + LONGEST_SNOOZE:
        days = LONGEST_SNOOZE.days
        text = _("An alert can be snoozed for up to %(days)s days. Choose an earlier time.")
        raise OperationRefused(text % {"days": days}, field="until_at")
    changes = {"snoozed_until": until, "acknowledged_at": None, "acknowledged_by": None}
    act = _Act(kind=Kind.SNOOZED, able=_OPEN, changes=changes, reported={"until": until})
    return _done(chosen, act, by, now)


def assign(*, chosen: Choice, person: User | None, by: User, now: datetime) -> int:
    """Make `person` responsible for the alerts, or no one; raises OperationRefused unless they may see alerts."""
    if person is not None and not assignable(chosen.reseller).filter(pk=person.pk).exists():
        text = _("This person isn't on your team. Choose someone who can see alerts.")
        raise OperationRefused(text, field="person")
    same = Q(assigned_to=person)
    act = _Act(
        kind=Kind.ASSIGNED, able=_OPEN & ~same, changes={"assigned_to": person}, reported={"person": person}
    )
    return _done(chosen, act, by, now)


def unassign_all(reseller: Reseller, person: User, by: User | None, now: datetime) -> None:
    """Assign the open alerts of someone who leaves the team to no one, whatever scope is open."""
    with tenant(reseller):
        theirs = Choice(reseller=reseller, rows=Alert.objects.filter(assigned_to=person))
        act = _Act(kind=Kind.ASSIGNED, able=_OPEN, changes={"assigned_to": None}, reported={"person": None})
        _done(theirs, act, by, now)


def resolve(*, chosen: Choice, by: User, now: datetime) -> int:
    """Resolve the alerts by hand. A cause that is found again opens another alert, which continues none of these.

    Raises OperationRefused if all that is open follows a state that lasts, which would not open again, or items that
    are explained one by one.
    """
    able = _OPEN & ~Q(kind__in=Alert.LASTING | Alert.OF_ITEMS)
    changes = {"resolved_at": now, "resolved_by": by, "snoozed_until": None}
    done = _done(chosen, _Act(kind=Kind.RESOLVED, able=able, changes=changes), by, now)
    if not done and chosen.rows.filter(_OPEN, kind__in=Alert.OF_ITEMS).exists():
        raise OperationRefused(
            _("This alert closes once every difference is explained or settled, under Usage, Reconciliation.")
        )
    if not done and chosen.rows.filter(_OPEN, kind__in=Alert.LASTING).exists():
        raise OperationRefused(
            _(
                "This alert is resolved automatically once the provider incident is over. "
                "Snooze it to stop counting it."
            )
        )
    return done


def note(*, alert: Alert, text: str, by: User, now: datetime) -> None:
    """Add a note to the alert's story, open or resolved; raises OperationRefused for an empty or a long one."""
    try:
        written = several_lines(text)
    except ValidationError as error:
        raise OperationRefused(error.messages[0], field="text") from error
    if not written:
        raise OperationRefused(_("Enter a note."), field="text")
    if len(written) > LONGEST_NOTE:
        longest = _("A note can have up to %(n)s characters. Shorten it.") % {"n": LONGEST_NOTE}
        raise OperationRefused(longest, field="text")
    with transaction.atomic():
        events.write(
            reseller=alert.reseller,
            kind=Kind.NOTED,
            alerts=[(alert.pk, alert.center_id)],
            at=now,
            by=by,
            text=written,
        )
        entries.record(
            "alert.noted",
            reseller=alert.reseller,
            by=by,
            target=alert,
            center=alert.center,
            now=now,
            note_text=written,
        )


def assignable(reseller: Reseller) -> QuerySet[User]:
    """The people of the reseller's team who may see alerts, in the order in which they joined."""
    roles = [role for role in Role if may(role, Permission.VIEW)]
    team = Membership.objects.filter(reseller=reseller, center=None, role__in=roles)
    return User.objects.filter(pk__in=team.values("user")).order_by("name", "pk")


def _done(chosen: Choice, act: _Act, by: User | None, now: datetime) -> int:
    with transaction.atomic():
        rows = chosen.rows.filter(act.able).order_by("pk")
        # One of many that a job holds is about to be resolved: it is left out, and no two acts wait for each other.
        locked = rows.select_for_update(of=("self",), skip_locked=chosen.filters is not None)
        changing = list(locked.values_list("pk", "center_id"))
        if not changing:
            return 0
        Alert.objects.filter(pk__in=[pk for pk, _center in changing]).update(**act.changes)
        events.write(
            reseller=chosen.reseller, kind=act.kind, alerts=changing, at=now, by=by, **dict(act.reported)
        )
        _audit(chosen, act, [pk for pk, _center in changing], by, now)
    return len(changing)


def _audit(chosen: Choice, act: _Act, pks: list[int], by: User | None, now: datetime) -> None:
    """One audit entry: about the alert, or with the number of alerts and the filters they were chosen by."""
    facts: dict[str, Any] = {
        _FACTS[name]: _fact(value, chosen.reseller) for name, value in act.reported.items()
    }
    single = chosen.filters is None and len(pks) == 1
    alert = Alert.objects.select_related("instance", "center").get(pk=pks[0]) if single else None
    if alert is None:
        facts |= {"count": len(pks), "alert_filters": dict(chosen.filters or {})}
    entries.record(
        f"alert.{act.kind}" if alert else f"alert.{act.kind}_many",
        reseller=chosen.reseller,
        by=by,
        target=alert,
        center=alert.center if alert else None,
        now=now,
        **facts,
    )


def _fact(value: object, reseller: Reseller) -> str:
    if isinstance(value, datetime):
        return moment_text(value, zone_of(reseller.time_zone))
    return "" if value is None else str(value)
