"""The Celery application and its beat, which only ticks: what is due is read from the database."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

QUEUES = ("interactive", "control", "metering", "sweep", "mail")
HEARTBEAT_SECONDS = 30.0

# Task name of each tick -> its queue. Ticks are quick; the work they hand out goes to queues of its own.
TICKS = {
    "whatsapp.tick_status": "sweep",
    "whatsapp.tick_switching": "control",
    "whatsapp.tick_pairing": "interactive",
    "whatsapp.tick_webhooks": "metering",
    "whatsapp.tick_imports": "interactive",
    "billing.tick_usage": "metering",
    "billing.tick_account": "metering",
    "billing.tick_rates": "metering",
    "billing.tick_invoices": "metering",
    "billing.tick_dunning": "control",
    "billing.tick_mail": "mail",
}


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Every tick, dropped by the worker when it is older than its interval: ticks never pile up."""
    ticks = {name: _entry(name, every=settings.TICK_SECONDS, queue=queue) for name, queue in TICKS.items()}
    ticks["whatsapp.tick_tidying"] = _entry("whatsapp.tick_tidying", every=3600.0, queue="metering")
    for queue in QUEUES:
        beat = _entry("config.heartbeat", every=HEARTBEAT_SECONDS, queue=queue)
        ticks[f"config.heartbeat:{queue}"] = beat | {"kwargs": {"queue": queue}}
    return ticks


def _entry(task: str, *, every: float, queue: str) -> dict[str, Any]:
    return {"task": task, "schedule": every, "options": {"queue": queue, "expires": every}}


app = Celery("markaz")
app.conf.update(settings.CELERY)
app.conf.beat_schedule = beat_schedule()
app.autodiscover_tasks(["whatsapp", "billing", "config"])


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery leaves the logging of settings.LOGGING alone."""
