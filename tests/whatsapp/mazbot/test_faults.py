"""Every fault the sandbox knows, on every call: the right error, in time, and nothing else."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.whatsapp.mazbot.conftest import LATE
from whatsapp.mazbot import (
    ConnectionStatus,
    ErrorKind,
    Granted,
    Lane,
    MazBot,
    MazBotError,
    ServiceState,
    ToggleAction,
    budget_usage,
)

DAY = date(2026, 10, 1)
CALLS = {
    "status": lambda bot: bot.status("inst-1"),
    "connect": lambda bot: bot.connect("inst-1"),
    "rates": lambda bot: bot.rates(),
    "usage": lambda bot: bot.usage("inst-1", DAY, DAY),
    "usage_main": lambda bot: bot.main_account_usage(DAY, DAY),
    "toggle": lambda bot: bot.toggle("inst-1", ToggleAction.ENABLE),
    "set_webhook": lambda bot: bot.set_webhook("inst-1", "https://example.com/hook"),
    "send_template": lambda bot: bot.send_template("t", "966500000000"),
}
FAULTS = {
    "500": ErrorKind.SERVER,
    "html": ErrorKind.MALFORMED,
    "html_500": ErrorKind.SERVER,
    "bad_json": ErrorKind.MALFORMED,
    "success_false": ErrorKind.REFUSED,
    "success_text": ErrorKind.REFUSED,
    "huge_body": ErrorKind.TOO_LARGE,
    "slow_drip": ErrorKind.TIMEOUT,
    "timeout_after_acting": ErrorKind.TIMEOUT,
    "latency": ErrorKind.TIMEOUT,
    "reset": ErrorKind.NETWORK,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_becomes_its_error(bot, hasty_bot, sandbox, call, fault):
    struck = hasty_bot if FAULTS[fault] is ErrorKind.TIMEOUT else bot
    bot.login()  # for both: the token is shared
    sandbox.control.set_fault(call, fault, times=2, delay=0.05 if fault == "slow_drip" else LATE)
    started = time.monotonic()

    with pytest.raises(MazBotError) as caught:
        CALLS[call](struck)

    assert caught.value.kind is FAULTS[fault]
    assert time.monotonic() - started < LATE
    sandbox.control.clear_faults()
    CALLS[call](bot)  # and the next one works, in its own time: a busy machine draws a QR code for a second


@pytest.mark.parametrize("call", CALLS)
def test_a_cut_connection_is_tried_again_only_where_nothing_changes(bot, sandbox, call):
    bot.login()
    sandbox.control.set_fault(call, "reset", times=1)
    start = len(sandbox.control.requests_log())
    reading = call in ("status", "rates", "usage", "usage_main")

    if reading:
        CALLS[call](bot)
    else:
        with pytest.raises(MazBotError):
            CALLS[call](bot)

    time.sleep(0.3)  # the sandbox writes its log after it has cut the connection
    tries = [entry.call for entry in sandbox.control.requests_log()[start:]]
    assert tries == [call] * (2 if reading else 1)


@pytest.mark.parametrize(("faults_before", "deadline"), [(2, 1.0), (0, 0.0)])
def test_a_cut_connection_stays_what_it_is_where_there_is_no_slot_for_a_second_try(
    config, valkey, sandbox, faults_before, deadline
):
    """It is the third fault and so opens the circuit, or no time is left; it counts towards a provider incident."""
    bot = MazBot(replace(config, key=f"cut-{faults_before}", rate_limit=60), valkey=valkey)
    bot.login()
    slot = bot.budget.reserve(priority=Lane.SWEEP, deadline=10)
    for _ in range(faults_before):
        bot.budget.finish(slot, fault=True)
    sandbox.control.set_fault("status", "reset")
    granted = Granted(slot, lambda used, fault: bot.budget.finish(used, fault=fault))

    with pytest.raises(MazBotError) as caught:
        bot.status("inst-1", priority=Lane.SWEEP, deadline=deadline, granted=granted)

    assert caught.value.kind is ErrorKind.NETWORK


def test_an_image_that_is_none_is_left_to_the_caller(bot, sandbox):
    sandbox.control.set_fault("connect", "bad_image", times=1)

    assert bot.connect("inst-1").image == b"This is no image at all."


def test_states_never_seen_before_confirm_nothing(bot, sandbox):
    sandbox.control.set_fault("status", "unknown_status", times=1)
    sandbox.control.set_fault("toggle", "unknown_status", times=1)

    assert bot.status("inst-1").status is ConnectionStatus.UNKNOWN
    outcome = bot.toggle("inst-1", ToggleAction.ENABLE)
    assert (outcome.state, outcome.raw) == (ServiceState.UNCONFIRMED, "syncing")


@pytest.mark.parametrize(("fault", "pause"), [("429", 60), ("429_retry_after", 7)])
def test_a_429_pauses_every_call_of_the_account(config, valkey, sandbox, fault, pause):
    bot = MazBot(replace(config, key=f"acc-{fault}"), valkey=valkey)
    bot.login()
    sandbox.control.set_fault("status", fault, times=1, delay=pause)

    with pytest.raises(MazBotError) as struck:
        bot.status("inst-1")
    start = len(sandbox.control.requests_log())
    with pytest.raises(MazBotError) as following:
        MazBot(bot.config, valkey=valkey).rates(deadline=1)

    for error in (struck.value, following.value):
        assert error.kind is ErrorKind.LIMIT
        assert error.retry_after == pytest.approx(pause, abs=2)
    assert len(sandbox.control.requests_log()) == start
    paused = budget_usage(valkey, bot.config.key).paused_until
    assert (paused - datetime.now(UTC)).total_seconds() == pytest.approx(pause, abs=2)


def test_a_login_waits_out_a_pause_that_its_caller_can_wait_for(config, valkey, sandbox):
    account = replace(config, key="acc-patient")
    bot = MazBot(account, valkey=valkey)
    sandbox.control.set_fault("login", "429_retry_after", times=1, delay=11)
    with pytest.raises(MazBotError):
        bot.login()
    started = time.monotonic()

    with pytest.raises(MazBotError) as hurried:
        bot.status("inst-1", deadline=5)
    bot.status("inst-1", deadline=60)

    assert hurried.value.kind is ErrorKind.LIMIT
    assert 10 < time.monotonic() - started < 14


def test_login_faults_are_reported_as_what_they_are(config, valkey, sandbox):
    kinds = {"500": ErrorKind.SERVER, "html": ErrorKind.MALFORMED, "reset": ErrorKind.NETWORK}
    for number, (fault, kind) in enumerate(kinds.items()):
        sandbox.control.set_fault("login", fault, times=1)
        with pytest.raises(MazBotError) as caught:
            MazBot(replace(config, version=f"fault-{number}"), valkey=valkey).status("inst-1")
        assert (caught.value.kind, caught.value.retry) == (kind, True)


def test_a_limit_set_too_high_is_learned_from_mazbot(valkey, sandbox, config):
    sandbox.control.set_rate_limit(config.api_key, 10)
    try:
        bot = MazBot(replace(config, key="acc-limited", rate_limit=60_000), valkey=valkey)
        statuses = []
        for _ in range(12):
            try:
                bot.status("inst-1", deadline=1)
            except MazBotError as error:
                statuses.append(error.status_code)
        assert 429 in statuses
        assert statuses[-1] is None  # once refused, it asks no more
    finally:
        sandbox.control.set_rate_limit(config.api_key, 60_000)
