"""Tokens and logins: one per expiry, shared, sealed, under the right path."""

import threading
import time
from dataclasses import replace

import pytest
import redis

from tests.whatsapp.mazbot.conftest import API_KEY, EMAIL, FAST, PASSWORD, http
from whatsapp.mazbot import ErrorKind, MazBot, MazBotError, Timeouts, release_before_waiting
from whatsapp.mazbot.tokens import TokenStore


def logins(sandbox, since=0):
    return sum(entry.call == "login" for entry in sandbox.control.requests_log()[since:])


def mark(sandbox):
    return len(sandbox.control.requests_log())


def test_one_token_serves_all_processes(config, valkey, sandbox):
    start = mark(sandbox)

    for _ in range(3):
        MazBot(config, valkey=valkey).status("inst-1")

    assert logins(sandbox, start) == 1


def test_eight_threads_that_find_no_token_log_in_once(config, valkey, sandbox):
    sandbox.control.set_fault("login", "latency", times=1, delay=0.4)
    start, problems = mark(sandbox), []

    def ask():
        try:
            MazBot(config, valkey=valkey).status("inst-1")
        except MazBotError as error:
            problems.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert logins(sandbox, start) == 1


def test_an_expired_token_is_replaced_once_and_the_call_repeated(bot, sandbox):
    bot.status("inst-1")
    sandbox.control.set_fault("status", "expired_token", times=1)
    start = mark(sandbox)

    assert bot.status("inst-1").raw == "disconnected"
    assert [entry.call for entry in sandbox.control.requests_log()[start:]] == ["status", "login", "status"]


def test_a_token_refused_twice_is_not_retried_endlessly(bot, sandbox):
    sandbox.control.set_fault("status", "expired_token", times=2)
    start = mark(sandbox)

    with pytest.raises(MazBotError) as caught:
        bot.status("inst-1")

    assert caught.value.kind is ErrorKind.LOGIN
    assert logins(sandbox, start) == 2


def test_another_error_after_the_renewal_is_reported_as_it_is(bot, sandbox):
    sandbox.control.set_fault("status", "expired_token", times=1)
    sandbox.control.set_fault("status", "500", times=1)

    with pytest.raises(MazBotError) as caught:
        bot.status("inst-1")

    assert caught.value.kind is ErrorKind.SERVER


def test_a_token_that_another_process_replaced_is_not_dropped(config, valkey, bot):
    bot.login()
    store = TokenStore(valkey, config)
    old = store.read()
    bot.login()
    newer = store.read()

    store.drop(old)
    assert store.read() == newer
    store.drop(newer)
    assert store.read() is None


def test_valkey_holds_no_secret_in_the_clear(config, valkey, bot):
    bot.status("inst-1")
    token = TokenStore(valkey, config).read().token
    held = b"".join(
        key + (valkey.get(key) or b"") for key in valkey.keys("mazbot:*") if valkey.type(key) == b"string"
    )

    assert all(secret.encode() not in held for secret in (token, API_KEY, EMAIL, PASSWORD))
    assert 0 < valkey.ttl("mazbot:{acc-1}:token:1") < 3600


def test_a_token_sealed_with_other_credentials_is_ignored(config, valkey, bot):
    bot.status("inst-1")

    assert TokenStore(valkey, replace(config, password="another")).read() is None


def test_connections_that_decode_answers_work_too(config, valkey, bot):
    bot.status("inst-1")
    kwargs = {**valkey.connection_pool.connection_kwargs, "decode_responses": True}
    decoding = redis.Redis(connection_pool=redis.ConnectionPool(**kwargs))

    assert MazBot(config, valkey=decoding).status("inst-1").raw == "disconnected"


def test_a_new_version_logs_in_again(config, valkey, sandbox, bot):
    bot.status("inst-1")
    start = mark(sandbox)

    MazBot(replace(config, version=2), valkey=valkey).status("inst-1")

    assert logins(sandbox, start) == 1


def test_wrong_credentials_are_tried_once_not_once_per_number(config, valkey, sandbox):
    bot = MazBot(replace(config, password="wrong"), valkey=valkey)
    start = mark(sandbox)

    errors = []
    for _ in range(3):
        with pytest.raises(MazBotError) as caught:
            bot.status("inst-1")
        errors.append((caught.value.kind, caught.value.message))

    assert errors == [(ErrorKind.LOGIN, "Invalid credentials")] * 3
    assert logins(sandbox, start) == 1
    with pytest.raises(MazBotError):
        bot.login()  # asked for by a person: tried in earnest
    assert logins(sandbox, start) == 2


