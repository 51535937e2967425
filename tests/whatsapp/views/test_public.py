"""The address MazBot sends its events to."""

import hashlib
import hmac
import json

import pytest
from django.test import Client

from centers.tenancy.scoping import tenant
from tests.whatsapp.views.conftest import House
from whatsapp.models import MazbotAccount, WebhookEvent

EVENT = json.dumps({"id": "evt-1", "type": "message.received", "data": {}}).encode()


def _send(house: House, body: bytes = EVENT, token: str = "", **headers: str) -> int:
    client = Client(enforce_csrf_checks=True)
    address = f"/hooks/mazbot/{token or house.account.webhook_path_token}/"
    return client.post(address, body, content_type="application/json", headers=headers).status_code


def _events(house: House) -> list[WebhookEvent]:
    with tenant(house.reseller):
        return list(WebhookEvent.objects.all())


def _sign(house: House) -> None:
    with tenant(house.reseller):
        account = MazbotAccount.objects.get()
        account.webhook_secret = "signing-secret"
        account.save()


def test_an_event_is_stored_once_however_often_it_comes(house: House) -> None:
    assert [_send(house) for _n in range(3)] == [200, 200, 200]
    (event,) = _events(house)
    assert (event.event_id, event.deliveries) == ("evt-1", 3)


def test_an_unknown_address_is_404(house: House) -> None:
    assert _send(house, token="invented") == 404
    assert _events(house) == []


def test_with_a_secret_only_signed_events_are_taken(house: House) -> None:
    _sign(house)
    good = hmac.new(b"signing-secret", EVENT, hashlib.sha256).hexdigest()
    assert _send(house) == 401
    assert _send(house, **{"X-Mazbot-Signature": "0" * 64}) == 401
    assert _events(house) == []
    assert _send(house, **{"X-Mazbot-Signature": f"sha256={good}"}) == 200
    assert len(_events(house)) == 1


@pytest.mark.parametrize(
    ("body", "status"), [(b"x" * (256 * 1024 + 1), 413), (b"not json", 400), (b"[]", 400), (b"", 400)]
)
def test_bodies_that_are_no_events(house: House, body: bytes, status: int) -> None:
    assert _send(house, body) == status
    assert _events(house) == []


def test_only_post(house: House) -> None:
    assert Client().get(f"/hooks/mazbot/{house.account.webhook_path_token}/").status_code == 405


def test_an_address_that_no_token_can_have_is_404(house: House) -> None:
    assert [_send(house, token=token) for token in ("%00", "a%00b", "%F0%9F%98%80", "a.b")] == [404] * 4
