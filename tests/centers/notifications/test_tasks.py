"""The bodies of the tasks: what is due is found by the tick alone, handed to the queue `mail`, and delivered."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from django.conf import settings

from centers import clock
from centers.models import Notification
from centers.notifications.preferences import save_preference
from centers.tasks import deliver, follow_up, tick_notifications
from tests.centers.notifications.conftest import Desk

QUEUE = settings.CELERY["broker_transport_options"]["global_keyprefix"] + "mail"


@pytest.fixture
def tick(valkey: redis.Redis) -> Callable[[], list[str]]:
    """Tick, and return the names of the tasks that it handed out."""

    def run() -> list[str]:
        valkey.flushdb()
        tick_notifications()
        return sorted(json.loads(entry)["headers"]["task"] for entry in valkey.lrange(QUEUE, 0, -1))

    return run


def test_the_tick_hands_out_what_a_lost_task_left_behind(desk: Desk, tick: Callable[[], list[str]]) -> None:
    assert tick() == []
    desk.tell("alert:1", now=clock.now())  # the transaction of a test never commits: no task was sent
    assert tick() == ["centers.deliver"]
    deliver(reseller_id=desk.reseller.pk)
    assert desk.subjects() == ["alert:1 first"]
    assert tick() == []


def test_the_task_goes_on_until_nothing_is_due(desk: Desk) -> None:
    desk.tell("invoice:1", "invoice:2", kind="test.own", now=clock.now())
    deliver(reseller_id=desk.reseller.pk)
    deliver(reseller_id=desk.reseller.pk)
    assert sorted(desk.subjects()) == ["invoice:1 first", "invoice:2 first"]
    deliver(reseller_id=0)


def test_repeats_are_handed_out_when_they_are_due(desk: Desk, tick: Callable[[], list[str]]) -> None:
    save_preference(
        reseller=desk.reseller, group="tests", user=desk.owner, by=desk.owner, now=clock.now(),
        channels=["test"], resend_hours=1,
    )  # fmt: skip
    desk.tell("alert:1", now=clock.now(), follows_up=True)
    deliver(reseller_id=desk.reseller.pk)
    assert tick() == []
    Notification.objects.update(repeat_at=clock.now() - timedelta(seconds=1))
    assert tick() == ["centers.follow_up"]
    follow_up(reseller_id=desk.reseller.pk)
    assert Notification.objects.filter(event__startswith="again", state="waiting").count() == 1
