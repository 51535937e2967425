"""What the watchdog looks at. A probe answers per subject: fine, a problem, or nothing where it cannot know."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from django.conf import settings

from centers import mail_delivery
from centers.mail.sending import MailFailed, sign_in
from centers.queue.heartbeats import HEARTBEAT_KEY, NOTICE_KEY, SENT_AT

#: Subject -> what is wrong, or "" where it is fine. A subject that is missing keeps its last answer.
Findings = dict[str, str]

#: The queues of config/celery.py, which would load the whole product.
QUEUES = ("interactive", "control", "metering", "sweep", "background", "mail")
SECONDS = 5  # for a server to answer
MAIL_EVERY = 300.0  # seconds between two sign-ins at the mail server
MOST_FILES = 10_000  # looked at in BACKUP_PATH


@dataclass
class Pulses:
    """When each queue's heartbeat last changed, by this process's own clock: clocks of other machines don't matter.

    A heartbeat is a task that goes through its queue. It stops when no worker takes tasks from the queue, when
    what waits there takes longer than a heartbeat lives, and when beat sends none.
    """

    started: float = field(default_factory=time.monotonic)
    seen: dict[str, tuple[object, float]] = field(default_factory=dict)

    def silent_for(self, queue: str, beat: object, now: float) -> tuple[float, bool]:
        """Seconds without a new heartbeat, and whether one came since this process started."""
        known, since = self.seen.get(queue, (beat, self.started))
        if beat != known:
            since = now
        self.seen[queue] = beat, since
        return now - since, since > self.started


def database() -> Findings:
    """PostgreSQL answers a query."""
    try:
        with psycopg.connect(
            settings.DATABASE_URL, connect_timeout=SECONDS, options="-c statement_timeout=5000"
        ) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return {
            "database": f"The database can't be reached ({type(error).__name__}): no page and no job works."
        }
    return {"database": ""}


def queues(pulses: Pulses, *, minutes: float) -> Findings:
    """Valkey answers, workers take tasks from every queue before these wait too long, and beat sends some.

    Also what the workers found out about MazBot, which Valkey has from them.
    """
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
        ) as valkey:
            beats = valkey.mget([HEARTBEAT_KEY.format(queue=queue) for queue in QUEUES])
            waiting = {queue: int(valkey.llen(f"markaz:{queue}")) for queue in QUEUES}
            ages = {queue: _age(valkey.lindex(f"markaz:{queue}", -1)) for queue in QUEUES}
            notice = valkey.get(NOTICE_KEY.format(subject="mazbot"))
    except redis.RedisError as error:
        return {
            "valkey": f"Valkey can't be reached ({type(error).__name__}): jobs stand still, pages aren't live."
        }
    now = time.monotonic()
    state = {queue: pulses.silent_for(queue, beat, now) for queue, beat in zip(QUEUES, beats, strict=True)}
    limit = minutes * 60
    found = {"valkey": "", "mazbot": str(notice or b"", "utf-8")} | _of_queues(state, waiting, limit=limit)
    return found | _too_old(ages, waiting, limit=limit)


def _age(task: object) -> float:
    """For how many seconds a task in a queue has waited, by the clock of what sent it; 0 where it doesn't say."""
    try:
        return time.time() - float(json.loads(str(task, "utf-8"))["headers"][SENT_AT])  # type: ignore[call-overload]
    except (TypeError, ValueError, KeyError):
        return 0.0


def _too_old(ages: dict[str, float], waiting: dict[str, int], *, limit: float) -> Findings:
    """The queues whose oldest task waits for too long; known at the first look, without a heartbeat."""
    return {
        f"queue {queue}": f"The oldest task of the queue {queue} has waited {age / 60:.0f} minutes "
        f"({waiting[queue]} waiting). Its worker is gone, hangs, or has more work than it can do."
        for queue, age in ages.items()
        if age >= limit
    }


