"""What a thousand open boards fetch at a hint is rendered once; who may see it is checked each time."""

import pytest
import redis
from django.test import Client
from prometheus_client import REGISTRY

from centers import live
from centers.web import shared_parts
from tests.whatsapp.views.conftest import House, house
from whatsapp.models import Instance

__all__ = ["house"]  # a fixture
pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine."""
    monkeypatch.setattr(shared_parts, "KEPT_SECONDS", 60)


def made(kind: str) -> float:
    return REGISTRY.get_sample_value("markaz_shared_parts_total", {"made": kind}) or 0.0


class Counts:
    """Renderings and shared answers since it was made."""

    def __init__(self) -> None:
        self.before = made("rendered"), made("shared")

    def now(self) -> tuple[float, float]:
        return made("rendered") - self.before[0], made("shared") - self.before[1]


def fetch(client: Client, house: House, heard: object, shown: str = "", query: str = ""):
    headers = {"HX-Request": "true", "HX-Target": "board", "X-Live-Heard": str(heard), "X-Live-Shown": shown}
    return client.get(house.url(f"board/{query}"), headers=headers)


def changed(house: House) -> int:
    """A change with its hint, and the version after it."""
    Instance._base_manager.filter(pk=house.number.pk).update(
        label=f"Reception {live.stamp(house.reseller.pk)}"
    )
    live._send(house.reseller.pk, ("instances",), ())
    return int(live.stamp(house.reseller.pk))


def test_pages_that_heard_of_the_same_change_share_one_rendering(house: House) -> None:
    client, version, counts = house.as_(house.owner), changed(house), Counts()
    first = fetch(client, house, version)
    assert first.status_code == 200
    assert "Reception 0" in first.content.decode()
    again = fetch(client, house, version)
    assert again.content == first.content
    same = fetch(client, house, version, shown=first["X-Live-Shown"])
    assert (same.status_code, same.content) == (204, b"")
    assert counts.now() == (1, 2)


def test_a_page_that_heard_of_a_later_change_gets_it(house: House) -> None:
    client = house.as_(house.owner)
    first = fetch(client, house, changed(house))
    later = fetch(client, house, changed(house), shown=first["X-Live-Shown"])
    assert later.status_code == 200
    assert "Reception 1" in later.content.decode()
    counts = Counts()
    assert fetch(client, house, 1).content == later.content, "newer than what it heard of"
    assert counts.now() == (0, 1)


def test_other_addresses_languages_and_rights_have_their_own(house: House) -> None:
    version, counts = changed(house), Counts()
    english = fetch(house.as_(house.owner), house, version)
    searched = fetch(house.as_(house.owner), house, version, query="?q=nothing")
    arabic_client = house.as_(house.owner)
    arabic_client.cookies["django_language"] = "ar"
    arabic = fetch(arabic_client, house, version)
    seen = fetch(house.as_(house.billing), house, version)
    assert len({answer.content for answer in (english, searched, arabic, seen)}) == 4
    assert counts.now() == (4, 0)


def test_strangers_get_nothing_that_was_rendered_for_others(house: House) -> None:
    version = changed(house)
    fetch(house.as_(house.owner), house, version)
    assert fetch(house.as_(house.stranger), house, version).status_code == 404
    assert "Reception" not in fetch(Client(), house, version).content.decode()


@pytest.mark.parametrize("heard", ["", "-1", "1e3", "9" * 40, "٣"])
def test_what_heard_of_no_version_is_rendered(house: House, heard: str) -> None:
    changed(house)
    counts = Counts()
    answer = fetch(house.as_(house.owner), house, heard)
    assert answer.status_code == 200
    assert "X-Live-Shown" not in answer
    assert counts.now() == (0, 0)


def test_while_someone_renders_others_wait_but_not_endlessly(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_parts, "_WAIT_SECONDS", 0.05)
    version = changed(house)
    monkeypatch.setattr(shared_parts, "_end_turn", lambda key: None)  # who had the turn was killed
    client = house.as_(house.owner)
    fetch(client, house, version)
    assert fetch(client, house, changed(house)).status_code == 200


def test_without_valkey_it_is_rendered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.as_(house.owner)
    client.get(house.url("board/"))
    away = redis.Redis.from_url("redis://127.0.0.1:1/0")
    monkeypatch.setattr(shared_parts, "valkey", lambda: away)
    assert fetch(client, house, 1).status_code == 200
