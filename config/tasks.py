"""Tasks of no reseller: a heartbeat of every queue, and what falls due for accounts."""

from celery import shared_task

from centers import clock, live
from centers.queue.heartbeats import HEARTBEAT_KEY
from centers.queue.ticks import tick
from centers.tenancy import address_codes, factor_reset, old_sessions

KEPT_SECONDS = 7 * 24 * 3600


@shared_task(name="config.heartbeat")
def heartbeat(*, queue: str) -> None:
    """Record, as an ISO time in UTC, that a worker took this from `queue`.

    A worker can be alive and yet no longer take tasks from a queue.
    """
    live.valkey().set(HEARTBEAT_KEY.format(queue=queue), clock.now().isoformat(), ex=KEPT_SECONDS)


@tick("config.tick_accounts")
def tick_accounts() -> None:
    """Resets of lost second factors: outstanding mails, and those whose wait is over. Old codes are dropped."""
    now = clock.now()
    factor_reset.process_due(now)
    address_codes.tidy(now)


@tick("config.tick_sessions", every=3600.0)
def tick_sessions() -> None:
    """Delete expired sessions."""
    old_sessions.clear()
