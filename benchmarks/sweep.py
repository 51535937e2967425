"""Writing the outcome of a sweep: one merge per batch."""

from datetime import timedelta

from benchmarks.results import Result
from benchmarks.rows import NOW, big_reseller
from benchmarks.timing import milliseconds
from centers.tenancy.scoping import tenant
from whatsapp.models import Connection, Instance
from whatsapp.monitoring.results import Outcome, record_outcomes

SIZE = 1_000


def measure() -> list[Result]:
    """Milliseconds for SIZE check results when nothing changed, and when every tenth number did."""
    reseller, _ = big_reseller("sweep", centers=200, numbers=SIZE)
    with tenant(reseller):
        pks = list(Instance.objects.order_by("pk").values_list("pk", flat=True))
        turn = iter(range(1_000_000))

        def write(flipping: int) -> None:
            step = next(turn)
            at = NOW + timedelta(minutes=step + 1)
            outcomes = [
                Outcome(
                    instance_pk=pk,
                    at=at,
                    next_check_at=at + timedelta(minutes=1),
                    connection=Connection.DISCONNECTED
                    if flipping and n % flipping == 0 and step % 2
                    else Connection.CONNECTED,
                    last_seen=at,
                )
                for n, pk in enumerate(pks)
            ]
            record_outcomes(reseller=reseller, outcomes=outcomes)

        quiet = milliseconds(lambda: write(0), times=10)
        busy = milliseconds(lambda: write(10), times=10)
    return [
        Result("sweep.write", quiet, None, "ms", f"Writing {SIZE:,} check results, none changed"),
        Result(
            "sweep.write.changed",
            busy,
            None,
            "ms",
            f"Writing {SIZE:,} check results, every tenth changed (history, alerts, hints)",
        ),
    ]
