"""Whatever MazBot answers is a recorded result of that number, through the database, and never an exception."""

import random
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.thorough import THOROUGH
from whatsapp.mazbot import MazBotError
from whatsapp.mazbot.answers import read_connection
from whatsapp.models import Connection, Instance
from whatsapp.monitoring.results import Outcome, record_outcomes

ANSWERS, NUMBERS = (10_000 if THOROUGH else 600), 50
RIYADH = ZoneInfo("Asia/Riyadh")
KNOWN = ["connected", "disconnected", "pairing", "expired"]
ODD = [
    None, 1, True, [], {}, "", "   ", "CONNECTED", " Expired ", "x" * 5000, "\x00\x01", "متصل", "\ud800", "🙂" * 200,
    "' OR 1=1 --", "<script>", "con\nnected", "\u202edetcennoc",
]  # fmt: skip
SEEN = [
    None, "", 0, "2026-01-01 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2026-02-30 10:00:00",
    "2026-01-01T00:00:00+99:00", "yesterday", ["2026-01-01"], "١٢", "1" * 400,
]  # fmt: skip


class Expectation:
    """What a number must show after its answers, by the rule in plain words: a drop or an odd word takes two."""

    def __init__(self):
        self.shown, self.pending = "unchecked", None

    def answer(self, word):
        known_drop = word != "unknown" and self.shown == "connected"
        unsure = (word == "unknown" and self.pending != "unknown") or (known_drop and self.pending is None)
        if word not in ("connected", self.shown) and unsure:
            self.pending = word
        else:
            self.shown, self.pending = word, None


def generated(chance):
    if chance.random() < 0.1:
        return {chance.choice(["state", "Status", "", "x"]): chance.choice(ODD)}
    status = chance.choice(KNOWN if chance.random() < 0.6 else ODD)
    return {"success": True, "status": status, "last_seen": chance.choice(SEEN)}


def word_of(answer):
    """The word by the contract; None where the answer has none that can be read."""
    status = answer.get("status")
    visible = isinstance(status, str) and "".join(c for c in status if c.isprintable() or c.isspace()).strip()
    if not visible:
        return None
    clean = status.strip().lower()
    return clean if clean in KNOWN else "unknown"


@pytest.mark.timeout(600)
def test_any_answer_is_a_recorded_result(place, now, record_property):
    chance = random.Random(7)
    numbers = [place.add("connected", first_connected_at=now) for _ in range(NUMBERS)]
    expected = {number.pk: Expectation() for number in numbers}
    unhandled = unread = wrong = 0
    for turn in range(ANSWERS // NUMBERS):
        at, outcomes = now + turn * timedelta(seconds=61), []
        for number in numbers:
            answer = generated(chance)
            word = word_of(answer)
            common = {"instance_pk": number.pk, "at": at, "next_check_at": at + timedelta(minutes=1)}
            try:
                result = read_connection(answer, zone=RIYADH, now=at)
            except MazBotError as error:
                unread += 1
                wrong += word is not None
                outcomes.append(Outcome(**common, error=error.kind.value, failures=1))
                continue
            wrong += word != result.status.value
            expected[number.pk].answer(result.status.value)
            outcomes.append(
                Outcome(
                    **common,
                    connection=Connection(result.status.value),
                    raw=result.raw,
                    last_seen=result.last_seen,
                )
            )
        try:
            record_outcomes(reseller=place.reseller, outcomes=outcomes)
        except Exception:
            unhandled += 1
            raise
        rows = Instance.objects.filter(pk__in=expected)
        wrong += sum(row.connection != expected[row.pk].shown for row in rows)
        wrong += sum(row.last_seen is not None and row.last_seen > at for row in rows)
        wrong += sum(bool(row.check_error) != (row.check_failed_at is not None) for row in rows)
    figures = f"{ANSWERS} answers, {unread} unreadable, {unhandled} unhandled, {wrong} wrong rows"
    record_property("figures", figures)
    assert (unhandled, wrong) == (0, 0), figures
