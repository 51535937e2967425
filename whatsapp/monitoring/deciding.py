"""What a check means for a number: confirmed or only suspected, and in which condition the number is.

Nothing here reads or writes: `decide` gets the number as it is stored, the outcome, and the facts around it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from whatsapp.mazbot import ErrorKind
from whatsapp.models import Condition, Connection

#: After this a suspicion is checked again.
CONFIRM_AFTER = timedelta(seconds=2)
#: A person who requested a code has this long to scan it.
LONGEST_PAIRING = timedelta(minutes=10)
#: WhatsApp undoes some scans right away: the person who scanned sees it at once.
UNDONE_WITHIN = timedelta(minutes=2)
#: A number is unstable from a drop on before which it returned so often within FLAPPING_WINDOW...
FLAPPING_RETURNS = 2
FLAPPING_WINDOW = timedelta(hours=1)
#: ...until nothing has changed for this long.
FLAPPING_CALM = timedelta(minutes=30)
# The longest usual pause of a number's traffic is stretched by a quarter, counts at most a week, and halves in two.
STRETCH = 1.25
LONGEST_GAP = timedelta(days=7)
GAP_HALVES_IN = timedelta(days=14)

_DOWN = (Connection.DISCONNECTED, Connection.EXPIRED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check of one number: `connection` is None if it failed, then `error` is the ErrorKind."""

    instance_pk: int
    at: datetime
    next_check_at: datetime
    connection: Connection | None = None
    raw: str = ""
    last_seen: datetime | None = None
    error: str = ""
    failures: int = 0
    unchanged: bool = False  # connected, as it was when it was asked about


@dataclass(frozen=True, slots=True)
class Status:
    """The columns of a number that a check may change; `usual_gap` is in seconds."""

    connection: str
    raw_status: str
    connection_since: datetime | None
    last_seen: datetime | None
    checked_at: datetime | None
    check_failed_at: datetime | None
    check_error: str
    check_failures: int
    next_check_at: datetime | None
    suspect_since: datetime | None
    suspect_as: str
    first_connected_at: datetime | None
    usual_gap: int
    condition: str
    condition_since: datetime | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides.

    `pairing_asked`: a person has requested a code that no phone has scanned yet. `just_paired`: one has, moments ago.
    `returns`: how often the number was connected again within FLAPPING_WINDOW.
    """

    stale_after: timedelta = timedelta(hours=24)
    off: bool = False
    pairing_asked: bool = False
    just_paired: bool = False
    returns: int = field(default=0, kw_only=True)


def decide(known: Status, outcome: Outcome, facts: Facts) -> Status:
    """The number's columns after the check."""
    if outcome.connection is None:
        return _failed(known, outcome)
    answered = replace(
        known,
        checked_at=outcome.at,
        check_failed_at=None,
        check_error="",
        check_failures=0,
        next_check_at=outcome.next_check_at,
        last_seen=outcome.last_seen or known.last_seen,
        usual_gap=_usual_gap(known, outcome),
        suspect_since=None,
        suspect_as="",
    )
    if outcome.connection != known.connection and _is_unsure(known, outcome, facts):
        return _suspected(answered, known, outcome.at, outcome.connection)
    return _with_condition(_connected_as(answered, known, outcome), known, outcome.at, facts)


def is_confirmed_missing(status: Status) -> bool:
    """Whether MazBot has said twice in a row that it doesn't know the number."""
    return status.check_error == ErrorKind.NOT_FOUND and not status.suspect_as


def stale_after(status: Status, setting: timedelta) -> timedelta:
    """After how long without a sign of its phone a connected number is stale."""
    return max(setting, timedelta(seconds=status.usual_gap * STRETCH))


def _failed(known: Status, outcome: Outcome) -> Status:
    """A failed check changes nothing about the number, and neither confirms nor ends a suspicion."""
    failed = replace(
        known,
        check_failed_at=outcome.at,
        check_error=outcome.error,
        check_failures=outcome.failures,
        next_check_at=outcome.next_check_at,
    )
    if outcome.error != ErrorKind.NOT_FOUND:
        return _trusted(failed) if known.suspect_as == ErrorKind.NOT_FOUND else failed
    if known.check_error == ErrorKind.NOT_FOUND:
        return _trusted(failed)
    return _suspected(failed, known, outcome.at, ErrorKind.NOT_FOUND)


