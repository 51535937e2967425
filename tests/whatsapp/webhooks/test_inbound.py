"""Events from MazBot: who is believed, stored once, processed once."""

import base64
import hashlib
import hmac
import json
import random
from datetime import timedelta

import pytest

from whatsapp.jobs import webhook_job
from whatsapp.models import MazbotAccount, WebhookEvent
from whatsapp.webhooks.inbound import MAX_BODY, process_events, receive, unprocessed
from whatsapp.webhooks.signatures import is_signed

SECRET = "a-signing-secret"
EVENT = {
    "id": "evt-1",
    "type": "message.received",
    "created_at": "2026-09-28T22:06:50+03:00",
    "client_id": 1136,
    "data": {"contact": {"phone": "96899887897"}, "message": {"value": "مرحبا"}},
}
BODY = json.dumps(EVENT, ensure_ascii=False).encode()


def digest(body=BODY, secret=SECRET):
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


def forms(body=BODY):
    plain = digest(body)
    timed = digest(b"1700000000." + body)
    return [
        plain.hex(),
        plain.hex().upper(),
        f"sha256={plain.hex()}",
        base64.b64encode(plain).decode(),
        f"sha256={base64.b64encode(plain).decode()}",
        f"t=1700000000,v1={timed.hex()}",
        f"t=1700000000, v1={base64.b64encode(timed).decode()}",
        f"v1={plain.hex()},t=1700000000",
    ]


@pytest.mark.parametrize("header", forms())
def test_every_form_of_the_signature_is_read(header):
    assert is_signed(body=BODY, header=header, secret=SECRET)
    assert not is_signed(body=BODY + b" ", header=header, secret=SECRET)
    assert not is_signed(body=BODY, header=header, secret=SECRET + "x")
    assert not is_signed(body=BODY, header=header, secret="")


def test_ten_thousand_mutated_signatures_are_refused():
    dice = random.Random(7)
    accepted = 0
    for _ in range(10_000):
        header = list(dice.choice(forms()))
        place = dice.randrange(len(header))
        drawn = chr(dice.randrange(32, 127))
        while drawn.lower() == header[place].lower():
            drawn = chr(dice.randrange(32, 127))
        header[place] = drawn
        text = "".join(header)
        stripped = text.strip()
        if stripped in forms():
            continue
        # The body alone may be signed with any `t` before it, and spaces around a part mean nothing.
        if "v1=" + digest().hex() in text.replace(" ", ""):
            continue
        accepted += is_signed(body=BODY, header=text, secret=SECRET)
    assert accepted == 0


@pytest.mark.parametrize(
    "header", ["", "=", "sha256=", "v1=", "t=1", "x" * 5000, "é" * 64, "\0", "0" * 63, "g" * 64]
)
def test_odd_headers_are_refused(header):
    assert not is_signed(body=BODY, header=header, secret=SECRET)


def deliver(account, now, body=BODY, signature=None):
    return receive(path_token=account.webhook_path_token, body=body, signature=signature, now=now)


def test_an_event_is_stored_once_however_often_it_comes(place, now):
    first = deliver(place.account, now)
    again = [deliver(place.account, now + timedelta(seconds=n)) for n in range(1, 4)]
    assert (first.status, first.new) == (200, True)
    assert {(one.status, one.new) for one in again} == {(200, False)}
    event = WebhookEvent.objects.get()
    assert (event.event_id, event.type, event.signed, event.deliveries) == (
        "evt-1",
        "message.received",
        False,
        4,
    )
    assert event.body == EVENT
    assert event.received_at == now


def test_without_an_id_the_body_is_the_id(place, now):
    for body in (b'{"type": "x"}', b'{"type": "x"}', b'{"type": "y"}', b'{"id": null}', b'{"id": ["a"]}'):
        assert deliver(place.account, now, body).status == 200
    ids = WebhookEvent.objects.values_list("event_id", flat=True)
    assert len(ids) == 4
    assert all(one.startswith("sha256:") for one in ids)


def test_with_a_secret_only_signed_events_are_stored(place, now):
    MazbotAccount.objects.update(webhook_secret="")
    place.account.webhook_secret = SECRET
    place.account.save()
    assert deliver(place.account, now).status == 401
    assert deliver(place.account, now, signature="0" * 64).status == 401
    assert not WebhookEvent.objects.exists()
    assert deliver(place.account, now, signature=digest().hex()).status == 200
    assert WebhookEvent.objects.get().signed


def test_an_unknown_address_is_not_found(place, now):
    for token in ("", "x" * 43, place.account.webhook_path_token[:-1]):
        assert receive(path_token=token, body=BODY, signature=None, now=now).status == 404


def test_an_event_of_one_reseller_is_not_the_others(place, new_place, now):
    other = new_place()
    assert deliver(place.account, now).new
    assert deliver(other.account, now).new, "the same id at another account is another event"
    assert WebhookEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b'{"a": NaN}', 400),
        (b'{"a": ' + b"1" * 5000 + b"}", 400),
        (b'{"a":' * 30 + b"1" + b"}" * 30, 400),
        (b"[" * 100_000, 400),
        (b'{"a": "' + b"x" * MAX_BODY + b'"}', 413),
        (b'{"a": 1e999, "b": "\\u0000", "c": "\\ud800", "\\u0000": 1}', 200),
        (b'{"id": "\\u0000\\ud800", "type": 5}', 200),
        (b'{"id": "' + b"i" * 500 + b'", "type": "' + b"t" * 500 + b'"}', 200),
    ],
)
def test_malformed_bodies_never_break_anything(place, now, body, status):
    assert deliver(place.account, now, body).status == status
    assert WebhookEvent.objects.count() == (status == 200)


@pytest.mark.django_db(transaction=True)
def test_stored_events_are_processed_by_a_job(new_place, now):
    place = new_place()
    deliver(place.account, now)
    assert unprocessed() == [place.reseller.pk]
    run = webhook_job(reseller=place.reseller, now=now)
    assert run.done == 1
    assert unprocessed() == []
    assert webhook_job(reseller=place.reseller, now=now) is None


def test_an_event_is_processed_once(place, now):
    deliver(place.account, now)
    assert process_events(reseller=place.reseller, now=now) == 1
    assert process_events(reseller=place.reseller, now=now) == 0
