"""Payloads that break the contract: odd fields are named and cost no others; nothing of use is an error."""

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from whatsapp.mazbot import ErrorKind, MazBotError, OddField, ServiceState
from whatsapp.mazbot.answers import (
    MAX_QR_BYTES,
    MAX_RATES,
    read_main_account_usage,
    read_qr_code,
    read_rates,
    read_toggle,
    read_usage,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
ENCODED = base64.b64encode(IMAGE).decode()
RATE = {"type": "marketing", "cost": Decimal("0.05"), "currency": "usd"}
OTHER = {"type": "utility", "cost": Decimal("0.02"), "currency": "USD"}
USAGE = {"total_sent": 3, "total_received": 2, "failed_messages": 1, "total_cost": Decimal("0.15")}


def qr(code):
    return read_qr_code({"qr_code": code, "message": "Scan"}, expires_at=NOW, secrets=[])


@pytest.mark.parametrize(
    "code",
    [
        ENCODED,
        f"data:image/png;base64,{ENCODED}",
        f"data:image/svg+xml;base64,{ENCODED}",
        f"  {ENCODED}\n",
        "\r\n".join(ENCODED[start : start + 76] for start in range(0, len(ENCODED), 76)),
    ],
)
def test_a_qr_code_is_decoded_however_it_is_wrapped(code):
    assert qr(code).image == IMAGE


@pytest.mark.parametrize(
    "code",
    [
        None,
        5,
        [],
        "",
        "data:image/png;base64,",
        "not base64!",
        ENCODED[:-1],
        ENCODED + "*",
        "https://x/qr.png",
        "é",
        "=",
    ],
)
def test_what_is_not_strictly_base64_is_malformed(code):
    with pytest.raises(MazBotError) as caught:
        qr(code)

    assert caught.value.kind is ErrorKind.MALFORMED


@pytest.mark.parametrize("code", ["A" * (MAX_QR_BYTES * 2), "A" * 4 * (MAX_QR_BYTES // 3 + 1)])
def test_a_qr_code_has_a_size(code):
    with pytest.raises(MazBotError) as caught:
        qr(code)

    assert caught.value.kind is ErrorKind.TOO_LARGE


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (None, "list"),
        ({}, "list"),
        ([5], "rate 1 of every rate"),
        ([{**RATE, "currency": None}] * 2, "currency of marketing of every rate"),
    ],
)
def test_a_price_list_without_a_rate_that_can_be_read_is_malformed(rows, problem):
    with pytest.raises(MazBotError) as caught:
        read_rates({"data": rows})

    assert caught.value.kind is ErrorKind.MALFORMED
    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("row", "field", "text"),
    [
        (5, "rate 2", "5"),
        (None, "rate 2", ""),
        ({**OTHER, "type": ""}, "type of rate 2", ""),
        ({**OTHER, "type": None}, "type of rate 2", ""),
        ({**OTHER, "currency": "US"}, "currency of utility", "US"),
        ({**OTHER, "currency": "U5D"}, "currency of utility", "U5D"),
        ({**OTHER, "cost": -1}, "cost of utility", "-1"),
        ({**OTHER, "cost": [1]}, "cost of utility", "[...]"),
        ({**OTHER, "cost": 10**400}, "cost of utility", "1" + "0" * 39),
        ({"type": "utility", "currency": "USD"}, "cost of utility", ""),
    ],
)
def test_one_bad_rate_is_named_and_costs_no_other(row, field, text):
    listed = read_rates({"data": [RATE, row, RATE]})

    assert [rate.type for rate in listed.rows] == ["marketing", "marketing"]
    assert listed.odd == (OddField(field, text),)
    assert listed.unread_types == ({"utility"} if field.endswith("utility") else set())
    assert listed.may_hold("utility")
    assert listed.may_hold("any other type") == (not field.endswith("utility"))


def test_rates_have_an_end_and_capital_currencies():
    assert read_rates({"data": [RATE]}).rows[0].currency == "USD"
    assert read_rates({"data": []}).rows == ()
    with pytest.raises(MazBotError) as caught:
        read_rates({"data": [RATE] * (MAX_RATES + 1)})
    assert caught.value.kind is ErrorKind.TOO_LARGE


@pytest.mark.parametrize("name", USAGE)
@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), ("n/a", "n/a"), (-4, "-4"), (True, "true"), ({}, "{...}"), ("ask +218912345678", "ask ***")],
)
def test_a_missing_or_odd_figure_is_not_zero_and_costs_no_other(name, value, text):
    for data in (
        {**USAGE, name: value},
        *([{k: v for k, v in USAGE.items() if k != name}] if value is None else []),
    ):
        usage = read_usage({"data": data})
        assert usage.odd == (OddField(name, text),)
        assert getattr(usage, name) is None
        assert all(getattr(usage, other) == USAGE[other] for other in USAGE if other != name)
        assert usage.is_billable == (name == "total_received")


def test_usage_without_any_figure_is_malformed():
    for data in ([USAGE], {}, dict.fromkeys(USAGE, "x")):
        with pytest.raises(MazBotError) as caught:
            read_usage({"data": data})
        assert caught.value.kind is ErrorKind.MALFORMED


@pytest.mark.parametrize("quota", [-1, "-1", " -1 ", "unlimited", "Unlimited", "UNLIMITED ", "∞"])
def test_an_unlimited_quota_is_read_as_such(quota):
    usage = read_main_account_usage({"data": {**USAGE, "available_quota": quota}})

    assert (usage.quota_is_unlimited, usage.available_quota, usage.odd) == (True, None, ())
    assert usage.total_sent == USAGE["total_sent"]


@pytest.mark.parametrize(("quota", "text"), [(-2, "-2"), ("lots", "lots"), ([], "[...]"), (False, "false")])
def test_an_odd_quota_is_named_and_costs_no_figure(quota, text):
    usage = read_main_account_usage({"data": {**USAGE, "available_quota": quota}})

    assert (usage.quota_is_unlimited, usage.available_quota) == (False, None)
    assert usage.odd == (OddField("available_quota", text),)
    assert usage.is_billable


@pytest.mark.parametrize(
    ("quota", "read"), [(None, None), ("", None), (0, Decimal(0)), ("12.5", Decimal("12.5"))]
)
def test_a_quota_may_be_missing(quota, read):
    assert read_main_account_usage({"data": {**USAGE, "available_quota": quota}}).available_quota == read
    assert read_main_account_usage({"data": USAGE}).available_quota is None


@pytest.mark.parametrize(
    ("text", "state"),
    [
        *((text, ServiceState.ENABLED) for text in ("enabled", "active", "Activated", " ENABLED ")),
        *((text, ServiceState.DISABLED) for text in ("disabled", "inactive", "deactivated", "Suspended")),
        *(
            (text, ServiceState.UNCONFIRMED)
            for text in ("", "pending", "enabled?", None, True, 1, ["enabled"])
        ),
    ],
)
def test_the_services_state_is_read_from_the_words_seen_so_far(text, state):
    assert read_toggle({"current_status": text}, secrets=[]).state is state
