"""`python -m config.watchdog`: look, report, sleep; --test sends a message to every receiver and ends."""

import argparse
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import structlog
from django.conf import settings

from config.watchdog import receivers
from config.watchdog.probes import Probes
from config.watchdog.reports import CONFIRMED_AFTER, Memory, Problem, Report

log = structlog.get_logger(__name__)


def main() -> int:
    """Run until stopped; with --test return 1 if a receiver did not take the message."""
    parser = argparse.ArgumentParser(prog="python -m config.watchdog", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("state/watchdog.json"), help="what was reported")
    parser.add_argument("--test", action="store_true", help="send a test message to every receiver, then end")
    arguments = parser.parse_args()
    if arguments.test:
        return test()
    arguments.state.parent.mkdir(parents=True, exist_ok=True)
    memory, probes = Memory(arguments.state), Probes()
    while True:
        started = time.monotonic()
        try:
            look(memory, probes, datetime.now(UTC))
        except Exception:  # the next look may work; without it the heartbeat is missing, which is noticed
            log.exception("watchdog_failed")
        time.sleep(max(1.0, settings.WATCHDOG_SECONDS - (time.monotonic() - started)))


def look(memory: Memory, probes: Probes, now: datetime) -> None:
    """Look at everything once, and tell each receiver what it does not know yet."""
    memory.note(probes.look(), now)
    known = receivers.receivers()
    repeat = timedelta(hours=settings.WATCHDOG_REPEAT_HOURS)
    for name, tell in known.items():
        report = memory.due(name, now, repeat)
        if report and tell(report):
            memory.reported(name, report, now)
            memory.save(
                known
            )  # at once: a kill before the next receiver has answered repeats nothing at this one
    for problem in memory.open:
        if problem.looks == CONFIRMED_AFTER:
            log.error("watchdog_problem", problem=problem.text, since=problem.since)
    memory.save(known)
    receivers.beat(memory.open)


def test() -> int:
    """Send a test message; prints how each receiver took it."""
    problem = Problem("This is a test of the watchdog: nothing is wrong.", datetime.now(UTC).isoformat())
    known = receivers.receivers()
    results = {name: tell(Report([problem], [], [])) for name, tell in known.items()}
    if settings.HEARTBEAT_URL:
        results["heartbeat"] = receivers.beat([])
    for name, taken in results.items():
        sys.stdout.write(f"{name}: {'taken' if taken else 'NOT taken, see the log'}\n")
    if not results:
        sys.stdout.write("Set OPERATOR_EMAILS, OPERATOR_WEBHOOK or HEARTBEAT_URL first.\n")
    return 0 if results and all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
