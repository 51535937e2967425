"""Addresses that people give never make this product call its own network: a listener there hears no one."""

import socket
import threading
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from centers.errors import OperationRefused
from centers.models import Role
from tests.centers.outbound.test_addresses import PRIVATE
from tests.factories import member
from tests.whatsapp.conftest import Place
from tests.whatsapp.mazbot.conftest import LOGIN, RawServer, http
from whatsapp.accounts import client_for, save_account, unsaved_account
from whatsapp.accounts import test_account as try_account
from whatsapp.mazbot import MazBotError
from whatsapp.models import MazbotAccount
from whatsapp.service.webhook_url import set_webhook

ACCOUNT = {
    "api_key": "k",
    "email": "a@b.example",
    "password": "p",
    "time_zone": "UTC",
    "cost_currency": "USD",
    "stale_hours": "24",
}


class Sentinel:
    """Listens on all of this machine's addresses and counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("0.0.0.0", 0), backlog=50)
        self.socket.settimeout(0.05)
        self.port = int(self.socket.getsockname()[1])
        self.heard = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _address = self.socket.accept()
            except TimeoutError:
                continue
            self.heard += 1
            connection.close()

    def stop(self) -> int:
        """How many connected in all."""
        self._ended.wait(0.2)
        self._ended.set()
        self._thread.join()
        self.socket.close()
        return self.heard


@pytest.fixture
def sentinel() -> Iterator[Sentinel]:
    listening = Sentinel()
    yield listening
    listening.stop()


@pytest.fixture
def real(settings: object) -> None:
    """An install that is neither a demo nor a test, so that every guard stands."""
    settings.DEMO = settings.TESTING = False  # type: ignore[attr-defined]


def test_the_sentinel_hears_who_does_call(sentinel: Sentinel) -> None:
    socket.create_connection(("127.0.0.1", sentinel.port)).close()
    assert sentinel.stop() == 1


def test_no_spelling_of_an_inside_address_is_called(
    place: Place, now, sentinel: Sentinel, real: None
) -> None:
    number, calls = place.add(), place.calls("set_webhook")
    assert len(PRIVATE) >= 60
    for host in PRIVATE:
        url = f"http://{host}:{sentinel.port}/api"
        with pytest.raises(OperationRefused):
            set_webhook(instance=number, url=url, by=None, now=now)
        with pytest.raises(OperationRefused):
            save_account(reseller=place.reseller, by=None, now=now, base_url=url, **ACCOUNT)
        with pytest.raises(OperationRefused):
            unsaved_account(reseller=place.reseller, base_url=url, **ACCOUNT)
    assert sentinel.stop() == 0
    assert place.calls("set_webhook") == calls
    assert MazbotAccount.objects.get().base_url == place.account.base_url


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_no_page_takes_one_either(
    place: Place, client: Client, sentinel: Sentinel, real: None, host: str
) -> None:
    url, number = f"http://{host}:{sentinel.port}/", place.add()
    slug = place.reseller.slug
    client.force_login(member(place.reseller))
    account = {**ACCOUNT, "base_url": url, "rate_limit": "60", "body_format": "form"}
    for name in ("settings_mazbot", "settings_mazbot_test"):
        client.post(reverse(name, args=[slug]), account)
    assert client.post(reverse("instance_webhook", args=[slug, number.pk]), {"url": url}).status_code == 422
    client.force_login(member(place.reseller, Role.CENTER_ADMIN, place.center))
    portal = reverse("portal_webhook", args=[place.center.pk, number.pk])
    assert client.post(portal, {"url": url}).status_code == 422
    assert sentinel.stop() == 0


def test_a_name_that_turns_inside_after_it_was_checked_is_not_called(
    place: Place, now, sentinel: Sentinel, real: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, asked = socket.getaddrinfo, []

    def rebinding(host: object, port: object, *rest: object, **more: object) -> object:
        if host != "rebinding.example.com":
            return known(host, port, *rest, **more)
        asked.append(host)
        address = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, sentinel.port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    url = f"http://rebinding.example.com:{sentinel.port}/api"
    account = save_account(reseller=place.reseller, by=None, now=now, base_url=url, **ACCOUNT)
    with pytest.raises(MazBotError):
        client_for(account).status("inst-1")
    assert not try_account(account=account).ok
    assert len(asked) >= 3
    assert sentinel.stop() == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_no_redirect_leads_there(raw: RawServer, raw_bot, sentinel: Sentinel, status: str) -> None:
    there = (f"Location: http://127.0.0.1:{sentinel.port}/",)
    for login in (True, False):
        raw.answers_logins = login
        raw.reply = lambda path: [http(LOGIN, status, there)]
        with pytest.raises(MazBotError):
            raw_bot.status("inst-1")
    assert sentinel.stop() == 0
