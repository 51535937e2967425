"""When MazBot fails for many accounts at once, the install's operator gets one notice.

It is in the log and in /metrics, and the watchdog sends it: it reads it from Valkey.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Exists, OuterRef, Q

from centers import live
from centers.queue.heartbeats import NOTICE_KEY
from centers.tenancy.scoping import every_tenant
from whatsapp.models import Instance, MazbotAccount

log = structlog.get_logger(__name__)
#: An account without an answer for so long is stuck.
STUCK_AFTER = timedelta(minutes=5)
#: The operator gets a notice when at least so many accounts are stuck, and at least one in SHARE.
LEAST = 3
SHARE = 3
_KEY = NOTICE_KEY.format(subject="mazbot")


@dataclass(frozen=True, slots=True)
class Reach:
    """Accounts with numbers in use: how many get no answers or have a provider incident, of how many."""

    stuck: int
    total: int

    @property
    def is_notice(self) -> bool:
        """Whether so many are stuck that the cause lies with the install or with MazBot as a whole."""
        return self.stuck >= LEAST and self.stuck * SHARE >= self.total

    @property
    def notice(self) -> str:
        """What the operator reads."""
        return (
            f"{self.stuck} of {self.total} accounts at MazBot get no answers, or have lost many numbers at once: it "
            "fails as a whole, or this machine can't reach it. Check its status page and this machine's network."
        )


def reach_of_mazbot(now: datetime) -> Reach:
    """Count the accounts of all tenants; those whose own credentials are refused are left out."""
    with every_tenant():
        numbers = Instance.objects.filter(reseller=OuterRef("reseller"), archived_at=None)
        accounts = MazbotAccount.objects.filter(Exists(numbers), refused_at=None)
        silent = Q(last_ok_at__lt=now - STUCK_AFTER)
        stuck = accounts.filter(silent | Q(failing_since__isnull=False))
        return Reach(stuck.count(), accounts.count())


def tell_operator(*, now: datetime) -> bool:
    """Log once when a notice begins, and once when it is over; return whether it lasts."""
    found = reach_of_mazbot(now)
    known = live.valkey().get(_KEY) is not None
    if found.is_notice:
        live.valkey().set(_KEY, found.notice)
    if found.is_notice and not known:
        log.error("mazbot_accounts_stuck", stuck=found.stuck, accounts=found.total)
    elif known and not found.is_notice:
        live.valkey().delete(_KEY)
        log.warning("mazbot_accounts_answer_again", stuck=found.stuck, accounts=found.total)
    return found.is_notice
