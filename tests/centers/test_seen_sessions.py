"""When and from where a session was last used."""

from datetime import datetime, timedelta

import pytest
import redis
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from centers import live
from tests.factories import ResellerFactory, member

pytestmark = pytest.mark.django_db


class Browser:
    """A person signed in, on a page that fetches its parts again and again."""

    def __init__(self) -> None:
        reseller = ResellerFactory()
        self.client, self.url = Client(), reverse("alert_badge", args=[reseller.slug])
        self.client.force_login(member(reseller))

    def writes(self, **meta: str) -> int:
        """How often one more request writes down that the session is used."""
        with CaptureQueriesContext(connection) as seen:
            assert self.client.get(self.url, **meta).status_code == 200
        words = ('INSERT INTO "usersessions', 'UPDATE "usersessions')
        return sum(query["sql"].startswith(words) for query in seen.captured_queries)


@pytest.fixture
def visitor() -> Browser:
    return Browser()


def test_a_page_that_stays_open_does_not_write_with_every_part(visitor: Browser) -> None:
    assert [visitor.writes() for _ in range(5)] == [1, 0, 0, 0, 0]


def test_a_minute_later_it_is_noted_again(visitor: Browser) -> None:
    long_ago: datetime = timezone.now() - timedelta(days=1)
    visitor.writes()
    UserSession.objects.update(last_seen_at=long_ago)
    [key] = live.valkey().keys("markaz:seen:*")
    assert 0 < live.valkey().ttl(key) <= 60
    live.valkey().delete(key)
    assert visitor.writes() == 1
    assert UserSession.objects.get().last_seen_at > long_ago


def test_another_place_or_browser_is_noted_at_once(visitor: Browser) -> None:
    visitor.writes()
    assert visitor.writes(REMOTE_ADDR="203.0.113.9") == 1
    assert visitor.writes(HTTP_USER_AGENT="Another/1.0") == 1
    assert UserSession.objects.get().user_agent == "Another/1.0"


def test_without_valkey_it_is_noted_each_time(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis.from_url("redis://127.0.0.1:1")  # fails at once, as the product's connections do
    monkeypatch.setattr(live, "valkey", lambda: nowhere)
    assert [visitor.writes() for _ in range(2)] == [1, 1]
