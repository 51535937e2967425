"""Reads with names, for pages."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from centers.models import Reseller
from whatsapp.models import Connection, Incident, Instance, Service, StatusChange

DOWN = (Connection.DISCONNECTED, Connection.EXPIRED, Connection.UNKNOWN)


def active_instances() -> QuerySet[Instance]:
    """The scope's numbers in use, with their centers."""
    return Instance.objects.filter(archived_at=None).select_related("center")


def down_instances() -> QuerySet[Instance]:
    """Numbers that should be connected and are not, the longest down first."""
    return (
        active_instances()
        .filter(connection__in=DOWN, service_wanted=Service.ENABLED)
        .order_by("connection_since", "pk")
    )


@dataclass(frozen=True, slots=True)
class ConnectionCounts:
    """Numbers in use by state; `off` are wanted disabled, whatever their connection; `switching` wait for MazBot."""

    total: int
    connected: int
    disconnected: int
    pairing: int
    expired: int
    unknown: int
    unchecked: int
    off: int
    switching: int

    @property
    def down(self) -> int:
        """Not connected although they should be (also counts unknown ones)."""
        return self.disconnected + self.expired + self.unknown


def connection_counts() -> ConnectionCounts:
    """Counts of the scope in one query; the connection counts leave out numbers that are wanted off."""
    on = Q(service_wanted=Service.ENABLED)
    row = Instance.objects.filter(archived_at=None).aggregate(
        total=Count("pk"),
        off=Count("pk", filter=~on),
        switching=Count("pk", filter=Q(switch_next_at__isnull=False)),
        **{state.value: Count("pk", filter=on & Q(connection=state)) for state in Connection},
    )
    return ConnectionCounts(**row)


def open_incidents() -> QuerySet[Incident]:
    """Alerts that are not resolved, newest first."""
    return (
        Incident.objects.filter(resolved_at=None)
        .select_related("instance", "center", "acknowledged_by")
        .order_by("-opened_at", "-pk")
    )


def open_incident_count() -> int:
    """For the badge in the navigation."""
    return Incident.objects.filter(resolved_at=None).count()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in one state; `ended` is the end of the window for the last one."""

    connection: Connection
    started: datetime
    ended: datetime

    @property
    def seconds(self) -> float:
        return (self.ended - self.started).total_seconds()


def timeline(instance: Instance, *, since: datetime, until: datetime) -> list[Segment]:
    """The number's connection from `since` to `until`, oldest first, without gaps; two queries."""
    earlier = StatusChange.objects.filter(instance=instance, at__lte=since).order_by("-at", "-pk").first()
    changes = list(
        StatusChange.objects.filter(instance=instance, at__gt=since, at__lt=until).order_by("at", "pk")
    )
    if earlier is not None:
        state, start = Connection(earlier.after), since
    elif changes:
        state, start = Connection(changes[0].before), since
    else:
        state, start = Connection(instance.connection), since
    segments = []
    for change in changes:
        segments.append(Segment(state, start, change.at))
        state, start = Connection(change.after), change.at
    segments.append(Segment(state, start, until))
    return segments


def status_changes(instance: Instance) -> QuerySet[StatusChange]:
    """The changes of one number, newest first."""
    return StatusChange.objects.filter(instance=instance).order_by("-at", "-pk")


def has_account(reseller: Reseller) -> bool:
    """Whether a MazBot account is set up."""
    from whatsapp.models import MazbotAccount

    account = MazbotAccount.objects.filter(reseller=reseller).first()
    return account is not None and account.is_set_up
