"""What a check means for a number: suspicion and confirmation, conditions, the usual pause of its traffic."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from whatsapp.models import Condition, Connection
from whatsapp.monitoring.deciding import (
    CONFIRM_AFTER,
    FLAPPING_CALM,
    Facts,
    Outcome,
    Status,
    decide,
    is_confirmed_missing,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
UP, DOWN, EXPIRED = Connection.CONNECTED, Connection.DISCONNECTED, Connection.EXPIRED
PAIRING, UNKNOWN, UNCHECKED = Connection.PAIRING, Connection.UNKNOWN, Connection.UNCHECKED
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_UP = Status(
    connection=UP,
    raw_status="connected",
    connection_since=NOON - 30 * DAY,
    last_seen=NOON - timedelta(minutes=5),
    checked_at=NOON - timedelta(minutes=1),
    check_failed_at=None,
    check_error="",
    check_failures=0,
    next_check_at=NOON,
    suspect_since=None,
    suspect_as="",
    first_connected_at=NOON - 60 * DAY,
    usual_gap=0,
    condition="",
    condition_since=None,
)
NEW = replace(
    LONG_UP,
    connection=UNCHECKED,
    raw_status="",
    connection_since=None,
    last_seen=None,
    first_connected_at=None,
)


def outcome(connection, seconds=0.0, **fields):
    at = NOON + timedelta(seconds=seconds)
    raw = "" if connection is None else fields.pop("raw", str(connection))
    return Outcome(1, at, at + timedelta(minutes=1), connection, raw, **fields)


def after(status, *outcomes, facts=None):
    for one in outcomes:
        status = decide(status, one, facts or Facts())
    return status


@pytest.mark.parametrize("drop", [DOWN, EXPIRED, PAIRING, UNKNOWN])
def test_a_drop_is_a_suspicion_until_a_second_check_agrees_and_counts_from_the_first(drop):
    suspected = after(LONG_UP, outcome(drop))
    assert (suspected.connection, suspected.suspect_since) == (UP, NOON)
    assert (suspected.connection_since, suspected.raw_status) == (LONG_UP.connection_since, "connected")
    assert suspected.next_check_at == NOON + CONFIRM_AFTER
    confirmed = after(suspected, outcome(drop, 2))
    assert (confirmed.connection, confirmed.connection_since) == (drop, NOON)
    assert (confirmed.suspect_since, confirmed.suspect_as) == (None, "")


def test_a_suspicion_that_the_second_check_refutes_leaves_nothing():
    cleared = after(LONG_UP, outcome(DOWN), outcome(UP, 2))
    untouched = after(LONG_UP, outcome(UP, 2))
    assert cleared == untouched


def test_a_word_that_means_nothing_does_not_confirm_a_drop_but_a_drop_confirms_such_a_word():
    unsure = after(LONG_UP, outcome(DOWN), outcome(UNKNOWN, 2, raw="%%%"))
    assert (unsure.connection, unsure.suspect_as) == (UP, UNKNOWN)
    assert after(unsure, outcome(UNKNOWN, 4, raw="???")).connection == UNKNOWN
    assert after(LONG_UP, outcome(UNKNOWN), outcome(DOWN, 2)).connection == DOWN


def test_a_failed_check_neither_confirms_nor_ends_a_suspicion():
    suspected = after(LONG_UP, outcome(DOWN), outcome(None, 2, error="timeout", failures=1))
    assert (suspected.connection, suspected.suspect_since) == (UP, NOON)
    assert after(suspected, outcome(DOWN, 4)).connection_since == NOON


def test_one_answer_that_mazbot_does_not_know_the_number_proves_nothing():
    once = after(LONG_UP, outcome(None, error="not_found", failures=1))
    assert not is_confirmed_missing(once)
    assert once.next_check_at == NOON + CONFIRM_AFTER
    assert is_confirmed_missing(after(once, outcome(None, 2, error="not_found", failures=2)))
    assert not is_confirmed_missing(after(once, outcome(None, 2, error="timeout", failures=2)))
    dropped = after(once, outcome(DOWN, 2))
    assert (dropped.connection, dropped.suspect_since) == (UP, NOON + CONFIRM_AFTER)


@pytest.mark.parametrize("result", [DOWN, EXPIRED, PAIRING, UNKNOWN])
def test_the_result_of_a_pairing_that_a_person_began_counts_at_once(result):
    assert after(LONG_UP, outcome(result), facts=Facts(pairing_asked=True)).connection == result


def test_being_back_and_changes_of_a_number_that_is_down_count_at_once():
    down = after(LONG_UP, outcome(DOWN), outcome(DOWN, 2))
    assert after(down, outcome(EXPIRED, 60)).connection == EXPIRED
    assert after(down, outcome(UP, 60)).connection == UP
    assert after(down, outcome(UNKNOWN, 60)).connection == DOWN, "but not a word that means nothing"


@pytest.mark.parametrize("word", [DOWN, EXPIRED, PAIRING])
def test_a_number_that_was_never_connected_is_not_paired_yet(word):
    status = after(NEW, outcome(word))
    assert (status.connection, status.condition, status.condition_since) == (word, Condition.NOT_PAIRED, NOON)
    paired = after(status, outcome(UP, 60), outcome(word, 120), outcome(word, 122))
    assert paired.condition != Condition.NOT_PAIRED


def test_a_number_that_mazbot_saw_before_us_was_paired():
    assert after(NEW, outcome(DOWN, last_seen=NOON - DAY)).condition == Condition.NONE


def test_a_phone_that_logs_out_needs_a_code_unless_a_person_has_just_requested_one():
    alone = after(LONG_UP, outcome(PAIRING), outcome(PAIRING, 2))
    assert (alone.condition, alone.condition_since) == (Condition.NEEDS_QR, NOON)
    asked = after(LONG_UP, outcome(PAIRING), facts=Facts(pairing_asked=True))
    assert asked.condition == Condition.NONE
    assert after(asked, outcome(PAIRING, 660)).condition == Condition.NEEDS_QR, "no one scanned it"


def test_a_connected_number_whose_phone_was_not_seen_for_a_day_is_stale_until_it_is_seen():
    quiet = replace(LONG_UP, last_seen=NOON - DAY)
    assert after(quiet, outcome(UP, last_seen=quiet.last_seen)).condition == Condition.NONE
    stale = after(quiet, outcome(UP, 1, last_seen=quiet.last_seen))
    assert (stale.condition, stale.condition_since) == (Condition.STALE, NOON)
    assert after(stale, outcome(UP, 60, last_seen=NOON)).condition == Condition.NONE
    short = Facts(stale_after=2 * HOUR)
    assert (
        after(replace(quiet, last_seen=NOON - 3 * HOUR), outcome(UP), facts=short).condition
        == Condition.STALE
    )


def test_a_number_is_compared_with_its_own_usual_pause():
    weekly = replace(LONG_UP, last_seen=NOON - 4 * DAY)
    back = after(weekly, outcome(UP, last_seen=NOON))
    assert back.usual_gap == (4 * DAY).total_seconds()
    pause = replace(back, last_seen=NOON - 4.5 * DAY)
    assert after(pause, outcome(UP)).condition == Condition.NONE
    assert after(replace(back, last_seen=NOON - 5.5 * DAY), outcome(UP)).condition == Condition.STALE


def test_the_usual_pause_fades_and_no_outage_teaches_more_than_a_week():
    missing = after(replace(LONG_UP, last_seen=NOON - 20 * DAY), outcome(UP, last_seen=NOON))
    assert missing.usual_gap == (7 * DAY).total_seconds()
    ten_days = replace(missing, last_seen=NOON - 10 * DAY)
    assert after(ten_days, outcome(UP)).condition == Condition.STALE
    status, seen = missing, NOON
    for _ in range(28):
        seen += DAY
        at = (seen - NOON).total_seconds()
        status = after(status, outcome(UP, at, last_seen=seen))
    assert DAY.total_seconds() < status.usual_gap < 2 * DAY.total_seconds(), (
        "7 days, halved twice in four weeks"
    )


def test_a_pause_that_began_before_the_number_was_connected_teaches_nothing():
    young = replace(LONG_UP, connection_since=NOON - HOUR, last_seen=NOON - 5 * DAY)
    assert after(young, outcome(UP, last_seen=NOON)).usual_gap == 0


def test_a_number_that_returned_twice_within_the_hour_is_unstable_from_its_next_drop_until_it_is_calm():
    often = Facts(returns=2)
    unstable = after(LONG_UP, outcome(DOWN), outcome(DOWN, 2), facts=often)
    assert (unstable.condition, unstable.connection) == (Condition.FLAPPING, DOWN)
    up = after(unstable, outcome(UP, 60))
    assert up.condition == Condition.FLAPPING
    calm = 60 + FLAPPING_CALM.total_seconds()
    assert after(up, outcome(UP, calm - 1)).condition == Condition.FLAPPING
    assert after(up, outcome(UP, calm, last_seen=NOON)).condition == Condition.NONE
    assert after(unstable, outcome(DOWN, calm)).condition == Condition.NONE, "just down"
    assert after(LONG_UP, outcome(DOWN), outcome(DOWN, 2), facts=Facts(returns=1)).condition == Condition.NONE


def test_a_number_that_is_switched_off_costs_no_second_check():
    assert after(LONG_UP, outcome(DOWN), facts=Facts(off=True)).suspect_since is None
