"""The check of all limits of a reseller: stores each exposure, and warns once where little is left.

Suspending is the dunning run's, which reads what is stored here and looks again right before it acts.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from billing.limits import notices
from billing.limits.exposure import STORED, Exposure, Level, exposures
from billing.models import CreditTerms
from centers import live
from centers.models import Reseller
from centers.queue.job_runs import RunRecorder

_FIELDS = (*STORED, "warned_at")
_NEARLY = (Level.LOW, Level.EMPTY)
_CHUNK = 500


def check_limits(*, reseller: Reseller, now: datetime, recorder: RunRecorder) -> None:
    """Store the exposure of every center with a limit; a fixed number of queries, and some for each that is warned."""
    found = exposures(reseller, now)
    changed = [one for one in found if _differs(one)]
    for start in range(0, len(found), _CHUNK):
        chunk = found[start : start + _CHUNK]
        with transaction.atomic():
            _store(chunk, now)
    recorder.total = len(found)
    recorder.ok(len(found))
    if changed:
        live.publish(reseller.pk, "billing", centers=tuple(one.terms.center_id for one in changed))


def _store(found: Sequence[Exposure], now: datetime) -> None:
    """Under locks of the rows: what a payment in between stored stays, and the next check reads it."""
    ids = [one.terms.pk for one in found]
    current = {
        row.pk: row for row in CreditTerms.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    }
    rows = []
    for one in found:
        row = current.get(one.terms.pk)
        if row is None or (row.checked_at, row.set_at) != (one.terms.checked_at, one.terms.set_at):
            continue
        one.store_in(row, now)
        if one.level in _NEARLY and row.warned_at is None:
            row.warned_at = now
            row.center = one.terms.center
            notices.write(row, now)
        elif one.level == Level.OK:
            row.warned_at = None
        rows.append(row)
    CreditTerms.objects.bulk_update(rows, _FIELDS)


def _differs(one: Exposure) -> bool:
    return (one.total, one.level) != (one.terms.exposure, one.terms.level)
