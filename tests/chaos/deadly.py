"""The product's Celery with two more tasks, for the worker of test_deadly_tasks."""

import os
import signal

from centers.live import valkey
from config.celery import app


@app.task(name="tests.deadly")
def deadly() -> None:
    """Count, and kill the process that runs this."""
    valkey().incr("tests:deadly")
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="tests.harmless")
def harmless() -> None:
    """Count."""
    valkey().incr("tests:harmless")
