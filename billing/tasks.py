"""Per job one tick and one thin task. Ids only; what is due is decided by the database."""

from datetime import date

from celery import shared_task

from billing.periods import Period
from billing.rounds import ROUNDS, due_resellers, period_round, run_if_due
from centers import clock
from centers.models import Reseller
from whatsapp.ticking import hand_out, tick


def _register(job: str) -> None:
    """`billing.tick_<job>` hands out the rounds that are due, `billing.<job>` is one reseller's round."""

    @tick(f"billing.tick_{job}")
    def ticking() -> None:
        hand_out(f"billing.{job}", due_resellers(job, clock.now()))

    @shared_task(name=f"billing.{job}")
    def working(*, reseller_id: int) -> None:
        run_if_due(job, reseller_id=reseller_id, now=clock.now())


for _job in ROUNDS:
    _register(_job)


@shared_task(name="billing.read_period")
def read_period(*, reseller_id: int, center_id: int, first: str, end: str) -> None:
    """Read what an invoice of these days (ISO, half-open) still lacks; a person waits for it."""
    period_round(
        reseller=Reseller.objects.get(pk=reseller_id),
        center=center_id,
        period=Period(date.fromisoformat(first), date.fromisoformat(end)),
        now=clock.now(),
    )
