"""One round of each job for one reseller, recorded for the Jobs page."""

from datetime import datetime

from centers.models import JobRun, Reseller


def status_round(*, reseller: Reseller, now: datetime, everyone: bool = False) -> JobRun | None:
    """Check the numbers that are due (`everyone`: all in use); None when none was. Needs no open scope."""
    raise NotImplementedError


def switching_round(*, reseller: Reseller, now: datetime) -> JobRun | None:
    """Make the switches that are due; None when none was."""
    raise NotImplementedError


def webhook_round(*, reseller: Reseller, now: datetime) -> JobRun | None:
    """Work through stored events; None when there was none."""
    raise NotImplementedError
