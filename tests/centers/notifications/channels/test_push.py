"""Browser push: a push service of our own decrypts what arrives and verifies who signed it."""

import json
import re
from dataclasses import replace

import pytest
from py_vapid import Vapid02

from centers.errors import OperationRefused
from centers.notifications.channels.push import MAX_PAYLOAD, PushChannel, payload, public_key
from centers.notifications.message import Action, ChannelError
from tests.centers.notifications.channels.subscriptions import Subscriber

CHANNEL = PushChannel()


@pytest.fixture
def browser() -> Subscriber:
    return Subscriber()


def test_the_browser_decrypts_it_and_the_service_knows_who_sent_it(message, service, browser):
    service.answers(201, body=b"")
    CHANNEL.send(replace(message, open_count=3), CHANNEL.check(browser.subscription(f"{service.url}/push/1")))
    received = service.received[0]

    document = json.loads(browser.read(received.body))
    assert document["title"] == message.subject
    assert document["body"] == message.text
    assert document["links"] == [{"label": "Pair now", "url": "https://markaz.example/p/abc"}]
    assert (document["tag"], document["dir"], document["urgent"]) == ("alert-9", "ltr", True)
    assert document["open"] == 3
    assert b"disconnected" not in received.body
    assert (received.headers["content-encoding"], received.headers["urgency"]) == ("aes128gcm", "high")
    assert Vapid02.verify(received.headers["authorization"])
    assert f"k={public_key()}" in received.headers["authorization"].replace("k=k=", "k=")
    assert received.headers["ttl"] == "86400"
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", received.headers["topic"])


def test_what_a_browser_has_not_got_yet_is_replaced_by_what_follows(message, service, browser):
    place = browser.subscription(f"{service.url}/push/1")
    for changed in (
        {},
        {"key": "ntf-9", "subject": "Connected again"},
        {"key": "ntf-10", "thread": "alert-10"},
    ):
        CHANNEL.send(replace(message, **changed), place)
    first, again, other = (received.headers["topic"] for received in service.received)
    assert first == again != other


@pytest.mark.parametrize(
    "text", ["ص" * 20_000, "\x01" * 20_000, "x" * 20_000, '"\\' * 9_000, "🙂" * 9_000, "short"]
)
@pytest.mark.parametrize(("subject", "least"), [("مقطوع: الاستقبال", 200), ("\x01" * 999, 50)])
def test_a_long_text_is_cut_to_what_services_take(message, text, subject, least):
    actions = (Action("a", "https://x/" + "y" * 9_000), *[Action("ز" * 99, f"https://x/{'z' * 490}")] * 3)
    content = payload(replace(message, language="ar", subject=subject, text=text, actions=actions))
    assert len(content) <= MAX_PAYLOAD
    document = json.loads(content)
    assert text.startswith(document["body"])
    assert len(document["body"]) >= min(len(text), least)
    assert document["dir"] == "rtl"
    assert [one["url"][:11] for one in document["links"]] == ["https://x/z"] * 2


@pytest.mark.parametrize(
    ("status", "dead", "retry_after"),
    [
        (404, True, None),
        (410, True, None),
        (429, False, 60),
        (503, False, 60),
        (500, False, None),
        (403, False, None),
    ],
)
def test_what_an_answer_means(message, service, browser, *, status, dead, retry_after):
    service.answers(status, {"Retry-After": "60"})
    with pytest.raises(ChannelError) as caught:
        CHANNEL.send(message, browser.subscription(f"{service.url}/push/1"))
    assert (caught.value.dead, caught.value.retry_after) == (dead, retry_after)


@pytest.mark.parametrize("endpoint", [
    "http://127.0.0.1:{port}/", "https://localhost:{port}/", "http://0x7f.1:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "file:///etc/passwd", "https://169.254.169.254/x",
])  # fmt: skip
def test_a_subscription_that_leads_inside_is_refused_and_not_connected(message, sentinel, browser, endpoint):
    subscription = browser.subscription(endpoint.replace("{port}", str(sentinel.port)))
    with pytest.raises(OperationRefused):
        CHANNEL.check(subscription)
    with pytest.raises(ChannelError) as caught:
        CHANNEL.send(message, subscription)
    assert caught.value.dead
    assert sentinel.connections == 0


@pytest.mark.parametrize(
    "broken",
    ["", "{}", "[]", "null", "[" * 3000, '{"endpoint": "https://push.example.com/", "keys": {}}', "x" * 5000,
     '{"endpoint": "https://push.example.com/", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}',
     '{"endpoint": "https://push.example.com/", "keys": {"p256dh": 5, "auth": null}}'],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(broken):
    with pytest.raises(OperationRefused, match="Turn push notifications on again"):
        CHANNEL.check(broken)


def test_without_a_key_push_is_off(message, browser, settings):
    settings.VAPID_PRIVATE_KEY = ""
    assert public_key() == ""
    with pytest.raises(ChannelError, match="VAPID_PRIVATE_KEY"):
        CHANNEL.send(message, browser.subscription("https://push.example.com/1"))
