"""Provider incidents that last now, for the pages whose statuses may be out of date because of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from centers import live
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from whatsapp.models import Alert
from whatsapp.states import ADVICE, Advice

Kind = Alert.Kind
# Most pages ask, and nearly never there is one: as a query set it took four times as long.
_FAILING = """
SELECT failing_since, drops_since FROM whatsapp_mazbotaccount
WHERE reseller_id = %s AND failing_since IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class ProviderIncident:
    """What began when; `alert` is None while maintenance of all numbers hides it."""

    kind: Kind
    since: datetime
    alert: Alert | None = None

    @property
    def advice(self) -> Advice:
        """What it means and what to do, for staff."""
        return ADVICE[self.kind]

    @property
    def is_of_drops(self) -> bool:
        """Whether many numbers went down at once, rather than MazBot failing to answer."""
        return self.kind == Kind.NUMBERS_DROPPED


def provider_incidents(reseller: Reseller | int) -> Sequence[ProviderIncident]:
    """Those of the reseller's account, the earliest first, whatever scope is open; one query while there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILING, [reseller.pk if isinstance(reseller, Reseller) else reseller])
        found = cursor.fetchone()
    if found is None:
        return ()
    failing_since, drops_since = found
    with tenant(reseller):
        alerts = list(Alert.objects.filter(reseller=reseller, kind__in=Alert.LASTING, resolved_at=None))
    # An alert that returned began earlier, and was over in between.
    known = [ProviderIncident(Kind(row.kind), max(row.opened_at, failing_since), row) for row in alerts]
    kind = Kind.PROVIDER_FAILING if drops_since is None else Kind.NUMBERS_DROPPED
    return sorted(known, key=lambda one: one.since) or [ProviderIncident(kind, failing_since)]


def show_everywhere(reseller: Reseller) -> None:
    """Hint to open pages, also those of centers, that a provider incident began or ended."""
    centers = Center.objects.filter(reseller=reseller, archived_at=None)
    live.publish(reseller.pk, "instances", centers=tuple(centers.order_by("pk").values_list("pk", flat=True)))
