"""Provider incidents that last now, for the pages whose statuses may be out of date because of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from centers import live
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from whatsapp.models import Alert, MazbotAccount
from whatsapp.states import ADVICE, Advice

Kind = Alert.Kind


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
    with tenant(reseller):
        accounts = MazbotAccount.objects.filter(reseller=reseller, failing_since__isnull=False)
        failing_since, drops_since = accounts.values_list("failing_since", "drops_since").first() or (
            None,
            None,
        )
        if failing_since is None:
            return ()
        alerts = list(Alert.objects.filter(reseller=reseller, kind__in=Alert.LASTING, resolved_at=None))
    # An alert that returned began earlier, and was over in between.
    known = [ProviderIncident(Kind(row.kind), max(row.opened_at, failing_since), row) for row in alerts]
    kind = Kind.PROVIDER_FAILING if drops_since is None else Kind.NUMBERS_DROPPED
    return sorted(known, key=lambda one: one.since) or [ProviderIncident(kind, failing_since)]


def show_everywhere(reseller: Reseller) -> None:
    """Hint to open pages, also those of centers, that a provider incident began or ended."""
    centers = Center.objects.filter(reseller=reseller, archived_at=None)
    live.publish(reseller.pk, "instances", centers=tuple(centers.order_by("pk").values_list("pk", flat=True)))
