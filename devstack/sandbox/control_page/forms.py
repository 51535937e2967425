"""The forms of the control page: one per verb that needs more than a button."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from devstack.sandbox.faults import CALLS, KINDS, MEANINGS
from devstack.sandbox.state.rates import COUNTRIES

from .tables import button

_COMMON_FAULTS = (
    ("MazBot is down", "*", "500"),
    ("It is slow", "*", "latency"),
    ("It refuses the login", "login", "success_false"),
    ("Too many requests", "*", "429_retry_after"),
    ("No pairing code comes", "connect", "bad_image"),
    ("Switching acts, but never answers", "toggle", "timeout_after_acting"),
)
_STATUSES = ("connected", "disconnected", "pairing", "expired", "syncing")


def clock_buttons() -> str:
    """Move sandbox time."""
    steps = (
        ("+1 min", 61),
        ("+1 hour", 3_600),
        ("+1 day", 86_400),
        ("+1 week", 604_800),
        ("+30 days", 2_592_000),
    )
    moves = "".join(button(label, "advance_clock", seconds=seconds) for label, seconds in steps)
    return moves + button("Real time", "set_clock_offset", seconds=0)


def instance_forms() -> str:
    """Usage, incoming message and status of one number."""
    status = field("status", "Status", "connected", extra='list="statuses" required')
    statuses = "".join(f'<option value="{name}"></option>' for name in _STATUSES)
    return (
        form(
            "add_usage",
            "Add usage",
            _number()
            + field("day", "Day", "", "date", "required data-today")
            + "".join(
                field(name, name.capitalize(), "0", "number") for name in ("sent", "received", "failed")
            )
            + field("cost", "Cost", "0", extra='inputmode="decimal"'),
            "Add",
        )
        + form(
            "send_incoming",
            "A customer writes",
            _number()
            + field("phone", "From phone", "96899887897", extra="required")
            + field("name", "Name", "Salim")
            + field("text", "Text", "Hello", extra="required")
            + field("copies", "Copies", "1", "number", 'min="1" max="100"'),
            "Send",
        )
        + form(
            "set_status",
            "Set the status",
            _number() + status + f'<datalist id="statuses">{statuses}</datalist>',
            "Set",
        )
    )


def inventory_forms() -> str:
    """A further number, and one that MazBot no longer knows."""
    return _add_instance() + form("remove_instance", "Remove the number", _number(), "Remove")


def _add_instance() -> str:
    return form(
        "add_instance",
        "Add a number",
        field("account_key", "API key", "demo-key", extra="required")
        + field("instance_id", "Number", extra="required")
        + field("status", "Status", "disconnected", extra='list="statuses" required')
        + select("country_id", "Country", COUNTRIES)
        + field("daily_messages", "Messages a day", "200", "number", 'min="0"')
        + field("since", "Usage since", "", "date"),
        "Add",
    )


def fault_forms() -> str:
    """The most useful faults as buttons, the others in a form, and a button that clears all."""
    common = "".join(button(label, "set_fault", call=call, kind=kind) for label, call, kind in _COMMON_FAULTS)
    kinds = {kind: f"{MEANINGS[kind]} ({kind})" for kind in KINDS}
    common += button(
        "The quota has no end",
        "set_fault",
        call="usage_main",
        kind="odd_field",
        field="available_quota",
        value="unlimited",
    )
    return (
        f'<div class="buttons">{common}{button("Clear all faults", "clear_faults", kind="main")}</div>'
        '<details><summary>Any other fault</summary><div class="forms wide">'
        + form(
            "set_fault",
            "Start a fault",
            select("call", "Call", {call: "every call" if call == "*" else call for call in CALLS})
            + select("kind", "Fault", kinds)
            + field("times", "Times", "", "number", 'min="1" placeholder="always"')
            + field("delay", "Seconds", "", extra='inputmode="decimal" placeholder="usual"')
            + field("instance_id", "Only number", "", extra='list="instance-ids" placeholder="all"')
            + field("field", "Odd field", "", extra='placeholder="available_quota"')
            + field("value", "holds", "", extra='placeholder="left out"'),
            "Start the fault",
        )
        + "</div></details>"
    )


def rate_forms(state: Mapping[str, Any]) -> str:
    """Set a rate from now on."""
    types = dict.fromkeys(rate["type"] for listed in state["rates"].values() for rate in listed)
    options = "".join(f'<option value="{escape(kind)}"></option>' for kind in types)
    return form(
        "set_rate",
        "Set a rate from now on",
        select("country_id", "Country", {"": "Default list"} | COUNTRIES)
        + field("type", "Type", "marketing", extra='list="rate-types" required')
        + f'<datalist id="rate-types">{options}</datalist>'
        + field("cost", "Cost", "0.0500", extra='inputmode="decimal" required')
        + field("currency", "Currency", "USD", extra="required"),
        "Set",
    )


def account_forms(state: Mapping[str, Any]) -> str:
    """Quota, request limit, a further account."""
    keys = {item["api_key"]: item["api_key"] for item in state["accounts"]}
    account = select("account_key", "API key", keys)
    return (
        form(
            "set_quota",
            "Set the quota",
            account + field("quota", "Messages left", "100000", "number"),
            "Set",
        )
        + form(
            "set_rate_limit",
            "Set the request limit",
            account + field("rate_limit", "Requests a minute", "60", "number", 'min="1"'),
            "Set",
        )
        + form(
            "add_account",
            "Add an account",
            field("api_key", "API key", extra="required")
            + field("email", "Staff email", "", "email", "required")
            + field("password", "Password", extra="required")
            + field("owner_email", "Owner email (refused)", "", "email")
            + field("webhook_secret", "Webhook secret")
            + select("locale_prefix", "Path", {"": "/api", "ar": "/ar/api", "en": "/en/api"})
            + select("accepts", "Bodies", {kind: kind for kind in ("any", "form", "multipart", "json")}),
            "Add",
        )
    )


def _number() -> str:
    return field("instance_id", "Number", extra='list="instance-ids" data-instance required')


def form(verb: str, title: str, fields: str, label: str) -> str:
    return (
        f'<form data-verb="{verb}"><fieldset><legend>{escape(title)}</legend>{fields}'
        f"<button>{escape(label)}</button></fieldset></form>"
    )


def field(name: str, label: str, value: str = "", kind: str = "text", extra: str = "") -> str:
    return (
        f'<label>{escape(label)} <input name="{name}" type="{kind}" value="{escape(value)}"'
        f' autocomplete="off" {extra}></label>'
    )


def select(name: str, label: str, choices: Mapping[str, str]) -> str:
    options = "".join(
        f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in choices.items()
    )
    return f'<label>{escape(label)} <select name="{name}">{options}</select></label>'
