"""Run the scheduled jobs once in the foreground, without a worker."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import jobs as money
from centers import clock
from centers.models import JobRun, Reseller
from centers.notifications.delivery import deliver_due
from whatsapp import jobs as numbers

JobFunction = Callable[..., JobRun | None]


def _deliver(*, reseller: Reseller, now: datetime) -> None:
    """Send the messages that are due."""
    deliver_due(reseller=reseller, now=now)


#: What each job name runs, in this order; "all" runs all of them from top to bottom.
JOBS: dict[str, tuple[JobFunction, ...]] = {
    "status": (partial(numbers.status_job, everyone=True),),
    "rates": (money.rates_job,),
    "prices": (money.prices_job,),
    "usage": (money.usage_job, money.account_job),
    "invoices": (money.invoice_job,),
    "limits": (money.limits_job,),
    "dunning": (money.dunning_job, numbers.switching_job, _deliver),
}


class Command(BaseCommand):
    """Runs jobs for every reseller, or one; a failed item makes the exit status 1, the rest continues."""

    help = (
        "Runs a job once in the foreground: status, rates, prices, usage, invoices, limits, dunning or all."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", choices=[*JOBS, "all"])
        parser.add_argument("--reseller", metavar="SLUG", help="only this reseller")
        parser.add_argument(
            "--as-of", metavar="ISO", help="pretend it is this moment, such as 2026-12-01T06:00Z"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = _moment(options["as_of"])
        names = list(JOBS) if options["job"] == "all" else [options["job"]]
        failed = [
            f"{reseller.slug}: {name}"
            for reseller in _resellers(options["reseller"])
            for name in names
            if not self._run(name, reseller, now)
        ]
        if failed:
            raise CommandError("Not everything worked: " + ", ".join(failed) + ". What worked was kept.")

    def _run(self, name: str, reseller: Reseller, now: datetime) -> bool:
        """Run one job; False when an item, or a whole run, failed."""
        good = True
        for recorder in JOBS[name]:
            try:
                run = recorder(reseller=reseller, now=now)
            except Exception as error:  # noqa: BLE001  # one reseller's trouble must not stop the next one's
                self.stderr.write(f"{reseller.slug}: {name}: {type(error).__name__}: {error}")
                good = False
                continue
            if run is not None:
                good = good and not run.failed
                self._report(reseller, run)
        return good

    def _report(self, reseller: Reseller, run: JobRun) -> None:
        self.stdout.write(
            f"{reseller.slug}: {run.job}: {run.done} done, {run.failed} failed. {run.note}".rstrip()
        )
        for failure in run.failures:
            self.stderr.write(f"  {failure['item'] or run.job}: {failure['why']}")


def _moment(text: str | None) -> datetime:
    if not text:
        return clock.now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"“{text}” is not a time such as 2026-12-01T06:00Z.") from error
    if moment.tzinfo is None:
        raise CommandError("--as-of needs an offset, such as +03:00 or Z.")
    return moment


def _resellers(slug: str | None) -> Iterator[Reseller]:
    resellers = Reseller.objects.order_by("pk")
    if slug is None:
        yield from resellers
        return
    reseller = resellers.filter(slug=slug).first()
    if reseller is None:
        known = ", ".join(resellers.values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandError(f"There is no reseller “{slug}”. Known: {known}.")
    yield reseller
