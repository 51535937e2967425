"""Each probe finds what is broken, and nothing where all is well."""

import os
import time

import time_machine

from centers.queue.dispatch import enqueue
from config.celery import QUEUES as CONFIGURED
from config.watchdog import probes
from config.watchdog.probes import QUEUES, Pulses, backup, disks


def test_every_queue_of_the_product_is_watched():
    assert set(QUEUES) == set(CONFIGURED)


def write(valkey, *names: str) -> None:
    for name in names:
        valkey.set(probes.HEARTBEAT_KEY.format(queue=name), str(time.monotonic()))


def later(pulses: Pulses, seconds: float) -> None:
    """As though all that happened so far was longer ago."""
    pulses.started -= seconds
    pulses.seen = {queue: (beat, at - seconds) for queue, (beat, at) in pulses.seen.items()}


def test_a_queue_without_workers_is_named_with_what_waits(valkey):
    pulses = Pulses()
    write(valkey, *QUEUES)
    probes.queues(pulses, minutes=5)
    later(pulses, 10)
    write(valkey, *QUEUES)
    assert set(probes.queues(pulses, minutes=5).values()) == {""}
    later(pulses, 301)
    write(valkey, *set(QUEUES) - {"metering"})
    valkey.rpush("markaz:metering", "a", "b")
    found = probes.queues(pulses, minutes=5)
    assert "queue metering for 5 minutes; 2 wait" in found["queue metering"]
    assert {subject for subject, text in found.items() if text} == {"queue metering"}


def test_a_beat_that_stopped_is_distinguished_from_workers_that_did(valkey):
    pulses = Pulses()
    write(valkey, *QUEUES)
    probes.queues(pulses, minutes=5)
    later(pulses, 301)
    assert "Beat sent nothing for 5 minutes" in probes.queues(pulses, minutes=5)["beat"]
    valkey.rpush("markaz:mail", "a")
    found = probes.queues(pulses, minutes=5)
    assert "beat" not in found
    assert len([text for text in found.values() if text]) == len(QUEUES)


def test_a_watchdog_that_just_started_says_nothing_of_queues_that_it_has_not_seen_beating(valkey):
    assert probes.queues(Pulses(), minutes=5) == {"valkey": "", "mazbot": ""}


def test_what_the_workers_say_of_mazbot_is_passed_on(valkey):
    valkey.set(probes.NOTICE_KEY.format(subject="mazbot"), "MazBot answers none.")
    assert probes.queues(Pulses(), minutes=5)["mazbot"] == "MazBot answers none."


def test_the_oldest_task_of_a_queue_without_workers_is_named_at_the_first_look(valkey):
    enqueue("billing.usage", reseller_id=1)
    with time_machine.travel(time.time() - 7 * 60):
        enqueue("billing.rates", reseller_id=1)
    valkey.rpush(
        "markaz:metering", valkey.lpop("markaz:metering")
    )  # as they were sent: the oldest leaves first
    found = probes.queues(Pulses(), minutes=5)
    assert found["queue metering"].startswith(
        "The oldest task of the queue metering has waited 7 minutes (2 waiting)."
    )
    assert found == {"valkey": "", "mazbot": "", "queue metering": found["queue metering"]}
    assert probes.queues(Pulses(), minutes=8) == {"valkey": "", "mazbot": ""}
    valkey.rpop("markaz:metering")
    assert probes.queues(Pulses(), minutes=5) == {"valkey": "", "mazbot": ""}, "the other one was just sent"


def test_a_task_that_does_not_say_when_it_was_sent_is_not_too_old(valkey):
    for text in ("a", "[]", "{}", '{"headers": {}}', '{"headers": {"sent_at": null}}', "\xff"):
        valkey.delete("markaz:mail")
        valkey.rpush("markaz:mail", text.encode("latin-1"))
        assert probes.queues(Pulses(), minutes=0.001)["valkey"] == ""
        assert "oldest" not in probes.queues(Pulses(), minutes=5).get("queue mail", "")


def test_an_unreachable_valkey_says_nothing_of_the_queues(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert list(probes.queues(Pulses(), minutes=5)) == ["valkey"]
    assert "can't be reached" in probes.queues(Pulses(), minutes=5)["valkey"]


def test_a_disk_that_is_nearly_full(tmp_path):
    assert disks([tmp_path], percent=101) == {f"disk {tmp_path}": ""}
    assert "% full" in disks([tmp_path], percent=0)[f"disk {tmp_path}"]
    gone = tmp_path / "gone"
    assert "can't be read" in disks([gone], percent=101)[f"disk {gone}"]


def test_a_backup_is_missing_empty_old_or_fine(tmp_path):
    def found(now: float = time.time()) -> str:
        return backup(tmp_path / "backups", hours=26, now=now)["backup"]

    assert "There is no backup" in found()
    (tmp_path / "backups" / "daily").mkdir(parents=True)
    assert "There is no backup" in found()
    file = tmp_path / "backups" / "daily" / "markaz.dump"
    file.write_bytes(b"")
    assert "There is no backup" in found()
    file.write_bytes(b"dump")
    assert found() == ""
    assert "30 hours old" in found(time.time() + 30 * 3600)
    os.utime(file, (0, 0))
    assert "hours old" in found()
    assert "hours old" in backup(file, hours=26, now=time.time())["backup"]
