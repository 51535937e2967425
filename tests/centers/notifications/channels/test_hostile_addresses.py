"""Hostile addresses and texts: nothing inside is connected, nothing runs, no file is read, no header is added."""

import socket
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from centers.errors import OperationRefused
from centers.notifications.channels.apprise import AppriseChannel
from centers.notifications.channels.webhook import WebhookChannel, new_destination, new_secret
from centers.notifications.message import ChannelError
from tests.centers.notifications.channels.hostile import TEXTS, addresses
from tests.thorough import THOROUGH

COUNT = 1000 if THOROUGH else 200


def attempt(enter, send) -> str:
    """Enter an address, and send to it as though it had been accepted. Any other exception fails the test."""
    entered = "accepted"
    try:
        enter()
    except OperationRefused:
        entered = "refused"
    try:
        send()
    except ChannelError:
        return entered
    return "sent"


def test_hostile_addresses_reach_run_and_read_nothing(message, sentinel, watch, settings, record_property):
    settings.OUTBOUND_INTERNAL_HOSTS = frozenset()
    secret = new_secret()
    outcomes: dict[str, int] = {}
    for number, address in enumerate(addresses(COUNT, port=sentinel.port, canary=watch.canary)):
        hostile = replace(message, subject=TEXTS[number % len(TEXTS)], text=TEXTS[(number // 7) % len(TEXTS)])
        tries = (
            (partial(AppriseChannel.check, address), partial(AppriseChannel().send, hostile, address)),
            (
                partial(new_destination, address),
                partial(WebhookChannel().send, hostile, f"{secret} {address}"),
            ),
        )
        for enter, send in tries:
            outcome = attempt(enter, send)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert sentinel.connections == 0
    assert watch.connects == []
    assert watch.runs == []
    assert not Path(watch.canary).exists()
    assert outcomes.get("sent", 0) == 0
    assert outcomes["refused"] > COUNT
    assert (
        outcomes["accepted"] > COUNT / 50
    )  # harmless ones, such as Telegram's, whose host no one resolves here
    record_property(
        "figures",
        f"{COUNT} addresses by two channels each: {outcomes}, 0 connections, 0 programs, 0 files",
    )


def test_the_watch_sees_connections_programs_and_files(watch, sentinel, tmp_path):
    import subprocess

    socket.create_connection(("127.0.0.1", sentinel.port)).close()
    subprocess.run(["true"], check=True)
    Path(watch.canary).write_text("x")
    assert len(watch.connects) == 1
    assert [run.split()[0] for run in watch.runs if not run.startswith("os.")] == ["subprocess.Popen", "open"]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_hostile_text_arrives_as_text(text, message, service):
    plain = "".join(letter for letter in text if letter not in "\x00\x1b")
    AppriseChannel().send(replace(message, subject=text, text=plain), f"gotify://{service.host}/AbCdEf")
    received = service.received
    assert all("x-evil" not in one.headers and "bcc" not in one.headers for one in received)
    assert b":smile:" in received[0].body or ":smile:" not in text
