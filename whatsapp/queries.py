"""Named reads for pages."""

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from centers.models import Reseller
from centers.queries import Numbers
from centers.web.search import matching_phone
from whatsapp.models import OFF, STATES, Condition, Connection, Instance, MazbotAccount
from whatsapp.state_counts import state_counts

#: States of numbers that should be connected but are not.
DOWN = (Connection.DISCONNECTED, Connection.EXPIRED, Connection.UNKNOWN, Condition.NEEDS_QR)
#: Numbers whose desired service state MazBot has not confirmed yet.
IS_SWITCHING = ~Q(service=F("desired_state"))


def with_phone(text: str) -> Q:
    """The condition that a number's phone number contains `text`; the part about "" is that of its index."""
    return ~Q(whatsapp_number="") & matching_phone("whatsapp_number", text)


def active_instances() -> QuerySet[Instance]:
    """The scope's numbers in use, with their centers."""
    return Instance.objects.filter(archived_at=None).select_related("center")


def down_instances() -> QuerySet[Instance]:
    """Numbers that should be connected but are not, longest down first."""
    return active_instances().filter(state__in=DOWN).order_by("state_since", "pk")


@dataclass(frozen=True, slots=True)
class ConnectionCounts:
    """Active numbers by state, each counted in one; `switching` (of any state) wait for MazBot."""

    total: int
    connected: int
    disconnected: int
    pairing: int
    expired: int
    unknown: int
    unchecked: int
    not_paired: int
    needs_qr: int
    flapping: int
    stale: int
    silent: int
    failing: int
    off: int
    switching: int

    @property
    def down(self) -> int:
        """Not connected although they should be (including unknown ones)."""
        return self.disconnected + self.expired + self.unknown + self.needs_qr


def connection_counts(reseller: Reseller) -> ConnectionCounts:
    """The reseller's counts, which the database keeps: one query, however many numbers there are."""
    counts = dict.fromkeys(("total", "switching", *dict(STATES)), 0)
    for state, is_switching, count in state_counts(reseller):
        counts["total"] += count
        counts["switching"] += count if is_switching else 0
        counts[state] += count
    return ConnectionCounts(**counts)


def numbers_by_center(center_ids: list[int]) -> dict[int, Numbers]:
    """Counts of numbers in use per center id, by one query; centers without any are left out."""
    rows = Instance.objects.filter(archived_at=None, center__in=center_ids).order_by().values_list("center")
    figures = rows.annotate(
        total=Count("pk"),
        connected=Count("pk", filter=Q(state=Connection.CONNECTED)),
        down=Count("pk", filter=Q(state__in=DOWN)),
        off=Count("pk", filter=Q(state=OFF)),
    )
    return {pk: Numbers(*counts) for pk, *counts in figures}


def has_account(reseller: Reseller) -> bool:
    """Whether a MazBot account is set up."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    return account is not None and account.is_set_up
