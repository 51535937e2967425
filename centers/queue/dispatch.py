"""Handing work to the workers by name, so that operations need not import the tasks that import them."""

from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def enqueue(
    name: str, *, countdown: float | None = None, expires: float | None = None, **kwargs: Any
) -> bool:
    """Send the task `name` now, to the queue that config/celery.py names for it; False without a broker.

    `countdown` (a few seconds at most) delays it; `expires` drops it when no worker took it within that many seconds.

    A task that could not be sent is not lost: every job's due work is in the database and the next tick finds it.
    """
    try:
        current_app.send_task(name, kwargs=kwargs, countdown=countdown, expires=expires, retry=False)
    except (KombuError, RedisError, OSError) as error:
        log.warning("task_not_sent", task=name, error=type(error).__name__)
        return False
    return True


def enqueue_on_commit(name: str, **kwargs: Any) -> None:
    """As `enqueue`, once the current transaction has committed."""
    transaction.on_commit(lambda: enqueue(name, **kwargs), robust=True)
