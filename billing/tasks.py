"""Ticks and one thin task per job and reseller. Ids only; what is due is decided by the database."""

from datetime import date

from celery import shared_task

from billing.periods import Period
from billing.rounds import due_resellers, period_round, run_if_due
from centers import clock
from centers.models import Reseller
from whatsapp.dispatch import enqueue

QUEUES = {
    "usage": "metering",
    "account": "metering",
    "rates": "metering",
    "invoices": "metering",
    "dunning": "control",
    "mail": "mail",
}


def _hand_out(job: str) -> None:
    for reseller_id in due_resellers(job, clock.now()):
        enqueue(f"billing.{job}", queue=QUEUES[job], reseller_id=reseller_id)


@shared_task(name="billing.tick_usage", queue="metering")
def tick_usage() -> None:
    """Hand out the usage rounds that are due."""
    _hand_out("usage")


@shared_task(name="billing.tick_account", queue="metering")
def tick_account() -> None:
    """Hand out the main-account rounds that are due."""
    _hand_out("account")


@shared_task(name="billing.tick_rates", queue="metering")
def tick_rates() -> None:
    """Hand out the rates rounds that are due."""
    _hand_out("rates")


@shared_task(name="billing.tick_invoices", queue="metering")
def tick_invoices() -> None:
    """Hand out the invoice runs that are due."""
    _hand_out("invoices")


@shared_task(name="billing.tick_dunning", queue="control")
def tick_dunning() -> None:
    """Hand out the dunning rounds that are due."""
    _hand_out("dunning")


@shared_task(name="billing.tick_mail", queue="mail")
def tick_mail() -> None:
    """Hand out the mail rounds that are due."""
    _hand_out("mail")


@shared_task(name="billing.usage", queue="metering")
def usage(*, reseller_id: int) -> None:
    """Read one reseller's usage."""
    run_if_due("usage", reseller_id=reseller_id, now=clock.now())


@shared_task(name="billing.read_period", queue="interactive")
def read_period(*, reseller_id: int, center_id: int, first: str, end: str) -> None:
    """Read what an invoice of these days (ISO, half-open) still lacks; a person waits for it."""
    period_round(
        reseller=Reseller.objects.get(pk=reseller_id),
        center=center_id,
        period=Period(date.fromisoformat(first), date.fromisoformat(end)),
        now=clock.now(),
    )


@shared_task(name="billing.account", queue="metering")
def account(*, reseller_id: int) -> None:
    """Read one reseller's main account."""
    run_if_due("account", reseller_id=reseller_id, now=clock.now())


@shared_task(name="billing.rates", queue="metering")
def rates(*, reseller_id: int) -> None:
    """Fetch one reseller's rates."""
    run_if_due("rates", reseller_id=reseller_id, now=clock.now())


@shared_task(name="billing.invoices", queue="metering")
def invoices(*, reseller_id: int) -> None:
    """Run one reseller's invoices."""
    run_if_due("invoices", reseller_id=reseller_id, now=clock.now())


@shared_task(name="billing.dunning", queue="control")
def dunning(*, reseller_id: int) -> None:
    """Remind, suspend and resume for one reseller."""
    run_if_due("dunning", reseller_id=reseller_id, now=clock.now())


@shared_task(name="billing.mail", queue="mail")
def mail(*, reseller_id: int) -> None:
    """Send one reseller's waiting mails."""
    run_if_due("mail", reseller_id=reseller_id, now=clock.now())
