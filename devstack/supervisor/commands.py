"""The processes of an install. docker-compose.yml starts the same ones, and a test holds the two together."""

from pathlib import Path

# Quiet: its banners would push the logins off the terminal. Log lines are not affected.
CELERY = ["python", "-m", "celery", "-A", "config.celery:app", "--quiet"]
# What waits for MazBot or a mail server waits in threads, which cost little; what computes has processes. The groups
# are apart, so that a long run of metering never keeps a person who waits for a code waiting.
WORKERS = {
    "worker": ("interactive", "control"),
    "metering": ("metering", "mail"),
    "sweep": ("sweep",),
    "jobs": ("background",),
}
#: Tasks at once: threads, or (jobs) processes. A thread costs about 0.1 MB, a process about 100 MB. The sweep needs a
#: few only: its dispatcher has its own threads (SWEEP_SENDERS). Four in five of metering's are for long jobs, one for
#: each account that is read at the same time.
CONCURRENCY = {"worker": 32, "metering": 320, "sweep": 4, "jobs": 2}
PROCESSES = ("jobs",)
#: A process that a task left larger than this (kB) is replaced by a fresh one.
LARGEST_PROCESS = 300_000


def web(*, host: str, port: int | str) -> list[str]:
    """Pages and `/live/` on one port; config/web sets how many connections of which kind."""
    return ["python", "-m", "config.web", "--host", host, "--port", str(port)]


def worker(name: str) -> list[str]:
    """One group of workers with its queues."""
    command = [*CELERY, "worker", "--hostname", f"{name}@%h", "--queues", ",".join(WORKERS[name])]
    pool = ["--pool=threads"]
    if name in PROCESSES:
        pool = ["--pool=prefork", "--max-memory-per-child", str(LARGEST_PROCESS)]
    return [
        *command,
        *pool,
        "--concurrency",
        str(CONCURRENCY[name]),
        "--loglevel",
        "INFO",
        "--without-gossip",
        "--without-mingle",
    ]


def beat(*, schedule: Path | str) -> list[str]:
    """The scheduler of the jobs: static, stores only when it last ticked."""
    return [*CELERY, "beat", "--schedule", str(schedule), "--pidfile=", "--loglevel", "WARNING"]


def watchdog(*, state: Path | str) -> list[str]:
    """What tells the operator; it needs none of the others."""
    return ["python", "-m", "config.watchdog", "--state", str(state)]


def sandbox(*, port: int, state: Path, mails: Path | None = None) -> list[str]:
    """The sandbox, for the demo; its page shows the mails in that folder."""
    shown = ["--mails", str(mails)] if mails else []
    return ["python", "-m", "devstack.sandbox", "--port", str(port), "--state", str(state), *shown]
