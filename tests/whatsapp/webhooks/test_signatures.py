"""Forged deliveries over HTTP: whatever is wrong with one, nothing is stored. `make chaos` sends 10,000."""

import base64
import gzip
import hashlib
import hmac
import json
import os
import random
from collections.abc import Callable

import pytest
from django.test import Client

from centers.tenancy.scoping import every_tenant
from tests.whatsapp.conftest import Place
from tests.whatsapp.webhooks.test_inbound import BODY, SECRET, forms
from whatsapp.models import WebhookEvent
from whatsapp.webhooks.inbound import MAX_BODY

FORGED = int(os.environ.get("MARKAZ_FUZZ_WEBHOOKS", "500"))
Request = tuple[str, bytes, str | None]  # token of the path, body, signature


def mac(body: bytes, secret: str, kind: str = "sha256") -> str:
    return hmac.new(secret.encode(), body, kind).hexdigest()


def changed(body: bytes, dice: random.Random) -> bytes:
    """The body with one byte put in, left out or exchanged."""
    place = dice.randrange(len(body))
    drawn = bytes([(body[place] + dice.randrange(1, 256)) % 256])
    return dice.choice(
        [
            body[:place] + body[place + 1 :],
            body[:place] + drawn + body[place:],
            body[:place] + drawn + body[place + 1 :],
        ]
    )


def forgeries(token: str, other: str, dice: random.Random) -> list[Callable[[], Request]]:
    """Ways to be wrong; each makes another request every time."""
    right = mac(BODY, SECRET)
    guess = f"{dice.getrandbits(64):x}"
    return [
        lambda: (token, changed(BODY, dice), dice.choice(forms())),
        lambda: (token, BODY, "".join(dice.choice("0123456789abcdef") for _ in range(64))),
        lambda: (token, BODY, dice.choice([None, "", "=", "sha256=", "v1=", "t=1", "null", right[:63], right + "0"])),
        lambda: (token, BODY, mac(BODY, dice.choice(["", " ", SECRET + " ", SECRET.upper(), guess, other, token]))),
        lambda: (token, BODY, mac(BODY, SECRET, dice.choice(["md5", "sha1", "sha384", "sha512"]))),
        lambda: (token, BODY, hashlib.sha256(SECRET.encode() + BODY).hexdigest()),
        lambda: (token, BODY, f"t={dice.randrange(2**31)},v1={mac(b'1.' + BODY, SECRET + guess)}"),
        lambda: (token, BODY, base64.b64encode(dice.randbytes(32)).decode()),
        lambda: (token, gzip.compress(BODY), right),
        lambda: (token, b"", right),
        lambda: (other, BODY, right),
        lambda: (token[:-1] + dice.choice("abcdef!".replace(token[-1], "")), BODY, right),
        lambda: (token + "x", BODY, right),
    ]  # fmt: skip


def post(client: Client, request: Request) -> int:
    token, body, signature = request
    headers = {} if signature is None else {"X-Mazbot-Signature": signature}
    return client.post(
        f"/hooks/mazbot/{token}/", body, content_type="application/json", headers=headers
    ).status_code


@pytest.fixture
def signing(new_place: Callable[..., Place]) -> tuple[Place, Place]:
    """Two resellers, each with a secret of its own."""
    return new_place(webhook_secret=SECRET), new_place(webhook_secret="another-secret")


def stored() -> int:
    with every_tenant():
        return WebhookEvent.objects.count()


def test_no_forged_delivery_is_stored(signing: tuple[Place, Place], client: Client) -> None:
    ours, theirs = (place.account.webhook_path_token for place in signing)
    dice = random.Random(20261126)
    ways = forgeries(ours, theirs, dice)
    answers = [post(client, ways[number % len(ways)]()) for number in range(FORGED)]
    assert set(answers) == {401, 404}
    assert stored() == 0
    assert post(client, (ours, BODY, mac(BODY, SECRET))) == 200, "and the right one still is"
    assert stored() == 1


def test_a_delivery_sent_again_is_one_event(signing: tuple[Place, Place], client: Client) -> None:
    token = signing[0].account.webhook_path_token
    assert [post(client, (token, BODY, header)) for header in forms() * 3] == [200] * 24
    assert stored() == 1


def test_without_a_secret_an_empty_one_signs_nothing(new_place: Callable[..., Place], client: Client) -> None:
    token = new_place(webhook_secret="").account.webhook_path_token
    assert post(client, (token, BODY, mac(BODY, ""))) == 200
    with every_tenant():
        assert not WebhookEvent.objects.get().signed


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options", "trace"])
def test_events_are_posted(signing: tuple[Place, Place], client: Client, method: str) -> None:
    assert (
        getattr(client, method)(f"/hooks/mazbot/{signing[0].account.webhook_path_token}/").status_code == 405
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"a": "' + b"x" * MAX_BODY + b'"}', 413),
        (b"[" * 100_000, 400),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, 400),
        (gzip.compress(b"0" * 10_000_000), 400),
        (json.dumps({"id": "x", "n": 10**400}).encode(), 200),
    ],
    ids=["huge", "deep", "deep objects", "gzip", "large number"],
)
def test_a_signed_body_can_be_anything_but_never_breaks_the_page(
    signing: tuple[Place, Place], client: Client, body: bytes, status: int
) -> None:
    token = signing[0].account.webhook_path_token
    assert post(client, (token, body, mac(body, SECRET))) == status
