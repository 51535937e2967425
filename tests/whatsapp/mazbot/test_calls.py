"""The seven calls, against the sandbox over HTTP."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.whatsapp.mazbot.conftest import API_KEY, FAST
from whatsapp.mazbot import (
    BudgetExhausted,
    ConnectionStatus,
    ErrorKind,
    MazBot,
    MazBotError,
    RateRow,
    ServiceState,
    ToggleAction,
)


def today():
    return datetime.now(UTC).date()


def test_status_reads_state_and_last_seen_as_utc(bot, sandbox):
    seen = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    sandbox.control.set_status("inst-1", "expired", last_seen=seen)

    reading = bot.status("inst-1")

    assert (reading.status, reading.raw, reading.last_seen) == (ConnectionStatus.EXPIRED, "expired", seen)


def test_last_seen_is_never_in_the_future(config, valkey, sandbox):
    early = datetime(2026, 2, 1, tzinfo=UTC)
    sandbox.control.set_status("inst-1", "expired", last_seen=datetime(2026, 3, 1, tzinfo=UTC))

    assert MazBot(config, valkey=valkey, clock=lambda: early).status("inst-1").last_seen == early


def test_an_unknown_status_keeps_its_text(bot, sandbox):
    sandbox.control.set_status("inst-1", "Hibernating")

    reading = bot.status("inst-1")

    assert (reading.status, reading.raw) == (ConnectionStatus.UNKNOWN, "Hibernating")


def test_connect_brings_an_image_for_a_minute(bot):
    before = datetime.now(UTC)

    code = bot.connect("inst-1")

    assert code.image.startswith(b"\x89PNG\r\n")
    assert before + timedelta(seconds=60) <= code.expires_at <= datetime.now(UTC) + timedelta(seconds=60)
    assert "Scan" in code.message


def test_connect_of_a_connected_number_is_refused_with_the_reason(bot):
    with pytest.raises(MazBotError) as caught:
        bot.connect("inst-2")

    assert caught.value.kind is ErrorKind.REFUSED
    assert not caught.value.retry
    assert "connected" in caught.value.message.lower()


def test_rates_keep_every_digit(bot, sandbox):
    sandbox.control.set_rate("LY", "marketing", Decimal("0.0500"))
    sandbox.control.set_rate("LY", "monthly_subscription", Decimal("75.125"), currency="LYD")

    rates = bot.rates("LY").rows

    assert RateRow("monthly_subscription", Decimal("75.125"), "LYD") in rates
    assert RateRow("marketing", Decimal("0.05"), "USD") in rates
    assert all(isinstance(rate.cost, Decimal) for rate in bot.rates().rows)


def test_usage_of_a_number_and_of_the_account(bot, sandbox):
    day = today() - timedelta(days=3)
    before = bot.usage("inst-1", day, day)
    sandbox.control.add_usage("inst-1", day, sent=7, received=3, failed=2, cost=Decimal("0.355"))

    usage, account = bot.usage("inst-1", day, day), bot.main_account_usage(day, day)

    assert usage.total_sent - before.total_sent == 7
    assert usage.total_received - before.total_received == 3
    assert usage.failed_messages - before.failed_messages == 2
    assert usage.total_cost - before.total_cost == Decimal("0.355")
    assert account.total_cost >= usage.total_cost
    assert account.available_quota == sandbox.control.state()["accounts"][0]["available_quota"]


def test_toggle_both_ways_and_again(bot):
    outcomes = [bot.toggle("inst-2", action).state for action in ("disable", "disable", "enable")]

    assert outcomes == [ServiceState.DISABLED, ServiceState.DISABLED, ServiceState.ENABLED]


def test_set_webhook_stores_the_address(bot, sandbox):
    assert bot.set_webhook("inst-2", "https://example.com/hook/1").message == "Webhook updated successfully."
    assert sandbox.state.instance("inst-2").webhook_url == "https://example.com/hook/1"


@pytest.mark.parametrize("accepts", ["form", "json"])
def test_bodies_are_sent_as_the_account_wants_them(valkey, config, sandbox, accepts):
    key = f"key-{accepts}-body"
    if key not in sandbox.state.accounts:
        sandbox.control.add_account(key, "a@b.example", "pw", rate_limit=FAST, accepts=accepts)
        sandbox.control.add_instance(key, f"inst-{accepts}")
    account = replace(config, key=key, api_key=key, email="a@b.example", password="pw")

    bot = MazBot(replace(account, body_format=accepts), valkey=valkey)
    other = MazBot(replace(account, body_format="json" if accepts == "form" else "form"), valkey=valkey)

    assert bot.toggle(f"inst-{accepts}", ToggleAction.DISABLE).state is ServiceState.DISABLED
    with pytest.raises(MazBotError):
        other.toggle(f"inst-{accepts}", ToggleAction.ENABLE)


def test_an_unknown_number_is_not_found(bot):
    for call in (bot.status, bot.connect):
        with pytest.raises(MazBotError) as caught:
            call("no-such-number")
        assert caught.value.kind is ErrorKind.NOT_FOUND


def test_what_mazbot_finds_invalid_names_the_field(bot):
    with pytest.raises(MazBotError) as caught:
        bot.set_webhook("inst-2", "no address")

    assert caught.value.kind is ErrorKind.INVALID
    assert caught.value.field_errors["webhook_url"]


@pytest.mark.parametrize("bad", ["", ".", "..", " a", "a\n", "x\x00", "\ud800", "x" * 201])
def test_ids_that_are_no_ids_are_not_sent(bot, sandbox, bad):
    sent = len(sandbox.control.requests_log())

    with pytest.raises(MazBotError) as caught:
        bot.status(bad)

    assert (caught.value.kind, list(caught.value.field_errors)) == (ErrorKind.INVALID, ["instance_id"])
    assert len(sandbox.control.requests_log()) == sent


def test_an_id_cannot_climb_out_of_its_path(bot):
    with pytest.raises(MazBotError) as caught:
        bot.status("../../billing/rates?x=1#")

    assert caught.value.kind is ErrorKind.NOT_FOUND


def test_other_values_are_checked_before_they_are_sent(bot):
    day = today()
    calls = {
        "to_date": lambda: bot.usage("inst-1", day, day - timedelta(days=1)),
        "country_id": lambda: bot.rates("\n"),
        "mobile": lambda: bot.send_template("t", "+966 50"),
        "webhook_url": lambda: bot.set_webhook("inst-1", "https://x/" + "a" * 2000),
    }
    for name, call in calls.items():
        with pytest.raises(MazBotError) as caught:
            call()
        assert list(caught.value.field_errors) == [name]


def test_a_key_that_fits_no_header_is_named_and_not_shown(config, valkey):
    for key in ("", "k\r\nX: y", "مفتاح", " 77"):
        with pytest.raises(MazBotError) as caught:
            MazBot(replace(config, key="acc-bad", api_key=key), valkey=valkey).status("inst-1")
        assert caught.value.kind is ErrorKind.API_KEY
        assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"base_url": "mazbot.net/api"}, "base_url"),
        ({"base_url": "ftp://mazbot.net"}, "base_url"),
        ({"base_url": "https://u:p@mazbot.net"}, "base_url"),
        ({"base_url": "https://mazbot.net:99999"}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
        ({"base_url": "https://mazbot.net/api?x=1"}, "base_url"),
        ({"time_zone": "Asia/Nowhere"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
    ],
)
def test_settings_that_cannot_be_used_are_named(config, valkey, change, name):
    with pytest.raises(MazBotError) as caught:
        MazBot(replace(config, **change), valkey=valkey).status("inst-1")

    assert caught.value.field_errors.keys() == {name}


def test_values_that_cannot_be_sent_are_invalid_not_a_broken_network(bot, config, valkey):
    endless = replace(config, base_url=f"http://{'x' * 70}.example", version=2)

    for call in (
        lambda: bot.send_template("t", "966500000000", ["\ud800"]),
        MazBot(endless, valkey=valkey).login,
    ):
        with pytest.raises(MazBotError) as caught:
            call()
        assert (caught.value.kind, caught.value.retry) == (ErrorKind.INVALID, False)


def test_errors_survive_a_trip_to_another_process():
    error = pickle.loads(pickle.dumps(MazBotError(ErrorKind.INVALID, "no", field_errors={"a": ("b",)})))
    spent = pickle.loads(pickle.dumps(BudgetExhausted(retry_after=3.5)))

    assert (error.kind, error.message, error.field_errors) == (ErrorKind.INVALID, "no", {"a": ("b",)})
    assert (str(error), spent.retry_after, spent.retry) == ("invalid: no", 3.5, True)


def test_the_key_stays_the_accounts_own(config):
    assert API_KEY not in repr(config)
    assert {
        replace(config, base_url=f"https://m.example{end}").host_url() for end in ("", "/", "/api", "/api/")
    } == {"https://m.example"}
