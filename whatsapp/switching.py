"""Switching a number's service: what we want, and asking MazBot until it confirms it.

Who may undo whom, when a number has more than one reason to be off:
- by hand (MANUAL) beats not paid (NON_PAYMENT): a hand-made stop of a suspended number becomes MANUAL, and a
  suspension of a number that is off by hand changes nothing; so no payment ever lifts a hand-made stop;
- a payment lifts only NON_PAYMENT; a person lifts MANUAL and NON_PAYMENT (dunning may suspend again);
- archiving keeps an older reason: restoring then lifts ARCHIVED and NON_PAYMENT (dunning decides anew) but a number
  that was off by hand stays off;
- an archived number is never switched on.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from centers.models import Reseller, User
from whatsapp.models import Instance, Service, WantReason

Guard = Callable[[Instance, datetime], bool]


def register_guard(guard: Guard) -> None:
    """Let `guard(instance, now)` decide right before a disable for non-payment; False withdraws it."""
    raise NotImplementedError


def want_service(
    *,
    instances: Iterable[Instance],
    wanted: Service,
    reason: WantReason,
    by: User | None,
    now: datetime,
) -> list[Instance]:
    """Set the wanted state of these numbers of one reseller; returns those that changed, refreshed."""
    raise NotImplementedError


def reconcile(
    *, reseller: Reseller, now: datetime, before_disable: Guard | None = None, deadline: float = 60.0
) -> int:
    """Call MazBot for every due switch of the reseller; the number of switches confirmed."""
    raise NotImplementedError


def switch_due(now: datetime) -> list[int]:
    """Ids of the resellers with switches to make (looks across tenants)."""
    raise NotImplementedError
