"""Many numbers that go down within a minute: one provider incident, instead of an alert for each.

Alerts for single numbers follow for those that are still down some minutes after the provider incident.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.alerts.maintenance import covered_by, running
from whatsapp.alerts.provider_incidents import show_everywhere
from whatsapp.catching_up import catch_up
from whatsapp.models import Alert, AlertEvent, Condition, Connection, Instance, MazbotAccount, StatusInterval
from whatsapp.monitoring.rows import Checked

WINDOW = timedelta(minutes=1)
#: More than so many numbers, and more than one in SHARE of those that were checked in the window.
MOST_SINGLE = 5
SHARE = 5
#: Over once no number has dropped for so long, or once all but one in SHARE are back.
CALM = timedelta(minutes=5)
#: Numbers that are still down so long after the provider incident get their own alert.
GRACE = timedelta(minutes=5)
#: While others drop too, an alert waits this long for the provider incident that may be beginning.
PATIENCE = timedelta(seconds=20)
ASK_AGAIN = timedelta(seconds=15)
SINGLE = (Alert.Kind.DISCONNECTED, Alert.Kind.EXPIRED, Alert.Kind.UNKNOWN_STATUS, Alert.Kind.NEEDS_QR)

_DOWN = (Connection.DISCONNECTED, Connection.EXPIRED, Connection.UNKNOWN, Condition.NEEDS_QR)


@dataclass(frozen=True, slots=True)
class Gate:
    """Which alerts about single numbers may open now."""

    alarms: bool
    ended_at: datetime | None = None
    waiting: bool = False

    def opens(self, since: datetime | None, at: datetime) -> bool:
        """Whether an alert may open at `at` about what began at `since`."""
        if not self.alarms:
            return False
        if since is None:
            return True
        if self.waiting and since > at - WINDOW:
            return False
        began_before = self.ended_at is not None and since <= self.ended_at
        return not began_before or at >= self.ended_at + GRACE  # type: ignore[operator]


def note_drops(*, reseller: Reseller, checked: Sequence[Checked], alarms: bool) -> Gate:
    """Begin or end the provider incident that these checks show; runs in the transaction that has written them."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None or not checked:
        return Gate(alarms)
    now = max(row.outcome.at for row in checked)
    waiting = False
    if account.drops_since is not None:
        account = _followed(account, reseller, now)
    elif account.failing_since is None and any(_is_dropping(row, now) for row in checked):
        account, waiting = _judged(account, reseller, now)
    if waiting:
        _ask_again(checked, now)
    return Gate(alarms and account.failing_since is None, account.recovered_at, waiting)


def _is_dropping(row: Checked, now: datetime) -> bool:
    since = row.after.connection_since
    down = row.after.connection not in (Connection.CONNECTED, Connection.UNCHECKED)
    return row.after.suspect_since is not None or (down and since is not None and since > now - WINDOW)


def _judged(account: MazbotAccount, reseller: Reseller, now: datetime) -> tuple[MazbotAccount, bool]:
    """The account, perhaps with a provider incident; and whether one may be beginning."""
    drops = _drops(reseller, now)
    if len(drops) < 2:
        return account, False
    if len(drops) > MOST_SINGLE:
        seen = Instance.objects.filter(
            reseller=reseller, archived_at=None, checked_at__gt=now - WINDOW
        ).count()
        if len(drops) * SHARE > seen:
            return _begun(reseller, len(drops), now), False
    return account, max(drops) > now - PATIENCE


def _drops(reseller: Reseller, now: datetime) -> list[datetime]:
    """When each number that was connected went down in the window: confirmed, or reported by a first check.

    Numbers under maintenance go down for a known reason.
    """
    since = now - WINDOW
    watched = Instance.objects.filter(reseller=reseller).exclude(covered_by(running(reseller, now)))
    suspects = watched.filter(suspect_since__gt=since, connection=Connection.CONNECTED)
    was_connected = StatusInterval.objects.filter(
        instance=OuterRef("pk"), until=OuterRef("connection_since"), connection=Connection.CONNECTED
    )
    down = watched.filter(Exists(was_connected), state__in=_DOWN, connection_since__gt=since)
    moments = [
        *suspects.exclude(suspect_as="not_found").values_list("suspect_since", flat=True),
        *down.values_list("connection_since", flat=True),
    ]
    return [moment for moment in moments if moment is not None]


def _begun(reseller: Reseller, count: int, now: datetime) -> MazbotAccount:
    account = MazbotAccount.objects.select_for_update().get(reseller=reseller)
    if account.failing_since is not None:
        return account
    account.failing_since = account.drops_since = now
    account.dropped = count
    account.save(update_fields=["failing_since", "drops_since", "dropped"])
    total = Instance.objects.filter(reseller=reseller, archived_at=None).count()
    detail = _("%(n)s of %(total)s numbers lost their connection within a minute.") % {
        "n": count,
        "total": total,
    }
    open_alert(reseller=reseller, kind=Alert.Kind.NUMBERS_DROPPED, detail=detail, now=now)
    show_everywhere(reseller)
    _just_opened(reseller, now).delete()
    return account


def _just_opened(reseller: Reseller, now: datetime) -> QuerySet[Alert]:
    """Alerts of the same cause that opened before it was known, and that no person has touched."""
    touched = AlertEvent.objects.filter(alert=OuterRef("pk"), by__isnull=False)
    return Alert.objects.filter(
        ~Exists(touched),
        reseller=reseller,
        kind__in=SINGLE,
        times=1,
        resolved_at=None,
        opened_at__gt=now - WINDOW,
    )


def _followed(account: MazbotAccount, reseller: Reseller, now: datetime) -> MazbotAccount:
    begun = account.drops_since or now
    rows = Instance.objects.filter(reseller=reseller, state__in=_DOWN, connection_since__gt=begun - WINDOW)
    down = list(rows.values_list("connection_since", flat=True))
    dropped = max(account.dropped, len(down))
    newest = max([begun, *(moment for moment in down if moment is not None)])
    if len(down) * SHARE <= dropped or now - newest >= CALM:
        return _over(reseller, now)
    if dropped != account.dropped:
        MazbotAccount.objects.filter(pk=account.pk).update(dropped=dropped)
    return account


def _over(reseller: Reseller, now: datetime) -> MazbotAccount:
    account = MazbotAccount.objects.select_for_update().get(reseller=reseller)
    if account.drops_since is None:
        return account
    errors = Alert.objects.filter(reseller=reseller, kind=Alert.Kind.PROVIDER_FAILING, resolved_at=None)
    account.drops_since, account.recovered_at = None, now
    account.failing_since = account.failing_since if errors.exists() else None
    account.save(update_fields=["drops_since", "failing_since", "recovered_at"])
    resolve_alert(reseller=reseller, kind=Alert.Kind.NUMBERS_DROPPED, now=now)
    show_everywhere(reseller)
    if account.failing_since is None:
        catch_up(reseller_id=reseller.pk, now=now)
    return account


def _ask_again(checked: Sequence[Checked], now: datetime) -> None:
    """Numbers whose alert waits are checked again soon, so that it waits no longer than it must."""
    held = [row.pk for row in checked if row.after.suspect_since is None and _is_dropping(row, now)]
    soon = now + ASK_AGAIN
    Instance.objects.filter(pk__in=held, next_check_at__gt=soon).update(next_check_at=soon)
