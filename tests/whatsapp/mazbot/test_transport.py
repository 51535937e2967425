"""Sessions and headers: what is shared, what is dropped, what is read from Retry-After."""

import os
from datetime import UTC, datetime

import pytest

from whatsapp.mazbot.sessions import SessionRegistry, new_session
from whatsapp.mazbot.transport import parse_retry_after

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        (" 30 ", 30),
        ("86400", 3600),
        ("9" * 400, None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Mon, 23 Nov 2026 07:00:45 GMT", 45),
        ("Mon, 23 Nov 2026 06:00:00 GMT", 0),
        ("Mon, 23 Nov 9999 06:00:00 GMT", 3600),
        ("Mon, 23 Nov 2026 07:00:45 -0000", None),
    ],
)
def test_retry_after(value, seconds):
    assert parse_retry_after(value, now=NOW) == seconds


def test_an_account_keeps_its_session_until_its_version_changes():
    registry = SessionRegistry()
    first = registry.get("acc-1", "1")

    assert registry.get("acc-1", "1") is first
    assert registry.get("acc-2", "1") is not first
    assert registry.get("acc-1", "2") is not first


def test_the_least_recently_used_session_goes_first():
    registry = SessionRegistry(most=2)
    kept, dropped = registry.get("a", "1"), registry.get("b", "1")
    registry.get("a", "1")
    registry.get("c", "1")

    assert registry.get("a", "1") is kept
    assert registry.get("b", "1") is not dropped


def test_a_forked_process_starts_with_sessions_of_its_own():
    registry = SessionRegistry()
    first = registry.get("acc-1", "1")
    registry.forget()

    assert registry.get("acc-1", "1") is not first


def test_a_session_takes_nothing_from_the_environment(monkeypatch):
    monkeypatch.setitem(os.environ, "HTTPS_PROXY", "http://127.0.0.1:1")
    session = new_session()

    assert not session.trust_env
    assert session.merge_environment_settings("https://x/", {}, None, None, None)["proxies"] == {}
