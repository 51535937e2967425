"""Distinguishing an outage at MazBot from problems of single numbers.

While most checks fail because of MazBot no alerts per number are opened and no center is suspended.
"""

from datetime import datetime, timedelta

from django.db import transaction

from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.catching_up import catch_up
from whatsapp.mazbot import ErrorKind
from whatsapp.models import Alert, MazbotAccount

#: Errors that are not about the checked number.
FAULTS = frozenset(
    {ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.SERVER, ErrorKind.MALFORMED, ErrorKind.TOO_LARGE}
)
WINDOW = timedelta(minutes=10)
LEAST_CHECKS = 5
# The outage is over once at most one in this many checks fails.
RECOVERED_SHARE = 5

Entry = tuple[float, int, int]  # time (epoch seconds), checks answered, checks failed because of MazBot


def note_checks(*, reseller: Reseller, answered: int, failed: int, now: datetime) -> bool:
    """Count the checks of a batch; return True while MazBot counts as failing."""
    if not answered and not failed:
        return MazbotAccount.objects.filter(reseller=reseller, failing_since__isnull=False).exists()
    with transaction.atomic():
        account = MazbotAccount.objects.select_for_update().get(reseller=reseller)
        window = _window(account.recent_checks, answered, failed, now)
        if account.failing_since is None and _is_failing(window):
            account.failing_since = now
            _begin(reseller, window, now)
        elif account.failing_since is not None and answered and failed * RECOVERED_SHARE <= answered + failed:
            account.failing_since, window = None, []
            _end(reseller, now)
        account.recent_checks = window
        account.save(update_fields=["recent_checks", "failing_since"])
    return account.failing_since is not None


def _window(entries: list[Entry], answered: int, failed: int, now: datetime) -> list[Entry]:
    since = (now - WINDOW).timestamp()
    return [entry for entry in entries if entry[0] > since] + [(now.timestamp(), answered, failed)]


def _is_failing(window: list[Entry]) -> bool:
    failed = sum(entry[2] for entry in window)
    total = failed + sum(entry[1] for entry in window)
    return total >= LEAST_CHECKS and failed * 2 > total


def _begin(reseller: Reseller, window: list[Entry], now: datetime) -> None:
    failed = sum(entry[2] for entry in window)
    total = failed + sum(entry[1] for entry in window)
    detail = _("%(failed)s of the last %(total)s checks failed.") % {"failed": failed, "total": total}
    open_alert(reseller=reseller, kind=Alert.Kind.PROVIDER_FAILING, detail=detail, now=now)


def _end(reseller: Reseller, now: datetime) -> None:
    resolve_alert(reseller=reseller, kind=Alert.Kind.PROVIDER_FAILING, now=now)
    # Calls rescheduled because of the outage are retried now.
    catch_up(reseller_id=reseller.pk, now=now)
