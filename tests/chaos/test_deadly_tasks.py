"""A task that kills its worker is parked, and the others continue."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from config.celery import app

pytestmark = pytest.mark.chaos
DELIVERIES = 3
COMMAND = ["-m", "celery", "-A", "tests.chaos.deadly:app", "--quiet", "worker", "--queues", "metering"]


@pytest.fixture
def worker(valkey: redis.Redis, tmp_path: Path) -> Iterator[Path]:
    """A worker with one process; the value is its log."""
    path = tmp_path / "worker.log"
    options = ["--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    with path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *COMMAND, *options],
            env=os.environ | {"REDIS_URL": settings.REDIS_URL},
            stdout=log,
            stderr=log,
            cwd=settings.BASE_DIR,
        )
    yield path
    process.terminate()
    process.wait(60)


def test_a_task_that_kills_its_worker_runs_three_times_and_no_more(valkey: redis.Redis, worker: Path) -> None:
    def count(name: str) -> int:
        return int(valkey.get(f"tests:{name}") or 0)

    def wait_until(name: str, expected: int) -> None:
        deadline = time.monotonic() + 60
        while count(name) < expected:
            assert time.monotonic() < deadline, worker.read_text()[-3000:]
            time.sleep(0.1)

    app.send_task("tests.deadly", queue="metering")
    wait_until("deadly", DELIVERIES)
    app.send_task("tests.harmless", queue="metering")
    wait_until("harmless", 1)
    time.sleep(2 * settings.CELERY["task_annotations"]["*"]["default_retry_delay"] + 1)
    assert count("deadly") == DELIVERIES
    assert "WorkerLostError" in worker.read_text(), "an operator has nothing to find it by"