def _trusted(status: Status) -> Status:
    return replace(status, suspect_since=None, suspect_as="")


def _is_unsure(known: Status, outcome: Outcome, facts: Facts) -> bool:
    """Whether the new connection needs a second check that agrees."""
    if outcome.connection == Connection.CONNECTED or facts.pairing_asked or facts.just_paired or facts.off:
        return False
    unknown = outcome.connection == Connection.UNKNOWN
    if not unknown and known.connection != Connection.CONNECTED:
        return False
    if known.suspect_since is None or known.suspect_as == ErrorKind.NOT_FOUND:
        return True
    # A word that means nothing does not confirm one that does.
    return unknown and known.suspect_as != Connection.UNKNOWN


def _suspected(status: Status, known: Status, at: datetime, word: str) -> Status:
    same = (known.suspect_as == ErrorKind.NOT_FOUND) == (word == ErrorKind.NOT_FOUND)
    return replace(
        status,
        suspect_since=(known.suspect_since if same else None) or at,
        suspect_as=word,
        next_check_at=at + CONFIRM_AFTER,
    )


def _connected_as(answered: Status, known: Status, outcome: Outcome) -> Status:
    connection = outcome.connection or Connection.UNCHECKED
    changed = connection != known.connection
    confirmed = changed and connection != Connection.CONNECTED and known.suspect_as != ErrorKind.NOT_FOUND
    since = (known.suspect_since if confirmed else None) or outcome.at
    connected = outcome.at if connection == Connection.CONNECTED else None
    return replace(
        answered,
        connection=connection,
        raw_status=outcome.raw[:64],
        connection_since=since if changed else known.connection_since,
        first_connected_at=known.first_connected_at or answered.last_seen or connected,
    )


def _usual_gap(known: Status, outcome: Outcome) -> int:
    """The pauses of a number that stayed connected, measured whenever its phone is seen again."""
    before, after = known.last_seen, outcome.last_seen
    stayed = known.connection == outcome.connection == Connection.CONNECTED
    if not stayed or before is None or after is None or after <= before:
        return known.usual_gap
    if known.connection_since is None or known.connection_since > before:
        return known.usual_gap
    gap = min(after - before, LONGEST_GAP)
    return max(int(gap.total_seconds()), int(known.usual_gap * 0.5 ** ((after - before) / GAP_HALVES_IN)))


def _with_condition(status: Status, known: Status, at: datetime, facts: Facts) -> Status:
    condition = _condition(status, known, at, facts)
    if condition == known.condition:
        return status
    return replace(status, condition=condition, condition_since=_begin(status, condition, at, facts))


def _begin(status: Status, condition: Condition, at: datetime, facts: Facts) -> datetime | None:
    if condition == Condition.NONE:
        return None
    if condition == Condition.STALE and status.last_seen is not None:
        return min(at, status.last_seen + stale_after(status, facts.stale_after))
    return status.connection_since if condition != Condition.FLAPPING else at


def _condition(status: Status, known: Status, at: datetime, facts: Facts) -> Condition:
    connection, paired = status.connection, status.first_connected_at is not None
    if _is_flapping(status, known, at, facts):
        return Condition.FLAPPING
    if connection == Connection.PAIRING and facts.pairing_asked:
        return Condition.NONE
    if connection in (*_DOWN, Connection.PAIRING) and not paired:
        return Condition.NOT_PAIRED
    if connection == Connection.PAIRING:
        return Condition.NEEDS_QR
    if connection != Connection.CONNECTED or status.last_seen is None:
        return Condition.NONE
    quiet = at - status.last_seen > stale_after(status, facts.stale_after)
    return Condition.STALE if quiet else Condition.NONE


def _is_flapping(status: Status, known: Status, at: datetime, facts: Facts) -> bool:
    if facts.off:
        return False
    dropped = known.connection == Connection.CONNECTED and status.connection != Connection.CONNECTED
    if dropped and not facts.pairing_asked and facts.returns >= FLAPPING_RETURNS:
        return True
    recent = status.connection_since is not None and at - status.connection_since < FLAPPING_CALM
    return known.condition == Condition.FLAPPING and recent
