"""A sign of life of every queue: a worker can be alive and yet no longer take tasks from one."""

from celery import shared_task

from centers import clock, live
from centers.workers import HEARTBEAT_KEY

KEPT_SECONDS = 7 * 24 * 3600


@shared_task(name="config.heartbeat")
def heartbeat(*, queue: str) -> None:
    """Written by whichever worker took it from `queue`, as an ISO time in UTC."""
    live.valkey().set(HEARTBEAT_KEY.format(queue=queue), clock.now().isoformat(), ex=KEPT_SECONDS)
