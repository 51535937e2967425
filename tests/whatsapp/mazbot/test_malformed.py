"""Answers that no MazBot should give, as raw bytes, over the seven calls and send-template."""

import gzip
import json
import os
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.whatsapp.mazbot.conftest import API_KEY, EMAIL, PASSWORD, http
from tests.whatsapp.mazbot.test_faults import CALLS
from whatsapp.mazbot import ErrorKind, MazBotError

OK = b'{"success": true, "status": "connected", "last_seen": null}'
# `MARKAZ_FUZZ_EXAMPLES=1500` makes it 12,000 random answers over the eight calls; without it they are always the same.
EXAMPLES = int(os.environ.get("MARKAZ_FUZZ_EXAMPLES", "40"))
ALIKE = "MARKAZ_FUZZ_EXAMPLES" not in os.environ
SECRETS = (API_KEY, EMAIL, PASSWORD, "t0k3n-abcdef", "966500000000")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(SECRETS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(
    [
        "status",
        "last_seen",
        "qr_code",
        "message",
        "data",
        "current_status",
        "total_sent",
        "total_cost",
        "errors",
        "message_id",
        "messages",
    ]
)
rows = st.dictionaries(st.sampled_from(["type", "cost", "currency"]), values)
data = st.dictionaries(
    st.sampled_from(["total_sent", "total_received", "failed_messages", "total_cost", "available_quota"]),
    values,
)
envelopes = st.builds(
    lambda extra, success, inner: json.dumps({**extra, "data": inner, **success}).encode(),
    st.dictionaries(fields, values, max_size=6),
    st.just({"success": True}) | st.builds(lambda value: {"success": value}, values) | st.just({}),
    data | st.lists(rows, max_size=3) | values,
)
bodies = (
    envelopes
    | st.binary(max_size=200)
    | st.builds(lambda body, cut: body[:cut], envelopes, st.integers(0, 80))
)
statuses = st.sampled_from(
    ["200 OK"] * 6
    + ["201 Created", "204 No Content", "302 Found", "400 Bad", "403 No", "404 No", "422 No", "500 No"]
)
headers = st.sampled_from(
    [
        (),
        ("Content-Encoding: gzip",),
        ("Content-Encoding: br",),
        ("Content-Encoding: deflate",),
        ("Transfer-Encoding: chunked",),
        ("Content-Length: 7",),
        ("Retry-After: soon",),
        ("Location: http://127.0.0.1:1/",),
        ("\x00: y",),
        ("Set-Cookie: a=b",),
    ]
)
answers = st.builds(http, bodies, statuses, headers) | st.binary(max_size=100)


@pytest.mark.parametrize("call", CALLS)
def test_any_answer_gives_a_reading_or_an_error_without_secrets(raw, raw_bot, call, caplog):
    caplog.set_level("DEBUG")

    @settings(
        max_examples=EXAMPLES,
        derandomize=ALIKE,
        suppress_health_check=list(HealthCheck),
    )
    @given(answers)
    def attempt(answer):
        raw.reply = lambda path: [answer]
        try:
            CALLS[call](raw_bot)
        except MazBotError as error:
            shown = f"{error} {error!r} {error.field_errors} {error.__cause__}"
            assert not any(secret in shown for secret in SECRETS)

    attempt()
    assert not any(secret in record.getMessage() for record in caplog.records for secret in SECRETS)


def kind_of(bot, raw, *parts, pause=0.0):
    def reply(path):
        for part in parts:
            yield part
            time.sleep(pause)

    raw.reply = reply
    started = time.monotonic()
    with pytest.raises(MazBotError) as caught:
        bot.toggle("inst-1", "enable")
    assert time.monotonic() - started < 6
    return caught.value.kind


def test_bytes_that_drip_end_at_the_deadline_wherever_they_drip(raw, raw_bot):
    head = http(b"x" * 50)
    assert kind_of(raw_bot, raw, *(head[i : i + 1] for i in range(len(head))), pause=0.1) is ErrorKind.TIMEOUT
    lines = [b"HTTP/1.1 200 OK\r\n", *(b"X-%d: y\r\n" % number for number in range(90))]
    assert kind_of(raw_bot, raw, *lines, pause=0.1) is ErrorKind.TIMEOUT
    hints = [b"HTTP/1.1 100 Continue\r\n\r\n"] * 90
    assert kind_of(raw_bot, raw, *hints, pause=0.1) is ErrorKind.TIMEOUT
    chunks = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 90]
    assert kind_of(raw_bot, raw, *chunks, pause=0.1) is ErrorKind.TIMEOUT


