"""Whole payloads that break the contract: an error that names the place, never half a reading."""

import base64
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from whatsapp.mazbot import ErrorKind, MazBotError, ServiceState
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
        ([RATE, 5], "rate 2 is not an object"),
        ([{**RATE, "type": ""}], "rate 1 has no type"),
        ([{**RATE, "type": None}], "rate 1 has no type"),
        ([{**RATE, "currency": "US"}], "rate 1 has no currency code"),
        ([{**RATE, "currency": "U5D"}], "rate 1 has no currency code"),
        ([{**RATE, "currency": None}], "rate 1 has no currency code"),
        ([RATE, RATE, {**RATE, "cost": -1}], "cost of rate 3"),
        ([{"type": "x", "currency": "USD"}], "cost of rate 1"),
    ],
)
def test_one_bad_rate_spoils_the_list_and_is_named(rows, problem):
    with pytest.raises(MazBotError) as caught:
        read_rates({"data": rows})

    assert caught.value.kind is ErrorKind.MALFORMED
    assert problem in caught.value.message


def test_rates_have_an_end_and_capital_currencies():
    assert read_rates({"data": [RATE]})[0].currency == "USD"
    assert read_rates({"data": []}) == ()
    with pytest.raises(MazBotError) as caught:
        read_rates({"data": [RATE] * (MAX_RATES + 1)})
    assert caught.value.kind is ErrorKind.TOO_LARGE


@pytest.mark.parametrize("name", USAGE)
def test_a_missing_figure_is_not_zero(name):
    for data in ({**USAGE, name: None}, {key: value for key, value in USAGE.items() if key != name}):
        with pytest.raises(MazBotError) as caught:
            read_usage({"data": data})
        assert name in caught.value.message
    with pytest.raises(MazBotError):
        read_usage({"data": [USAGE]})


@pytest.mark.parametrize(("quota", "read"), [(None, None), (0, Decimal(0)), ("12.5", Decimal("12.5"))])
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
