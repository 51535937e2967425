"""The monthly run: the due periods in chunks of centers; what is wrong with one neither stops nor slows the others.

A chunk is one transaction. When the database refuses it, its halves are tried alone, down to the center that is to
blame: no savepoints, because constraints that are checked at the end belong to what may fail. What is closed stays
closed, so that a run that ends in its middle, by a crash or by its deadline, is continued by the next one.
"""

import time
from datetime import datetime
from itertools import groupby

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from billing.invoicing.issue import close_together
from billing.invoicing.monthly import due_periods
from billing.invoicing.preconditions import AlreadyClosed
from billing.invoicing.run.writing import Closed
from billing.periods import Period
from billing.usage.last_readings import LastReadings
from centers.errors import OperationRefused
from centers.models import Center, Reseller
from centers.queue.job_runs import RunRecorder
from centers.stored_messages import StoredMessage as _
from whatsapp.alerts.lifecycle import open_alerts, resolve_alert
from whatsapp.models import Alert

log = structlog.get_logger(__name__)
BLOCKED = Alert.Kind.BILLING_BLOCKED
# Centers of one transaction: what a chunk reads once no longer counts, and another process waits a second for a number.
CHUNK = 100
# Seconds between tries while the database restarts.
_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)
# Seconds between what the Jobs page shows of a run that asks MazBot.
_SHOWN_EVERY = 2.0
#: By id of the center: why its period could not be closed; None: it is.
Outcomes = dict[int, str | None]


def invoice_reseller(
    *, reseller: Reseller, now: datetime, recorder: RunRecorder, deadline: float | None = None
) -> int:
    """Close every due period of the reseller; a refusal opens an alert and is retried by the next run.

    Return how many periods are left for the next run to go on with: MazBot is asked no longer after `deadline` (of
    time.monotonic()), and nothing more is closed. Those of which MazBot gave no answer are left too, without counting.
    """
    due = due_periods(reseller, now)
    recorder.total = len(due)
    run = _Run(reseller, now, recorder, deadline)
    for period, items in groupby(due, key=lambda item: item[1]):
        run.close([center for center, _period in items], period)
    return run.end()


class _Run:
    """One run: who is stuck or left, so that later months wait for the earlier one, and what the Jobs page shows."""

    def __init__(
        self, reseller: Reseller, now: datetime, recorder: RunRecorder, deadline: float | None
    ) -> None:
        self._reseller, self._now, self._recorder, self._deadline = reseller, now, recorder, deadline
        self._readings = LastReadings(reseller, now, deadline=deadline, asked=self._show_asked)
        self._shown = time.monotonic()
        self._stuck: set[int] = set()
        self._left: set[int] = set()
        self._periods_left = 0

    def close(self, centers: list[Center], period: Period) -> None:
        """Close the period of these centers, chunk by chunk, as their usage is complete."""
        waiting = [center for center in centers if center.pk not in self._stuck]
        while waiting:
            late = self._deadline is not None and time.monotonic() > self._deadline
            asked = [center for center in waiting if center.pk not in self._left][:CHUNK]
            outcomes = {} if late else self._patiently(asked, period)
            if not outcomes:
                break
            self._record(asked, period, outcomes)
            waiting = [center for center in waiting if center.pk not in outcomes]
        self._left |= {center.pk for center in waiting}
        self._periods_left += len(waiting)

    def end(self) -> int:
        """Close the alerts of centers that are no longer due or now have manual issuing; return how many are left."""
        rows = Alert.objects.filter(reseller=self._reseller, kind=BLOCKED, resolved_at=None)
        over = rows.exclude(center__in=self._stuck | self._left).select_related("center")
        if centers := [alert.center for alert in over if alert.center]:
            resolve_alert(reseller=self._reseller, kind=BLOCKED, center=centers, now=self._now)
        self._recorder.note = ""
        if self._readings.stopped:
            self._recorder.fail("", self._readings.stopped)
        if self._periods_left:
            self._recorder.note = _("Left for the next run: %(count)s.") % {"count": self._periods_left}
        return 0 if self._readings.stopped else self._periods_left

    def _patiently(self, centers: list[Center], period: Period) -> Outcomes:
        """As `_try`, again after a while if the database was away: that is no fault of the centers'.

        Raises DatabaseError when it stays away; the next run goes on.
        """
        for wait in _WAITS:
            try:
                return self._try(centers, period)
            except DatabaseError as error:
                log.warning(
                    "closing_waits_for_database", first_day=str(period.first_day), error=type(error).__name__
                )
                connection.close()
                time.sleep(wait)
        return self._try(centers, period)

    def _try(self, centers: list[Center], period: Period) -> Outcomes:
        """Read what is missing and close what is complete; those that were not asked about are not in the result.

        Raises DatabaseError when the connection is lost.
        """
        if not centers:
            return {}
        try:
            read = self._readings.read(centers, period)
            closed = self._closed(read.ready, period)
        except Exception as error:
            if _is_lost(error):
                raise
            if len(centers) > 1:
                middle = len(centers) // 2
                return self._try(centers[:middle], period) | self._try(centers[middle:], period)
            log.exception("closing_failed", center_id=centers[0].pk, first_day=str(period.first_day))
            return {centers[0].pk: _why_failed(error)}
        return {**read.failures, **closed}

    def _closed(self, centers: list[Center], period: Period) -> Outcomes:
        if not centers:
            return {}
        outcomes = close_together(centers=centers, period=period, by=None, now=self._now)
        return {pk: _why(outcome) for pk, outcome in outcomes.items()}

    def _record(self, centers: list[Center], period: Period, outcomes: Outcomes) -> None:
        alerts = []
        for center in centers:
            why = outcomes.get(center.pk)
            if why is not None:
                self._stuck.add(center.pk)
                self._recorder.fail(f"{center} {period.first_day:%Y-%m}", why)
                alerts.append(self._alert(center, why))
        self._recorder.ok(len(outcomes) - len(alerts))
        open_alerts(reseller=self._reseller, alerts=alerts)
        self._bring_up_to_date(alerts)
        self._recorder.save()

    def _bring_up_to_date(self, alerts: list[Alert]) -> None:
        """Have alerts that were open already say what blocks the invoice now."""
        why = {alert.center_id: alert.detail for alert in alerts}
        rows = Alert.objects.filter(reseller=self._reseller, kind=BLOCKED, center__in=why, resolved_at=None)
        changed = [row for row in rows if row.detail != why[row.center_id]]
        for row in changed:
            row.detail = why[row.center_id]
        Alert.objects.bulk_update(changed, ["detail"])

    def _alert(self, center: Center, why: str) -> Alert:
        return Alert(reseller=self._reseller, kind=BLOCKED, center=center, detail=why, opened_at=self._now)

    def _show_asked(self, count: int) -> None:
        if time.monotonic() - self._shown >= _SHOWN_EVERY:
            self._shown = time.monotonic()
            self._recorder.note = _("Fetching the latest changes from MazBot: %(count)s answers so far.") % {
                "count": count
            }
            self._recorder.save()


def _why(outcome: Closed | OperationRefused) -> str | None:
    """Why a period could not be closed; None when it is, by this run or another process."""
    if isinstance(outcome, Closed | AlreadyClosed):
        return None
    return outcome.message


def _why_failed(error: Exception) -> str:
    if isinstance(error, DatabaseError):
        return _("The database refused to close this period. Nothing was saved.")
    return _("An error in Markaz kept this period from being closed. Nothing was saved.")


def _is_lost(error: Exception) -> bool:
    """Whether the connection ended (PostgreSQL's class 08, and 57P01 to 57P05), or never came about (no code)."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(("08", "57P"))
