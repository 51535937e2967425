"""Browser push (RFC 8030, 8291, 8292): encrypted for one browser, through the push service that its maker runs."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.notifications.channels.answers import judged, without_key
from centers.notifications.message import Accepted, Action, ChannelError, Message
from centers.outbound.addresses import check_url
from centers.outbound.requesting import RequestFailed, send
from centers.stored_messages import StoredMessage

# pywebpush brings a second HTTP client, which no other process needs: it is imported where it is used.
if TYPE_CHECKING:
    from py_vapid import Vapid02

MAX_SUBSCRIPTION = 4000  # characters
MAX_PAYLOAD = 3000  # bytes; services take 4096 encrypted
MAX_LINK = 500  # characters; a longer link is left out
MAX_BUTTONS = 2  # browsers show no more
LIFETIME = 24 * 3600  # seconds that a service keeps it for a browser that is off
#: The subscription ended: the person removed it, or the browser was reset.
DEAD = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gave: where to post, its public key (a point of P-256) and a secret of both."""

    endpoint: str
    p256dh: str
    auth: str

    def as_stored(self) -> str:
        """The JSON that is the channel's destination."""
        return json.dumps({"endpoint": self.endpoint, "keys": {"p256dh": self.p256dh, "auth": self.auth}})


def read_subscription(text: str) -> Subscription:
    """The subscription in the form of PushSubscription.toJSON(). Raises OperationRefused."""
    try:
        document: Any = json.loads(text) if len(text) <= MAX_SUBSCRIPTION else None
        endpoint, keys = document["endpoint"], document["keys"]
        found = Subscription(str(endpoint), str(keys["p256dh"]), str(keys["auth"]))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(found.p256dh))
        usable = len(_decoded(found.auth)) == 16
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        usable = False
    if not usable:
        raise OperationRefused(
            _("Your browser's push subscription can't be read. Turn push notifications on again.")
        )
    check_url(found.endpoint)
    return found


def accept(subscription: str, _country: str) -> tuple[str, str]:
    """What is stored of a browser's subscription, and its service for people. Raises OperationRefused."""
    found = read_subscription(subscription)
    return found.as_stored(), urlsplit(found.endpoint).hostname or ""


def public_key() -> str:
    """The key that browsers subscribe with, or "" where push is off (no VAPID_PRIVATE_KEY)."""
    return _public_key(settings.VAPID_PRIVATE_KEY) if settings.VAPID_PRIVATE_KEY else ""


class PushChannel:
    """Sends to `destination`, a subscription as JSON."""

    @staticmethod
    def check(destination: str) -> str:
        """The subscription as it is stored. Raises OperationRefused."""
        return read_subscription(destination).as_stored()

    def send(self, message: Message, destination: str) -> Accepted:
        """Hand it to the push service. A repetition replaces the notification on the screen: both have one tag."""
        if not settings.VAPID_PRIVATE_KEY:
            raise ChannelError(without_key(), permanent=True)
        try:
            subscription = read_subscription(destination)
        except OperationRefused as refusal:
            reason = StoredMessage("%(reason)s", {"reason": refusal.message})
            raise ChannelError(reason, permanent=True, dead=True) from refusal
        service = urlsplit(subscription.endpoint).hostname or ""
        try:
            answer = send(
                "POST",
                subscription.endpoint,
                headers=_headers(message, subscription),
                data=_encrypted(payload(message), subscription),
            )
        except RequestFailed as failure:
            raise ChannelError(
                failure.reason, unsure=failure.unsure, permanent=failure.blocked, dead=failure.blocked
            ) from failure
        return judged(answer, service=service, dead=DEAD)


def payload(message: Message) -> bytes:
    """What the service worker (static/js/service-worker.js) shows, at most MAX_PAYLOAD bytes."""
    content: dict[str, Any] = {
        "title": message.subject[:200],
        "body": "",
        "tag": _tag(message),
        "lang": message.language,
        "dir": "rtl" if get_language_info(message.language)["bidi"] else "ltr",
        "urgent": message.urgent,
        "links": [{"label": one.label[:40], "url": one.url} for one in _links(message)],
        "open": message.open_count,
    }
    content["body"] = message.text[: MAX_PAYLOAD - len(_as_bytes(content))]
    while len(encoded := _as_bytes(content)) > MAX_PAYLOAD:  # a character takes up to six bytes
        content["body"] = content["body"][: len(content["body"]) * 9 // 10]
    return encoded


def _tag(message: Message) -> str:
    """What messages about one thing share."""
    return message.thread or message.key


def _links(message: Message) -> list[Action]:
    """What its buttons open; a click on the notification itself opens the first."""
    usable = [one for one in message.actions if len(one.url) <= MAX_LINK]
    return usable[:MAX_BUTTONS]


def _as_bytes(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def _headers(message: Message, subscription: Subscription) -> dict[str, str]:
    parts = urlsplit(subscription.endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": _contact()}
    signed: dict[str, str] = _signer(settings.VAPID_PRIVATE_KEY).sign(claims)
    return {
        **signed,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(LIFETIME),
        "Urgency": "high" if message.urgent else "normal",
        # Of what waits for a browser that is off, the newest about one thing is enough.
        "Topic": hashlib.sha256(_tag(message).encode()).hexdigest()[:32],
    }


def _encrypted(content: bytes, subscription: Subscription) -> bytes:
    from pywebpush import WebPusher

    body: bytes = WebPusher(json.loads(subscription.as_stored())).encode(content)["body"]
    return body


def _contact() -> str:
    """Whom a push service may write to about our messages."""
    operators = settings.OPERATOR_EMAILS
    return f"mailto:{operators[0] if operators else parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"


@lru_cache(maxsize=2)
def _signer(key: str) -> "Vapid02":
    from py_vapid import Vapid02

    return Vapid02.from_raw(key.encode())


@lru_cache(maxsize=2)
def _public_key(key: str) -> str:
    point = _signer(key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
