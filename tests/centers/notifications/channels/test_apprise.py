"""Apprise addresses: three services that stand on this machine, and the refusals a person sees."""

import json
import threading
import time

import pytest
import requests

from centers.errors import OperationRefused
from centers.notifications.channels.apprise import AppriseChannel
from centers.notifications.channels.guarded_apprise import GuardedRequests, plugins
from centers.notifications.message import ChannelError
from tests.centers.notifications.channels.services import running

CHANNEL = AppriseChannel()
MATTERMOST = "3ccdd113474722377935511fc85d3dd4"


def matrix(request):
    """What a Matrix server answers when someone signs in, joins and writes."""
    if request.path.endswith("/login"):
        return (
            200,
            {},
            b'{"access_token": "abc", "home_server": "localhost", "user_id": "@u:localhost", "device_id": "D"}',
        )
    if "/join" in request.path or "directory/room" in request.path:
        return 200, {}, b'{"room_id": "!room:localhost"}'
    return 200, {}, b'{"event_id": "$1"}'


def test_ntfy_gets_subject_text_and_links(message, service):
    accepted = CHANNEL.send(message, f"ntfy://{service.host}/alerts")
    received = service.received[-1]
    text = received.body.decode() + str(received.headers)
    assert "The phone was logged out." in text
    assert "https://markaz.example/p/abc" in text
    assert "is disconnected" in text
    assert accepted.answer.startswith("HTTP 200")
    assert len(service.received) == 1


def test_gotify_gets_subject_text_and_links(message, service):
    CHANNEL.send(message, f"gotify://{service.host}/AbCdEf")
    document = json.loads(service.received[0].body)
    assert document["title"] == message.subject
    assert (
        document["message"]
        == "The phone was logged out.\n\nPair it again.\n\nPair now: https://markaz.example/p/abc"
    )
    assert len(service.received) == 1


def test_matrix_gets_the_text_in_the_room(message, service):
    service.reply = matrix
    CHANNEL.send(message, f"matrix://user:pass@{service.host}/!room:localhost")
    assert any(b"The phone was logged out." in one.body for one in service.received)


def test_mattermost_gets_the_text(message, service):
    service.answers(200, body=b"ok")
    CHANNEL.send(message, f"mmost://{service.host}/{MATTERMOST}")
    assert "The phone was logged out." in json.loads(service.received[0].body)["text"]


@pytest.mark.parametrize(
    ("status", "permanent", "dead", "retry_after"),
    [(429, False, False, 20), (503, False, False, 20), (404, True, True, None), (410, True, True, None),
     (401, False, False, None), (500, False, False, None), (302, False, False, None)],
)  # fmt: skip
def test_what_an_answer_means(message, service, *, status, permanent, dead, retry_after):
    service.answers(status, {"Retry-After": "20", "Location": "http://127.0.0.1:1/"})
    with pytest.raises(ChannelError) as caught:
        CHANNEL.send(message, f"gotify://{service.host}/AbCdEf")
    error = caught.value
    assert (error.permanent, error.dead, error.retry_after) == (permanent, dead, retry_after)
    assert "Gotify" in str(error.reason)
    assert f"HTTP {status}" in error.answer
    assert len(service.received) == 1


def test_each_thread_sends_its_own_message_and_sees_its_own_answer(message, settings):
    """Twelve threads over two services, one of which refuses everything."""
    with running() as good, running() as bad:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({good.host, bad.host})
        bad.answers(410)
        results: list[str] = []

        def send(number: int) -> None:
            host = (good, bad)[number % 2].host
            try:
                CHANNEL.send(message, f"gotify://{host}/AbCdEf{number}")
                results.append("taken" if host == good.host else "wrong")
            except ChannelError as error:
                results.append("dead" if error.dead and host == bad.host else "wrong")

        threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(results) == ["dead"] * 6 + ["taken"] * 6
    assert (len(good.received), len(bad.received)) == (6, 6)


def test_sending_does_not_wait_between_messages(message, service):
    started = time.monotonic()
    for _ in range(3):
        CHANNEL.send(message, f"gotify://{service.host}/AbCdEf")
    assert time.monotonic() - started < 3


def test_a_server_cannot_make_a_worker_sleep_or_try_again(message, service):
    service.answers(429, body=b'{"retry_after_ms": 3600000}')
    started = time.monotonic()
    with pytest.raises(ChannelError):
        CHANNEL.send(message, f"matrix://user:pass@{service.host}/!room:localhost")
    assert time.monotonic() - started < 5
    assert len(service.received) == 1


def test_plugins_send_nothing_outside_a_call(service):
    with pytest.raises(requests.RequestException):
        GuardedRequests().post(service.url)
    assert service.received == []
    assert requests.post is not GuardedRequests.post


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("tgram://123456789:abcdefg_hijklmnop/12315544", ""),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", ""),
        ("https://discord.com/api/webhooks/417429632418316298/JHZ7lQml277CDHmQKMHI8qBe7bk2ZwO5UKjCiOAF7711o33Myq", ""),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", ""),
        ("pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@tttttttttttttttttttttttttttttt", ""),
        ("ntfy://my-topic", ""),
        ("ntfys://ntfy.example.invalid/alerts", "can't be found"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/12315545", "one recipient"),
        ("ntfy://my-topic?attach=http://10.0.0.1/", "“attach”"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general?template=/etc/passwd", "“template”"),
        ("ntfys://my-topic?verify=no", "“verify”"),
        ("syslog://", "“syslog” isn't a supported service"),
        ("file:///etc/passwd", "“file” isn't a supported service"),
        ("json://example.com/", "“json” isn't a supported service"),
        ("https://example.com/hook", "“https” isn't a supported service"),
        ("example.com", "isn't an address"),
        ("gotify://127.0.0.1/AbCdEf", "isn't a public address"),
        ("matrix://u:p@[::ffff:127.0.0.1]/#room", "isn't a public address"),
        ("tgram://nonsense", "can't be read"),
        ("ntfy://a\r\nb/c", "characters that aren't allowed"),
        ("ntfy://" + "a" * 2000, "longer than"),
    ],
)  # fmt: skip
def test_an_address_is_accepted_or_refused_with_the_reason(address, says):
    if not says:
        assert CHANNEL.check(f" {address} ") == address
        assert CHANNEL.service(address)
        return
    with pytest.raises(OperationRefused, match=says):
        CHANNEL.check(address)


def test_the_services_people_ask_for_are_there():
    asked = {
        "slack",
        "tgram",
        "discord",
        "ntfy",
        "ntfys",
        "pover",
        "matrix",
        "matrixs",
        "workflows",
        "mmosts",
        "gotifys",
    }
    assert asked <= set(plugins())