def test_an_owner_login_is_refused_with_mazbots_reason(config, valkey):
    with pytest.raises(MazBotError) as caught:
        MazBot(replace(config, email="owner@reseller.example"), valkey=valkey).login()

    assert caught.value.kind is ErrorKind.LOGIN
    assert "staff" in caught.value.message


def test_a_wrong_key_is_distinguished_from_a_wrong_password(config, valkey):
    with pytest.raises(MazBotError) as caught:
        MazBot(replace(config, api_key="wrong-key"), valkey=valkey).status("inst-1")

    assert caught.value.kind is ErrorKind.API_KEY


def test_a_key_withdrawn_later_brings_no_storm_of_logins(config, valkey, raw, raw_bot):
    raw.reply = lambda path: [http(b'{"success": false, "message": "Invalid API key"}', "401 Unauthorized")]

    with pytest.raises(MazBotError) as caught:
        raw_bot.status("inst-1")

    assert caught.value.kind is ErrorKind.API_KEY
    assert sum(path.endswith("login") for path in raw.paths) == 1


@pytest.mark.parametrize("prefix", ["ar", "en"])
def test_the_locale_path_is_found_remembered_and_handed_out(config, valkey, sandbox, prefix):
    key = f"key-locale-{prefix}"
    if key not in sandbox.state.accounts:
        sandbox.control.add_account(key, EMAIL, PASSWORD, rate_limit=FAST, locale_prefix=prefix)
        sandbox.control.add_instance(key, f"inst-{prefix}")
    account, found = replace(config, key=key, api_key=key), []
    bot = MazBot(account, valkey=valkey, on_locale_prefix=found.append)

    bot.status(f"inst-{prefix}")
    bot.status(f"inst-{prefix}")

    assert (found, bot.locale_prefix) == ([prefix], prefix)
    another, heard = replace(account, locale_prefix=prefix), []
    MazBot(another, valkey=valkey, on_locale_prefix=heard.append).status(f"inst-{prefix}")
    assert heard == []
    store = TokenStore(valkey, account)
    store.drop(store.read())
    start = mark(sandbox)
    MazBot(account, valkey=valkey).status(f"inst-{prefix}")
    assert [(entry.call, entry.status_code) for entry in sandbox.control.requests_log()[start:]] == [
        ("login", 200),
        ("status", 200),
    ]


@pytest.mark.parametrize("status", ["404 Not Found", "302 Found", "405 Method Not Allowed"])
def test_an_address_without_mazbot_names_the_path(raw, raw_bot, status):
    raw.answers_logins = False
    raw.reply = lambda path: [http(b"<html>", status, ("Location: /elsewhere", "Connection: close"))]

    with pytest.raises(MazBotError) as caught:
        raw_bot.status("inst-1")

    assert caught.value.kind is ErrorKind.LOCALE_PATH
    assert raw.paths == ["/api/login", "/ar/api/login", "/en/api/login"]


def test_a_login_that_never_ends_lets_others_go(config, valkey, sandbox):
    lock = TokenStore(valkey, config).lock(30)
    bot = MazBot(config, valkey=valkey, timeouts=Timeouts(connect=1, read=1, total=1))

    for call in (lambda: bot.status("inst-1", deadline=0.3), lambda: bot.login(deadline=0.3)):
        with pytest.raises(MazBotError) as caught:
            call()
        assert (caught.value.kind, caught.value.retry) == (ErrorKind.TIMEOUT, True)
    lock.release()
    assert bot.status("inst-1", deadline=5).raw == "disconnected"


@pytest.fixture
def given_back():
    """One entry for each time that a thread gave back what it held."""
    moments = []
    end_rule = release_before_waiting(lambda: moments.append(time.monotonic()))
    yield moments
    end_rule()


def test_nothing_is_held_while_a_login_or_a_slot_is_awaited(config, valkey, sandbox, given_back):
    lock = TokenStore(valkey, config).lock(30)
    bot = MazBot(config, valkey=valkey, timeouts=Timeouts(connect=1, read=1, total=1))
    with pytest.raises(MazBotError):
        bot.status("inst-1", deadline=0.3)
    assert given_back, "another process logs in"
    lock.release()
    bot.status("inst-1", deadline=5)
    given_back.clear()
    bot.status("inst-1", deadline=5)
    assert len(given_back) == 1, "its slot"


def test_only_the_owner_can_release_or_keep_a_login_lock(config, valkey):
    store = TokenStore(valkey, config)
    lock = store.lock(30)
    store.extend("stranger", 300)
    store.unlock("stranger")

    assert store.lock(30) is None
    assert 0 < valkey.pttl("mazbot:{acc-1}:login:1") <= 30_000
    lock.extend(200)
    assert valkey.pttl("mazbot:{acc-1}:login:1") > 100_000
