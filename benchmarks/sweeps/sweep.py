"""Writing the outcome of a sweep, as the sweep's dispatcher does (whatsapp/monitoring/dispatcher/recording.py)."""

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count

from django.db import connection, transaction

from benchmarks.results import Result
from benchmarks.rows import NOW, analyze, big_reseller
from benchmarks.timing import Middle, in_turn, middle, milliseconds, spread_of_ratio
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from whatsapp.models import Connection, Instance
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.rows import write_unchanged

SIZE = 1_000
MANY, ROUNDS = 10_000, 7
_COPY = "COPY fresh (id, at, seen, next_at) FROM STDIN"
_MERGE = """
UPDATE whatsapp_instance AS i
   SET checked_at = fresh.at, last_seen = fresh.seen, next_check_at = fresh.next_at, check_failures = 0,
       version = i.version + 1
  FROM fresh WHERE i.id = fresh.id
"""


def measure() -> list[Result]:
    """Milliseconds for SIZE check results: none changed, every tenth changed, and all of them judged one by one."""
    reseller, _ = big_reseller("sweep", centers=200, numbers=SIZE)
    with tenant(reseller):
        pks = list(Instance.objects.order_by("pk").values_list("pk", flat=True))
        _write(reseller, _outcomes(pks, 0))  # all connected, in every benchmark
        turns = count(1)
        quiet = milliseconds(lambda: _write(reseller, _outcomes(pks, next(turns))), times=10)
        busy = milliseconds(lambda: _write(reseller, _outcomes(pks, next(turns), flipping=10)), times=10)
        judged = milliseconds(
            lambda: record_outcomes(reseller=reseller, outcomes=_outcomes(pks, next(turns))), times=10
        )
    said = f"Writing {SIZE:,} check results"
    return [
        _result("sweep.write", quiet, f"{said}, none changed: one statement"),
        _result("sweep.write.changed", busy, f"{said}, every tenth changed (history, alerts)"),
        _result("sweep.write.judged", judged, f"{said}, each judged against what is stored"),
        _against_copy(),
    ]


def _against_copy() -> Result:
    """MANY results, none changed, against COPY and one UPDATE, of two resellers that are alike."""
    ours, raw = (big_reseller(slug, centers=MANY // 5, numbers=MANY)[0] for slug in ("ours", "raw"))
    Instance._base_manager.filter(reseller__in=(ours, raw)).update(
        connection=Connection.CONNECTED, first_connected_at=NOW, check_error="", last_seen=NOW
    )
    analyze()
    calls = {"ours": _timed(ours, write_unchanged), "raw": _timed(raw, _merged)}
    for call in calls.values():
        call()
    taken = in_turn(calls, ROUNDS)
    (own, _), (least, _) = middle(taken["ours"]), middle(taken["raw"])
    how = f"{MANY} status results, none changed: {own:.0f} ms against {least:.0f} ms by COPY and one UPDATE"
    spread = spread_of_ratio(taken["ours"], taken["raw"])
    return Result("write.results", own / least, 2, "times", how, at_most=True, spread=spread)


def _timed(reseller: Reseller, write: Callable[[list[Outcome]], object]) -> Callable[[], float]:
    """Writes one more round of results of all numbers each time, and says how many milliseconds it took."""
    pks = list(Instance._base_manager.filter(reseller=reseller).order_by("pk").values_list("pk", flat=True))
    turns = count(1)

    def once() -> float:
        outcomes = _outcomes(pks, next(turns))
        started = time.perf_counter()
        written = write(outcomes)
        taken = (time.perf_counter() - started) * 1000
        assert written == set(pks), "each was stored"
        return taken

    return once


def _merged(outcomes: list[Outcome]) -> set[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE fresh (id bigint, at timestamptz, seen timestamptz, next_at timestamptz) ON COMMIT DROP"
        )
        with cursor.cursor.copy(_COPY) as copy:
            for one in outcomes:
                copy.write_row((one.instance_pk, one.at, one.last_seen, one.next_check_at))
        cursor.execute(_MERGE)
        assert cursor.rowcount == len(outcomes)
    return {one.instance_pk for one in outcomes}


def _result(name: str, taken: Middle, what: str) -> Result:
    return Result(name, taken.median, None, "ms", what, spread=taken.spread)


def _outcomes(pks: list[int], step: int, *, flipping: int = 0) -> list[Outcome]:
    """One round; every `flipping`th number is down in every other round."""
    at = NOW + timedelta(minutes=step)
    down = {pk for n, pk in enumerate(pks) if flipping and n % flipping == 0 and step % 2}
    changing = set(pks[::flipping]) if flipping else set()
    return [
        Outcome(
            instance_pk=pk,
            at=at,
            next_check_at=at + timedelta(minutes=1),
            connection=Connection.DISCONNECTED if pk in down else Connection.CONNECTED,
            last_seen=at,
            unchanged=pk not in changing and step > 0,
        )
        for pk in pks
    ]


def _write(reseller: Reseller, outcomes: list[Outcome]) -> None:
    stored = write_unchanged([one for one in outcomes if one.unchanged])
    record_outcomes(reseller=reseller, outcomes=[one for one in outcomes if one.instance_pk not in stored])