def _of_queues(state: dict[str, tuple[float, bool]], waiting: dict[str, int], *, limit: float) -> Findings:
    silent = {queue for queue, (seconds, _beating) in state.items() if seconds >= limit}
    if len(silent) == len(state) and not any(waiting.values()):
        minutes = min(seconds for seconds, _beating in state.values()) / 60
        return {"beat": f"Beat sent nothing for {minutes:.0f} minutes: no job starts. Check that beat runs."}
    found = {
        f"queue {queue}": f"No worker took a task from the queue {queue} for {state[queue][0] / 60:.0f} minutes; "
        f"{waiting[queue]} wait. Check its worker."
        for queue in silent
    }
    # Of a process that just started only what it saw beating is known to be well.
    found |= {
        f"queue {queue}": "" for queue, (_s, beating) in state.items() if beating and queue not in silent
    }
    if any(beating and queue not in silent for queue, (_s, beating) in state.items()):
        found["beat"] = ""
    return found


def disks(paths: list[Path], *, percent: int) -> Findings:
    """No disk is nearly full."""
    found: Findings = {}
    for path in paths:
        try:
            usage = shutil.disk_usage(path)
        except OSError as error:
            found[f"disk {path}"] = f"The disk of {path} can't be read ({error.strerror})."
            continue
        used = 100 * (usage.total - usage.free) / usage.total
        full = f"The disk of {path} is {used:.0f} % full, {usage.free / 1e9:.1f} GB are free."
        found[f"disk {path}"] = full if used >= percent else ""
    return found


def backup(path: Path, *, hours: float, now: float) -> Findings:
    """The newest file of `path` (a file or a folder) is not empty and at most `hours` old; `now` in Unix time."""
    try:
        files = [path] if path.is_file() else [one for one in _some(path) if one.is_file()]
        newest = max((one.stat().st_mtime for one in files if one.stat().st_size), default=None)
    except OSError as error:
        return {"backup": f"The backup at {path} can't be read ({error.strerror})."}
    if newest is None:
        return {"backup": f"There is no backup at {path}."}
    age = (now - newest) / 3600
    return {"backup": f"The newest backup at {path} is {age:.0f} hours old." if age > hours else ""}


def _some(folder: Path) -> list[Path]:
    return [one for one, _ in zip(folder.rglob("*"), range(MOST_FILES), strict=False)]


def mail() -> Findings:
    """The mail server takes our sign-in. Nothing is known where mail isn't sent by SMTP."""
    if not mail_delivery.is_delivered() or "smtp" not in settings.EMAIL_BACKEND:
        return {}
    try:
        sign_in(timeout=SECONDS * 2)
    except MailFailed as failure:
        why = failure.diagnosis
        said = f" It said: {why.answer}" if why.answer else ""
        return {"mail": f"The mail server {settings.EMAIL_HOST} takes no mail: {why.english}{said}"}
    return {"mail": ""}


@dataclass
class Probes:
    """All of them, in the pace of each."""

    pulses: Pulses = field(default_factory=Pulses)
    mail_asked: float = float("-inf")

    def look(self) -> Findings:
        """Look at everything once."""
        found: Findings = {}
        for probe in self._probes():
            found |= probe()
        if found.get("mail"):
            self.mail_asked = float("-inf")  # again at the next look, which confirms it
        return found

    def _probes(self) -> list[Callable[[], Findings]]:
        watched = [
            database,
            lambda: queues(self.pulses, minutes=settings.WATCHDOG_QUEUE_MINUTES),
            lambda: disks(settings.WATCHDOG_DISKS, percent=settings.WATCHDOG_DISK_PERCENT),
        ]
        if settings.BACKUP_PATH:
            watched.append(
                lambda: backup(Path(settings.BACKUP_PATH), hours=settings.BACKUP_HOURS, now=time.time())
            )
        if time.monotonic() - self.mail_asked >= MAIL_EVERY:
            self.mail_asked = time.monotonic()
            watched.append(mail)
        return watched
