"""Hostile texts in a reseller's own words, and in what fills them: no header is added, nothing is evaluated or run."""

import json
import random
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from centers.errors import OperationRefused
from centers.notifications import message_texts, registry
from centers.notifications.channels.apprise import AppriseChannel
from centers.notifications.channels.email import EmailChannel
from centers.notifications.channels.push import PushChannel
from centers.notifications.channels.webhook import WebhookChannel, new_secret
from centers.notifications.compose import compose
from centers.notifications.message import Message
from centers.notifications.message_texts import MOST_CHARACTERS, Wording, save_text
from centers.notifications.registry import Content, Kind
from tests.centers.notifications.channels.hostile import texts
from tests.centers.notifications.channels.subscriptions import Subscriber
from tests.centers.notifications.conftest import NOON, Desk
from tests.thorough import THOROUGH

COUNT = 1000 if THOROUGH else 100
NAME = "test.hostile"
pytestmark = pytest.mark.timeout(900)
HEADERS = {
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "auto-submitted", "references",
    "in-reply-to", "list-unsubscribe", "list-unsubscribe-post", "reply-to",
}  # fmt: skip
# The product is long, because random ids and keys in a message contain every short one now and then.
EVALUATED = ("99400891", "<Reseller", "class 'str'", "markaz-secret")


@pytest.fixture
def filling(desk: Desk) -> Iterator[dict[str, str]]:
    """What fills the field {number} of a message that can be worded."""
    fields = {"number": ""}

    def write(*_: object) -> Content:
        return Content(f"Down: {fields['number']}", "Text.", wording=NAME, fields=fields)

    registry.register_kind(
        Kind(name=NAME, group="tests", label="Hostile", write=write, line=lambda _row: "", condenses=False)
    )
    wording = Wording(name=NAME, section="", label="Hostile", fields={"number": ""}, example=lambda *_: None)
    message_texts.register_wordings([wording])
    yield fields
    del registry._kinds[NAME], message_texts._wordings[NAME]


def worded(desk: Desk, subject: str, text: str) -> Message | None:
    """The message in these words, or None where they are refused."""
    try:
        save_text(
            reseller=desk.reseller,
            name=NAME,
            language="en",
            subject=subject[:200],
            text=text[:MOST_CHARACTERS],
            by=desk.owner,
            now=NOON,
        )
    except OperationRefused:
        return None
    row = desk.row("alert:1")
    return compose(row, [row], NOON)


def test_hostile_texts_add_no_header_and_run_nothing(
    desk: Desk, filling: dict[str, str], service, inbox, *, watch, settings, record_property
) -> None:
    settings.SECRET_KEY = "markaz-secret" * 5
    desk.tell("alert:1", kind=NAME)
    subscriber, source = Subscriber(), random.Random(8)
    ways = (
        (EmailChannel(), "amal@center.example"),
        (WebhookChannel(), f"{new_secret()} {service.url}/webhook"),
        (AppriseChannel(), f"ntfy://{service.host}/alerts"),
        (PushChannel(), subscriber.subscription(f"{service.url}/push")),
    )
    outcomes = {"refused": 0, "sent": 0}
    for subject, text, filled in zip(*(texts(COUNT, source) for _part in range(3)), strict=True):
        filling["number"] = filled
        message = worded(desk, subject, text)
        if message is None:
            outcomes["refused"] += 1
            continue
        for channel, address in ways:
            channel.send(message, address)
            outcomes["sent"] += 1
    assert watch.runs == []
    assert {address[1] for address in watch.connects} == {service.port, settings.EMAIL_PORT}
    for mail in inbox.mails:
        check_mail(mail)
    for request in service.received:
        assert not {"x-evil", "bcc"} & request.headers.keys()
        assert request.path.partition("?")[0] in ("/webhook", "/push", "/alerts", "/")
        body = subscriber.read(request.body) if request.path == "/push" else request.body
        assert [word for word in EVALUATED if word in body.decode()] == []
        assert request.path.startswith("/alerts") or json.loads(body)
    assert outcomes["sent"] > COUNT
    assert outcomes["refused"] < COUNT / 2
    record_property(
        "figures", f"{COUNT} texts by four channels: {outcomes}, 0 headers, 0 evaluations, 0 programs"
    )


def check_mail(mail: EmailMessage) -> None:
    """It has our headers only, each once, goes to one person, and holds no evaluated text."""
    names = [name.lower() for name in mail]
    assert len(names) == len(set(names))
    assert set(names) <= HEADERS
    assert mail["To"] == "amal@center.example"
    for part in mail.walk():
        if not part.is_multipart():
            assert [word for word in EVALUATED if word in part.get_content()] == []
            assert "<script" not in part.get_content() or part.get_content_type() == "text/plain"