def test_a_compressed_bomb_is_too_large_and_costs_little(raw, raw_bot):
    bomb = gzip.compress(b"0" * 300_000_000, 9)[:-8]
    twice = zlib.compress(b" " * 300_000_000, 9)

    assert kind_of(raw_bot, raw, http(bomb, headers=("Content-Encoding: gzip",))) is ErrorKind.TOO_LARGE
    assert kind_of(raw_bot, raw, http(twice, headers=("Content-Encoding: deflate",))) is ErrorKind.TOO_LARGE


@pytest.mark.parametrize(
    ("body", "encoding", "kind"),
    [
        (gzip.compress(OK, mtime=0)[:-9], "gzip", ErrorKind.MALFORMED),
        (b"no gzip", "gzip", ErrorKind.MALFORMED),
        (OK, "br", ErrorKind.MALFORMED),
        (OK, "gzip, gzip", ErrorKind.MALFORMED),
    ],
    ids=["truncated", "no gzip", "unknown", "twice"],
)
def test_broken_and_unasked_encodings_are_malformed(raw, raw_bot, body, encoding, kind):
    assert kind_of(raw_bot, raw, http(body, headers=(f"Content-Encoding: {encoding}",))) is kind


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_compressed_answers_are_read(raw, raw_bot, encoding):
    body = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[encoding](OK)
    raw.reply = lambda path: [http(body, headers=(f"Content-Encoding: {encoding}",))]

    assert raw_bot.status("inst-1").raw == "connected"


def test_a_redirect_is_not_followed(raw, raw_bot):
    location = f"Location: {raw.url}/elsewhere"

    assert kind_of(raw_bot, raw, http(b"", "302 Found", (location,))) is ErrorKind.LOCALE_PATH
    assert "/elsewhere" not in raw.paths


def test_every_request_carries_key_and_accept_and_no_cookie(raw, raw_bot):
    raw.reply = lambda path: [http(OK, headers=("Set-Cookie: session=1",))]
    raw_bot.status("inst-1")
    raw_bot.status("inst-1")

    for head in raw.heads:
        assert f"apikey: {API_KEY}".encode() in head
        assert b"Accept: application/json" in head
        assert b"Cookie" not in head
    assert b"Authorization" not in raw.heads[0]
    assert all(b"Authorization: Bearer t0k3n-abcdef" in head for head in raw.heads[1:])


@pytest.mark.parametrize("token", [None, 5, "", "a b", "x\r\nY: z", "é", "x" * 9000])
def test_a_login_without_a_usable_token_is_malformed(raw, raw_bot, token):
    raw.answers_logins = False
    raw.reply = lambda path: [http(json.dumps({"success": True, "data": {"token": token}}).encode())]

    with pytest.raises(MazBotError) as caught:
        raw_bot.status("inst-1")

    assert caught.value.kind is ErrorKind.MALFORMED


def test_no_server_at_all(raw_bot, raw):
    raw.server.shutdown()
    raw.server.server_close()

    with pytest.raises(MazBotError) as caught:
        raw_bot.status("inst-1")

    assert (caught.value.kind, caught.value.retry) == (ErrorKind.NETWORK, True)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
