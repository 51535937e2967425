"""Named reads of people, centers, jobs and the audit log."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Max, QuerySet, Sum

from centers.models import Center, Invitation, JobRun, Membership, Reseller, User
from centers.queue.job_runs import registered_jobs

RUNS_SHOWN = 5
_COUNTRIES = """
WITH RECURSIVE given AS (
    (SELECT min(country_id) AS id FROM centers_center WHERE reseller_id = %(reseller)s AND country_id > '')
    UNION ALL
    SELECT (SELECT min(country_id) FROM centers_center WHERE reseller_id = %(reseller)s AND country_id > given.id)
      FROM given WHERE given.id IS NOT NULL
)
SELECT id FROM given WHERE id IS NOT NULL
"""


@dataclass(frozen=True)
class Numbers:
    """How many numbers in use a center has, and how many of them are connected, down and disabled."""

    total: int = 0
    connected: int = 0
    down: int = 0
    off: int = 0


@dataclass(frozen=True)
class JobToday:
    """What a job did since midnight in the reseller's time zone."""

    name: str
    label: str
    runs: int
    done: int
    failed: int
    last_at: datetime


def memberships_of(user: User) -> QuerySet[Membership]:
    """All memberships of a person, without archived centers."""
    rows = Membership.objects.filter(user=user, center__archived_at__isnull=True)
    return rows.select_related("reseller", "center").defer("reseller__logo")


def members(reseller: Reseller, center: Center | None = None) -> QuerySet[Membership]:
    """The team, or the people of one center, in the order in which they joined."""
    rows = Membership.objects.filter(reseller=reseller, center=center)
    return rows.select_related("user").order_by("created_at", "pk")


def open_invitations(center: Center | None = None) -> QuerySet[Invitation]:
    """Invitations (to the team, or to one center) that are neither used nor withdrawn, including expired ones."""
    rows = Invitation.objects.filter(center=center, accepted_at=None, revoked_at=None)
    return rows.select_related("invited_by").order_by("-created_at", "-pk")


def with_mfa(users: Iterable[User]) -> set[int]:
    """Ids of the people who have two-factor sign-in; one query."""
    from allauth.mfa.models import Authenticator

    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    rows = Authenticator.objects.filter(user__in=[user.pk for user in users], type__in=kinds)
    return set(rows.values_list("user_id", flat=True))


#: (ids of centers) -> how many numbers each of them has; a center without any may be left out.
Counter = Callable[[list[int]], dict[int, Numbers]]
_counters: list[Counter] = []


def register_counter(counter: Counter) -> Counter:
    """Add how numbers are counted; called from the ready() of the app that owns them."""
    _counters.append(counter)
    return counter


def numbers_of(center_ids: Iterable[int]) -> dict[int, Numbers]:
    """Per center, how many numbers it has, as the app that owns them counts."""
    center_pks = list(center_ids)
    return {pk: numbers for counter in _counters for pk, numbers in counter(center_pks).items()}


#: (reseller, MazBot's country ids) -> what each is called in the active language.
CountryNamer = Callable[[Reseller, tuple[str, ...]], dict[str, str]]
_country_namers: list[CountryNamer] = []


def register_country_names(namer: CountryNamer) -> None:
    """Add what MazBot's country ids are called; called from the ready() of the app that knows it."""
    _country_namers.append(namer)


def countries(reseller: Reseller) -> tuple[tuple[str, str], ...]:
    """The MazBot country ids that the reseller's centers have, each by one look into an index; as choices, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTRIES, {"reseller": reseller.pk})
        ids = tuple(value for (value,) in cursor.fetchall())
    # One is no choice: lists offer it to no one.
    names = (
        {one: name for namer in _country_namers for one, name in namer(reseller, ids).items()}
        if ids[1:]
        else {}
    )
    choices = [(one, names.get(one, one)) for one in ids]
    return tuple(sorted(choices, key=lambda choice: (choice[1].casefold(), choice[0])))


def latest_runs(names: Iterable[str], now: datetime) -> dict[str, list[JobRun]]:
    """The last few runs of each job as they are at `now`, newest first, in one query that walks the index per job."""
    parts = [JobRun.objects.filter(job=name).order_by("-started_at", "-pk")[:RUNS_SHOWN] for name in names]
    if not parts:
        return {}
    runs: dict[str, list[JobRun]] = {}
    for run in parts[0].union(*parts[1:], all=True).order_by("-started_at", "-id"):
        runs.setdefault(run.job, []).append(run.seen_at(now))
    return runs


def jobs_today(reseller: Reseller, now: datetime) -> list[JobToday]:
    """What each job did since the reseller's midnight, in the order of the Jobs page."""
    zone = ZoneInfo(reseller.time_zone)
    midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    rows = (
        JobRun.objects.filter(started_at__gte=midnight)
        .order_by()
        .values_list("job")
        .annotate(
            runs=Count("pk"),
            done=Sum("done"),
            failed=Sum("failed") + Count("pk", filter=JobRun.interrupted(now)),
            last=Max("started_at"),
        )
    )
    figures = {row[0]: row for row in rows}
    known = registered_jobs()
    names = [name for name in known if name in figures] + sorted(set(figures) - set(known))
    return [
        JobToday(name, str(known[name].label) if name in known else name, *figures[name][1:])
        for name in names
    ]
