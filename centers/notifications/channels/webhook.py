"""Webhooks: a signed JSON document (Standard Webhooks) to a public address."""

import base64
import json
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from centers.notifications.channels.answers import judged
from centers.notifications.message import Accepted, ChannelError, Message
from centers.outbound.addresses import check_url
from centers.outbound.requesting import RequestFailed, send

PREFIX = "whsec_"


def new_secret() -> str:
    """A secret to sign with, as receivers' libraries take it: 24 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def new_destination(url: str) -> str:
    """What is stored for an address that a person entered: it, and a new secret. Raises OperationRefused."""
    return f"{new_secret()} {check_url(url)}"


def accept(url: str, _country: str) -> tuple[str, str]:
    """What is stored of an address that a person entered, and its host for people. Raises OperationRefused."""
    destination = new_destination(url.strip())
    address = parts(destination)[1]
    return destination, urlsplit(address).hostname or address


def parts(destination: str) -> tuple[str, str]:
    """Secret and address of a stored destination."""
    secret, _separator, url = destination.partition(" ")
    return secret, url


class WebhookChannel:
    """Posts to a destination of `new_destination`; receivers check the signature with any library of the standard."""

    def send(self, message: Message, destination: str) -> Accepted:
        """Post once. `webhook-id` is the message's key: the same at every try, so receivers can drop a repetition."""
        secret, url = parts(destination)
        body = _document(message)
        # The real time, also while a demo's clock is moved: receivers refuse what is five minutes off.
        at = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.key,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(message.key, at, body),
        }
        try:
            answer = send("POST", url, headers=headers, data=body.encode())
        except RequestFailed as failure:
            raise ChannelError(
                failure.reason, unsure=failure.unsure, permanent=failure.blocked, dead=failure.blocked
            ) from failure
        return judged(answer, service=urlsplit(url).hostname or url)


def _document(message: Message) -> str:
    data = {
        "key": message.key,
        "kind": message.kind,
        "thread": message.thread,
        "language": message.language,
        "urgent": message.urgent,
        "subject": message.subject,
        "text": message.text,
        "actions": [{"label": action.label, "url": action.url} for action in message.actions],
        "sender": message.sender,
    }
    document = {
        "type": f"notification.{message.kind}",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": data,
    }
    return json.dumps(document, ensure_ascii=False)
