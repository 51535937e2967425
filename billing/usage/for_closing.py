"""Reading what an invoice lacks before it is issued: strictly, so that no period is billed on part of its usage."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from billing.periods import ONE_DAY, Period
from billing.usage.completeness import SpanDay, unread_of_center
from billing.usage.fetching import batches, elapsing, usage_of
from billing.usage.number_sums import check_period
from billing.usage.odd_notes import odd_note
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.models import Center
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import account_of, client_for, explain
from whatsapp.mazbot import ErrorKind, MazBotError
from whatsapp.models import InstanceAssignment, MazbotAccount
from whatsapp.ownership.spans import spans_of

# What MazBot answers about one number: the others can still be read.
_OF_A_NUMBER = frozenset({ErrorKind.NOT_FOUND, ErrorKind.INVALID, ErrorKind.REFUSED, ErrorKind.MALFORMED})
NAMED = 3  # numbers in a message
_Failed = dict[int, tuple[str, MazBotError]]  # by the number's id: its name, and why it can't be read


class NumbersNotRead(MazBotError):
    """Numbers (by label or ID) without which a period can't be read; the kind is that of the first one's error."""

    def __init__(self, error: MazBotError, numbers: Iterable[str]) -> None:
        super().__init__(
            error.kind, error.message, field_errors=error.field_errors, status_code=error.status_code
        )
        self.numbers = tuple(numbers)


def read_before_closing(*, center: Center, period: Period, now: datetime) -> None:
    """Update a center's period before it is billed: unread days, then the sums.

    Numbers are those the center held in the period, also if they moved on. The sum over the period is one call per
    number; if it is not what the days add up to, those that differ are found and corrected.
    A number that MazBot no longer knows is billed as it was read. Raises MazBotError if MazBot cannot be asked or a
    day was never read, OperationRefused without an account.
    """
    account = account_of(center.reseller)
    unread = unread_of_center(center, period, ZoneInfo(account.time_zone))
    read_for_closing(account, unread, spans_of(center, period.first_day, period.end_day), period, now)


def read_for_closing(
    account: MazbotAccount,
    unread: list[SpanDay],
    spans: Iterable[InstanceAssignment],
    period: Period,
    now: datetime,
) -> None:
    """The same for days and spans of a center that are known already. Raises MazBotError."""
    failed = _read_all(account, unread, now)
    clock = elapsing(now)
    for span in spans:
        last = span.last_day + ONE_DAY if span.last_day else period.end_day
        days = Period(max(span.billed_from, period.first_day), min(period.end_day, last))
        try:
            if span.instance_id not in failed:
                check_period(account, span, days, clock())
        except MazBotError as error:
            if error.kind != ErrorKind.NOT_FOUND:
                _note_number(failed, span, error)
    if failed:
        first, *_others = (error for _name, error in failed.values())
        raise NumbersNotRead(first, (name for name, _error in failed.values())) from first


def _read_all(account: MazbotAccount, days_to_read: list[SpanDay], now: datetime) -> _Failed:
    """As `_read`, for a period that must not be billed on part of its usage: which numbers can't be read, and why.

    Raises MazBotError where that is no number's fault.
    """
    client, clock = client_for(account), elapsing(now)
    failed: _Failed = {}

    def answers() -> Iterator[UsageAnswer]:
        for span, day in days_to_read:
            try:
                if span.instance_id not in failed:
                    yield UsageAnswer(span, day, usage_of(client, span, day, day), clock())
            except MazBotError as error:
                _note_number(failed, span, error)

    for batch in batches(answers()):
        merge(account, batch, now=now)
        for answer in batch:
            if not answer.usage.is_billable:
                error = MazBotError(ErrorKind.MALFORMED, odd_note(answer.usage.odd))
                _note_number(failed, answer.assignment, error)
    return failed


def _note_number(failed: _Failed, span: InstanceAssignment, error: MazBotError) -> None:
    """Keep an error that is this number's; raise any other."""
    if error.kind not in _OF_A_NUMBER:
        raise error
    failed.setdefault(span.instance_id, (str(span.instance), error))


def why_not_read(error: MazBotError) -> str:
    """Why a period can't be read, and what to do: a translated message that names the numbers."""
    if not isinstance(error, NumbersNotRead):
        return explain(error)
    numbers, more = ", ".join(f"“{name}”" for name in error.numbers[:NAMED]), len(error.numbers) - NAMED
    if more > 0:
        numbers = _("%(numbers)s and %(more)s more") % {"numbers": numbers, "more": more}
    if error.kind == ErrorKind.NOT_FOUND:
        return _(
            "MazBot doesn't recognize the ID of %(numbers)s, so days are missing. Correct the ID, or waive the "
            "missing days on the page of the invoice."
        ) % {"numbers": numbers}
    return _(
        "Usage of %(numbers)s can't be read: %(why)s If this lasts, waive the missing days on the page of the "
        "invoice."
    ) % {"numbers": numbers, "why": explain(error)}
