"""Hostile addresses and texts: nothing inside is connected, nothing runs, no file is read, no header is added."""

import socket
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from centers.errors import OperationRefused
from centers.notifications.channels.apprise import AppriseChannel
from centers.notifications.channels.guarded_apprise import plugins
from centers.notifications.channels.webhook import WebhookChannel, new_destination, new_secret
from centers.notifications.message import ChannelError
from tests.centers.notifications.channels.hostile import TEXTS, addresses
from tests.thorough import THOROUGH

COUNT = 1000 if THOROUGH else 200
RUNS = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "pty.spawn",
    "ctypes.dlopen",
}


class Watch:
    """Counts what this process does while it is on; an audit hook can't be removed, only switched off."""

    def __init__(self) -> None:
        self.on, self.canary = False, ""
        self.runs: list[str] = []
        self.connects: list[object] = []
        sys.addaudithook(self)

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if not self.on:
            return
        if event in RUNS or (event == "open" and self.canary in str(args[0])):
            self.runs.append(f"{event} {args!r:.80}")
        elif event == "socket.connect":
            self.connects.append(args[1])


WATCH = Watch()


@pytest.fixture
def watch(tmp_path: Path, monkeypatch):
    """What is done while a test runs. Names of example.com lead where an attacker's name server would lead them."""
    WATCH.canary = str(tmp_path / "canary")
    plugins()

    def resolve(host, port, *_args, **_more):
        host = host.decode() if isinstance(host, bytes) else str(host)
        answers = {
            "inside.example.com": ["127.0.0.1"],
            "mixed.example.com": ["93.184.215.14", "127.0.0.1"],
        }.get(host.rstrip(".").lower())
        if answers is None:
            try:
                return real(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            except (OSError, UnicodeError):
                if host.strip(".").lower() not in ("localhost", "a.localhost"):
                    raise socket.gaierror(-2, "Name or service not known") from None
                answers = ["127.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers]

    real = socket.getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", resolve)
    WATCH.runs, WATCH.connects, WATCH.on = [], [], True
    yield WATCH
    WATCH.on = False


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


def test_hostile_addresses_reach_run_and_read_nothing(message, sentinel, watch, settings):
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
