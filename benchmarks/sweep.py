"""Writing the outcome of a sweep, as the sweep's dispatcher does (whatsapp/monitoring/dispatcher/recording.py)."""

from datetime import timedelta
from itertools import count

from benchmarks.results import Result
from benchmarks.rows import NOW, big_reseller
from benchmarks.timing import Middle, milliseconds
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from whatsapp.models import Connection, Instance
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.rows import write_unchanged

SIZE = 1_000


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
    ]


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
