"""Webhooks are signed, go only where they may, and their answers mean what the standard says."""

import json
import time
from dataclasses import replace

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from centers.errors import OperationRefused
from centers.notifications.channels.webhook import WebhookChannel, new_destination, new_secret, parts
from centers.notifications.message import ChannelError
from tests.centers.notifications.channels.services import listening

SECRET = new_secret()


@pytest.fixture
def channel() -> WebhookChannel:
    return WebhookChannel()


def failure(channel, message, url) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(message, f"{SECRET} {url}")
    return caught.value


def test_a_receiver_verifies_the_signature_and_knows_a_repetition_by_its_id(channel, message, service):
    accepted = [channel.send(message, f"{SECRET} {service.url}/hook") for _ in range(2)]
    first, second = service.received

    document = Webhook(SECRET).verify(first.body, first.headers)
    assert document["type"] == "notification.number_down"
    assert document["data"]["subject"] == message.subject
    assert document["data"]["actions"] == [{"label": "Pair now", "url": "https://markaz.example/p/abc"}]
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message.key
    assert [one.answer for one in accepted] == ["HTTP 200 {}"] * 2
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(first.body, first.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(first.body.replace(b"disconnected", b"connected"), first.headers)


def test_the_time_signed_is_the_real_one_also_while_a_demos_clock_is_moved(
    channel, message, service, monkeypatch
):
    monkeypatch.setattr("centers.clock.offset", lambda: 40 * 86_400)
    channel.send(message, f"{SECRET} {service.url}")
    assert abs(int(service.received[0].headers["webhook-timestamp"]) - time.time()) < 5


@pytest.mark.parametrize(
    ("status", "headers", "means"),
    [
        (410, {}, (True, True, None)),
        (429, {"Retry-After": "30"}, (False, False, 30)),
        (503, {"Retry-After": "7"}, (False, False, 7)),
        (503, {}, (False, False, None)),
        (500, {"Retry-After": "7"}, (False, False, None)),
        (404, {}, (False, False, None)),
        (401, {}, (False, False, None)),
        (422, {}, (True, False, None)),
        (302, {}, (False, False, None)),
        (308, {}, (True, True, None)),
    ],
)
def test_what_an_answer_means(channel, message, service, *, status, headers, means):
    service.answers(status, headers, b"no")
    error = failure(channel, message, service.url)
    assert (error.permanent, error.dead, error.retry_after) == means
    assert error.answer == f"HTTP {status} no"
    assert not error.unsure


def test_a_redirect_is_not_followed(channel, message, service, sentinel):
    service.answers(302, {"Location": sentinel.url})
    failure(channel, message, service.url)
    assert len(service.received) == 1
    assert sentinel.connections == 0


def test_an_address_inside_is_refused_when_entered_and_not_connected_when_called(channel, message, sentinel):
    with pytest.raises(OperationRefused):
        new_destination(sentinel.url)
    error = failure(channel, message, sentinel.url)
    assert error.permanent
    assert error.dead
    assert not error.unsure
    assert sentinel.connections == 0


def test_a_name_that_turned_inside_after_it_was_entered_is_not_connected(
    channel, message, sentinel, monkeypatch
):
    inside = [(2, 1, 6, "", ("127.0.0.1", sentinel.port))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_more: inside)
    error = failure(channel, message, f"http://hooks.example.com:{sentinel.port}/")
    assert error.dead
    assert sentinel.connections == 0


def test_a_message_that_was_handed_over_without_an_answer_may_have_arrived(channel, message, settings):
    with listening(lambda connection: connection.recv(65536)) as silent:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({f"127.0.0.1:{silent.port}"})
        error = failure(channel, message, silent.url)
    assert error.unsure
    assert not error.permanent
    assert silent.connections == 1


def test_a_message_that_no_server_took_has_not_arrived(channel, message, settings):
    with listening() as gone:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({f"127.0.0.1:{gone.port}"})
    error = failure(channel, message, gone.url)
    assert not error.unsure
    assert not error.permanent


def test_line_breaks_and_braces_stay_text(channel, message, service):
    hostile = replace(
        message, subject="a\r\nX-Evil: 1", text="{{ 7*7 }} {% load x %}", sender="b\r\nBcc: x@example.com"
    )
    channel.send(hostile, f"{SECRET} {service.url}")
    received = service.received[0]
    assert "x-evil" not in received.headers
    assert json.loads(received.body)["data"]["text"] == "{{ 7*7 }} {% load x %}"
    error = failure(channel, replace(message, key="a\r\nX-Evil: 1"), service.url)
    assert not error.unsure
    assert len(service.received) == 1


def test_each_destination_has_a_secret_of_its_own(service):
    first, second = (new_destination(f" {service.url}/hook ") for _ in range(2))
    assert parts(first)[1] == parts(second)[1] == f"{service.url}/hook"
    assert parts(first)[0] != parts(second)[0]
    assert len(parts(first)[0]) == len("whsec_") + 32
