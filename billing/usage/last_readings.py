"""The last readings before months are invoiced: of the numbers of many centers, in the metering lane."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from billing.periods import Period, month_of
from billing.usage.completeness import SpanDay, unread_of
from billing.usage.fetching import HOPELESS
from billing.usage.for_closing import read_for_closing, why_not_read
from billing.usage.number_sums import compared_for_closing
from centers.errors import OperationRefused
from centers.models import Center, Reseller
from whatsapp.accounts import account_of, explain
from whatsapp.mazbot import ErrorKind, MazBotError
from whatsapp.models import InstanceAssignment, MazbotAccount
from whatsapp.ownership.spans import spans_query

# After so many centers in a row without an answer, of which each could be MazBot's fault, nothing is asked any longer.
FAILED_IN_A_ROW = 3
_OF_MAZBOT = HOPELESS | {ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.SERVER, ErrorKind.LIMIT}
# Requests after which the centers that are ready are invoiced, before others are asked about.
REQUESTS_AT_ONCE = 20


@dataclass(slots=True)
class Readings:
    """The centers whose usage is complete, and why it can't be read of others, by id; the rest was not asked about."""

    ready: list[Center] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Needed:
    """What has to be asked about one center."""

    unread: list[SpanDay] = field(default_factory=list)
    spans: list[InstanceAssignment] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.unread) + len(self.spans)


class LastReadings:
    """Brings the usage of centers up to date before it is billed, until MazBot fails or time is over.

    `deadline` is of time.monotonic(). `asked` is called with the count of numbers and days asked about so far.
    """

    def __init__(
        self,
        reseller: Reseller,
        now: datetime,
        *,
        deadline: float | None = None,
        asked: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._reseller, self._now, self._deadline, self._on_asked = reseller, now, deadline, asked
        self._began = time.monotonic()
        self._count = self._failed_in_a_row = 0
        self.stopped = ""  # why nothing is asked any longer

    def read(self, centers: Iterable[Center], period: Period) -> Readings:
        """Read what is missing of these centers' numbers in the period, at most a month, and compare their sums.

        As `read_before_closing`, except that a month found equal a short while ago isn't asked for again. After
        REQUESTS_AT_ONCE the rest of the centers is left out. Needs an open scope and no open transaction.
        """
        own, found = list(centers), Readings()
        try:
            account = account_of(self._reseller)
        except OperationRefused as error:
            found.failures = {center.pk: error.message for center in own}
            return found
        needed = self._needed(account, own, period)
        before = self._count
        for center in own:
            due = needed.get(center.pk) or _Needed()
            if len(due) and (self._is_over() or self._count - before >= REQUESTS_AT_ONCE):
                continue
            self._read(account, center, due, period, found)
        return found

    def _read(
        self, account: MazbotAccount, center: Center, due: _Needed, period: Period, found: Readings
    ) -> None:
        try:
            read_for_closing(account, due.unread, due.spans, period, self._moment())
        except MazBotError as error:
            found.failures[center.pk] = why_not_read(error)
            self._failed_in_a_row = self._failed_in_a_row + 1 if error.kind in _OF_MAZBOT else 0
            if self._failed_in_a_row >= FAILED_IN_A_ROW:
                self.stopped = explain(error)
        else:
            found.ready.append(center)
            if len(due):
                self._failed_in_a_row = 0
        if len(due):
            self._count += len(due)
            self._on_asked(self._count)

    def _needed(self, account: MazbotAccount, centers: list[Center], period: Period) -> dict[int, _Needed]:
        found: dict[int, _Needed] = {}
        for span, day in unread_of(centers, period, ZoneInfo(account.time_zone)):
            found.setdefault(span.center_id, _Needed()).unread.append((span, day))
        spans = spans_query(centers, period.first_day, period.end_day)
        ids = dict(spans.values_list("pk", "mazbot_id"))
        equal = compared_for_closing(account, ids.values(), month_of(period.first_day), self._now)
        if to_ask := [pk for pk, mazbot_id in ids.items() if mazbot_id not in equal]:
            for span in spans.filter(pk__in=to_ask).select_related("instance", "center"):
                found.setdefault(span.center_id, _Needed()).spans.append(span)
        return found

    def _is_over(self) -> bool:
        late = self._deadline is not None and time.monotonic() > self._deadline
        return bool(self.stopped) or late

    def _moment(self) -> datetime:
        """Now, as of the run: its own clock plus what has gone by."""
        return self._now + timedelta(seconds=time.monotonic() - self._began)
