"""The Celery application and its beat, which only ticks: due work is read from the database."""

import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery
from celery.signals import (
    before_task_publish,
    celeryd_after_setup,
    heartbeat_sent,
    setup_logging,
    worker_shutting_down,
)
from django.conf import settings

from centers.queue.heartbeats import SENT_AT
from centers.queue.ticks import CLOCKS_APART
from config.broker import mend_transport

HEARTBEAT_SECONDS = 30.0

#: Which queue a task goes to; not configured anywhere else. Ticks are quick: the tasks they enqueue have their own
#: queues.
TASKS = {
    "interactive": (
        "whatsapp.tick_pairing",
        "whatsapp.ask_code",
        "whatsapp.watch_code",
        "whatsapp.check_one",
        "billing.read_period",
    ),
    "control": (
        "whatsapp.tick_switching",
        "whatsapp.switch",
        "whatsapp.tick_alerts",
        "whatsapp.settle_maintenance",
    ),
    "metering": (
        "billing.tick_usage",
        "billing.usage",
        "billing.tick_account",
        "billing.account",
        "billing.tick_rates",
        "billing.rates",
        "billing.tick_invoices",
        "billing.invoices",
        "billing.tick_gateways",
        "billing.gateways",
    ),
    "sweep": ("whatsapp.tick_status", "whatsapp.sweep", "whatsapp.check_everyone"),
    # What computes, and may be killed for what it was given to compute: in processes, not in threads.
    "background": (
        "whatsapp.tick_webhooks",
        "whatsapp.process_events",
        "whatsapp.tick_tidying",
        "whatsapp.tick_history",
        "whatsapp.history",
        "whatsapp.tick_install",
        "whatsapp.tick_counts",
        "whatsapp.tick_imports",
        "whatsapp.import",
        "billing.tick_dunning",
        "billing.dunning",
        "billing.tick_prices",
        "billing.prices",
        "billing.tick_limits",
        "billing.limits",
        "billing.tick_sums",
        "billing.tick_reports",
        "billing.reports",
    ),
    "mail": (
        "centers.tick_notifications",
        "centers.tick_reports",
        "centers.deliver",
        "centers.follow_up",
        "config.tick_accounts",
        "config.tick_sessions",
    ),
}
QUEUES = tuple(TASKS)
ROUTES = {task: {"queue": queue} for queue, tasks in TASKS.items() for task in tasks}
# The ticks with another interval than settings.TICK_SECONDS.
_PACE = {
    "whatsapp.tick_tidying": 3600.0,
    "config.tick_sessions": 3600.0,
    "centers.tick_reports": 900.0,
    "whatsapp.tick_history": 600.0,
    "whatsapp.tick_install": 60.0,
    "whatsapp.tick_counts": 60.0,
    "billing.tick_sums": 60.0,
    "billing.tick_reports": 600.0,
    # An account whose worker died must be asked about again within seconds.
    "whatsapp.tick_status": min(2.0, settings.TICK_SECONDS),
}


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Every tick, dropped by the worker when it is much older than its interval; those that pile up count as one."""
    ticks = [task for task in ROUTES if ".tick_" in task]
    schedule = {task: _entry(task, every=_PACE.get(task, settings.TICK_SECONDS)) for task in ticks}
    for queue in QUEUES:
        beat = _entry("config.heartbeat", every=HEARTBEAT_SECONDS)
        # The one task that goes through every queue, to show that a worker serves it.
        beat |= {"kwargs": {"queue": queue}, "options": beat["options"] | {"queue": queue}}
        schedule[f"config.heartbeat:{queue}"] = beat
    return schedule


def _entry(task: str, *, every: float) -> dict[str, Any]:
    return {"task": task, "schedule": every, "options": {"expires": every + CLOCKS_APART}}


mend_transport()
app = Celery("markaz")
app.conf.update(settings.CELERY)
app.conf.task_routes = ROUTES
app.conf.beat_schedule = beat_schedule()
app.autodiscover_tasks(["centers", "whatsapp", "billing", "config"])


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Keep Celery from replacing the logging of settings.LOGGING."""


@before_task_publish.connect
def _say_when(headers: dict[str, Any], **_: Any) -> None:
    """In real time, as the watchdog has it: a demo's clock may be moved."""
    headers[SENT_AT] = time.time()


@celeryd_after_setup.connect
def _leave_threads(instance: Any, **_: Any) -> None:
    """The worker's threads, which long jobs and messages share."""
    from billing.long_jobs import leave_threads

    leave_threads(instance.concurrency)


@heartbeat_sent.connect
def _show_life(**_: Any) -> None:
    """Every two seconds, from the loop that takes tasks while it is connected; a container's health check looks."""
    if settings.ALIVE_FILE:
        Path(settings.ALIVE_FILE).touch()


@worker_shutting_down.connect
def _stop_sweeping(**_: Any) -> None:
    """Write what the sweep has found, and give its accounts to other workers at once."""
    from whatsapp.monitoring.dispatcher.engine import stop_dispatcher

    stop_dispatcher()
