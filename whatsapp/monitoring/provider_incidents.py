"""Distinguishing an outage at MazBot from problems of single numbers.

While most checks fail because of MazBot no alerts per number are opened and no center is suspended. An account with
one or two numbers cannot tell by a share of its checks: there, several failures in a row over some time count.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from django.db import transaction

from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.alerts.provider_incidents import show_everywhere
from whatsapp.catching_up import catch_up
from whatsapp.mazbot import ErrorKind
from whatsapp.models import Alert, Instance, MazbotAccount
from whatsapp.monitoring.deciding import Outcome

#: Errors that are not about the checked number.
FAULTS = frozenset(
    {ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.SERVER, ErrorKind.MALFORMED, ErrorKind.TOO_LARGE}
)
#: MazBot fails when more than half of at least LEAST_CHECKS checks in WINDOW failed...
WINDOW = timedelta(minutes=1)
LEAST_CHECKS = 5
#: ...or when IN_A_ROW checks failed in a row, the first and the last at least ROW_LASTS apart.
IN_A_ROW = 3
ROW_LASTS = timedelta(seconds=15)
#: Two are enough so far apart: each was waited for, and MazBot answered nothing in all that time.
TWO_LAST = timedelta(seconds=25)
#: Failures further apart than this are not in a row.
ROW_WITHIN = timedelta(minutes=10)
# The outage is over once at most one in this many checks fails.
RECOVERED_SHARE = 5
#: With at most FEW numbers, the first failures are followed by a check after RETRY_FEW, later ones after RETRY_LASTING.
FEW = 5
RETRY_FEW = timedelta(seconds=10)
RETRIES_FEW = 6
RETRY_LASTING = timedelta(minutes=1)

# Without the credentials, which would be decrypted for every batch of every account.
_JUDGED = ("reseller", "failing_since", "drops_since", "recovered_at", "recent_checks")

Entry = tuple[float, int, int]  # time (epoch seconds), checks answered, checks failed because of MazBot


def note_checks(*, reseller: Reseller, answered: int, failed: int, now: datetime) -> bool:
    """Count the checks of a batch; return True while a provider incident lasts."""
    if not answered and not failed:
        return MazbotAccount.objects.filter(reseller=reseller, failing_since__isnull=False).exists()
    with transaction.atomic():
        account = MazbotAccount.objects.select_for_update().only(*_JUDGED).get(reseller=reseller)
        entries = _entries(account.recent_checks, answered, failed, now)
        failing = _is_open(account)
        if not failing and _is_failing(entries, now):
            account.failing_since = account.failing_since or now
            _begin(reseller, entries, now)
        elif failing and answered and _is_over(entries, now):
            account.failing_since, entries = account.drops_since, []
            account.recovered_at = now
            _end(account, now)
        account.recent_checks = entries
        account.save(update_fields=["recent_checks", "failing_since", "recovered_at"])
    return account.failing_since is not None


def asked_sooner(account: MazbotAccount, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """The outcomes; with FEW numbers, those that show an outage or its end get an earlier next check.

    Otherwise an account with one number would be asked too rarely to tell either within a minute.
    """
    telling = [one for one in outcomes if one.error in FAULTS or account.failing_since is not None]
    in_use = Instance.objects.filter(reseller=account.reseller_id, archived_at=None)
    if not telling or in_use[: FEW + 1].count() > FEW:
        return outcomes
    return [replace(one, next_check_at=_sooner(one)) if one in telling else one for one in outcomes]


def _sooner(outcome: Outcome) -> datetime:
    lasting = outcome.error and outcome.failures > RETRIES_FEW
    return min(outcome.next_check_at, outcome.at + (RETRY_LASTING if lasting else RETRY_FEW))


def _is_open(account: MazbotAccount) -> bool:
    """Whether a provider incident by errors is open; a number of drops at once freezes alerts too (mass_drops.py)."""
    if account.failing_since is None or account.drops_since is None:
        return account.failing_since is not None
    kind = Alert.Kind.PROVIDER_FAILING
    return Alert.objects.filter(reseller=account.reseller_id, kind=kind, resolved_at=None).exists()


def _entries(entries: list[Entry], answered: int, failed: int, now: datetime) -> list[Entry]:
    """The checks that still count. Before an answer nothing is in a row, so only WINDOW is kept of that."""
    long_ago, lately = (now - ROW_WITHIN).timestamp(), (now - WINDOW).timestamp()
    kept = [entry for entry in entries if entry[0] > (lately if answered or entry[1] else long_ago)]
    return [*kept, (now.timestamp(), answered, failed)]


def _is_failing(entries: list[Entry], now: datetime) -> bool:
    answered, failed = _sums(entries, now)
    if answered + failed >= LEAST_CHECKS and failed > answered:
        return True
    row = _row(entries)
    if sum(entry[2] for entry in row) >= IN_A_ROW and row[0][0] - row[-1][0] >= ROW_LASTS.total_seconds():
        return True
    since = (now - WINDOW).timestamp()
    lately = [entry[0] for entry in row if entry[2] and entry[0] > since]
    return len(lately) > 1 and lately[0] - lately[-1] >= TWO_LAST.total_seconds()


def _row(entries: list[Entry]) -> list[Entry]:
    """The entries since the last one with an answer, newest first."""
    return list(takewhile(lambda entry: not entry[1], reversed(entries)))


def _is_over(entries: list[Entry], now: datetime) -> bool:
    """Whether the checks since the last failure, or of the whole window, are answered but for a few."""
    last = entries[-1]
    if last[2] * RECOVERED_SHARE <= last[1] + last[2] and last[1] + last[2] >= LEAST_CHECKS:
        return True
    row = 0
    for entry in reversed(entries):
        if entry[2]:
            break
        row += entry[1]
    return row >= IN_A_ROW


def _sums(entries: list[Entry], now: datetime) -> tuple[int, int]:
    since = (now - WINDOW).timestamp()
    counted = [entry for entry in entries if entry[0] > since]
    return sum(entry[1] for entry in counted), sum(entry[2] for entry in counted)


def _begin(reseller: Reseller, entries: list[Entry], now: datetime) -> None:
    answered, failed = _sums(entries, now)
    if failed > answered:
        detail = _("%(failed)s of the last %(total)s checks failed.") % {
            "failed": failed,
            "total": answered + failed,
        }
    else:  # before these, most were answered: a share of the minute would not say why this is one
        detail = _("Failed checks in a row: %(count)s.") % {"count": sum(entry[2] for entry in _row(entries))}
    open_alert(reseller=reseller, kind=Alert.Kind.PROVIDER_FAILING, detail=detail, now=now)
    show_everywhere(reseller)


def _end(account: MazbotAccount, now: datetime) -> None:
    resolve_alert(reseller=account.reseller, kind=Alert.Kind.PROVIDER_FAILING, now=now)
    show_everywhere(account.reseller)
    if account.failing_since is None:
        # Calls rescheduled because of the outage are retried now.
        catch_up(reseller_id=account.reseller_id, now=now)
