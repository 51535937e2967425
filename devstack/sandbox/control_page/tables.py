"""The tables of the control page. Every piece has an id and carries only text and buttons, no inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote

from devstack.sandbox.state.rates import COUNTRIES

_DELIVERIES_SHOWN = 30


def button(label: str, verb: str, *, kind: str = "", **arguments: Any) -> str:
    """A button that sends a verb of the control API with these arguments."""
    data = escape(json.dumps(arguments))
    return f'<button type="button" class="{kind}" data-verb="{verb}" data-arguments="{data}">{escape(label)}</button>'


def instances(state: dict[str, Any]) -> str:
    """One row per number, with the code on show and what the phone can do."""
    pairing_first = sorted(state["instances"], key=lambda item: item["qr"] is None)
    rows = [_instance_row(item) for item in pairing_first]
    head = ("Number", "Status", "Phone", "Service", "Today", "Last seen (UTC)", "Country")
    return table(
        "piece-instances",
        head,
        rows,
        "No numbers yet. Add one below, or fill the demo with `manage.py demo`.",
    )


def accounts(state: dict[str, Any]) -> str:
    """One row per main account."""
    rows = [
        row(
            f"<code>{escape(item['api_key'])}</code>",
            escape(item["email"]),
            str(item["rate_limit"]),
            f"{item['available_quota']:,}",
            _today(item["today"]) + f" {escape(item['currency'])}",
            escape(item["time_zone"]),
            f"<code>/{escape(item['locale_prefix'])}/api</code>".replace("//", "/"),
            button("Run out of quota", "set_quota", account_key=item["api_key"], quota=0),
        )
        for item in state["accounts"]
    ]
    head = ("API key", "Login", "Requests / min", "Quota left", "Today", "Time zone", "Path", "Quota")
    return table("piece-accounts", head, rows, "No accounts.")


def faults(state: dict[str, Any]) -> str:
    """The active faults."""
    rows = [
        row(
            f"<b>{escape(item['call'])}</b>",
            escape(item["kind"] + (f": {item['field']} = {item['value']}" if item["field"] else "")),
            "until cleared" if item["times"] is None else f"{item['times']} more",
            "" if item["delay"] is None else f"{item['delay']} s",
            escape(item["instance_id"] or item["account_key"] or "all"),
            button("Clear", "clear_faults", call=item["call"], kind=item["kind"]),
        )
        for item in state["faults"]
    ]
    head = ("Call", "Fault", "Strikes", "Wait", "For", "Switch")
    return table("piece-faults", head, rows, "No fault is on: every call answers well.")


def rates(state: dict[str, Any]) -> str:
    """Types down, countries across, with a button that removes a rate."""
    lists = {country: {rate["type"]: rate for rate in listed} for country, listed in state["rates"].items()}
    types = list(dict.fromkeys(kind for listed in lists.values() for kind in listed))
    rows = [
        row(f"<code>{escape(kind)}</code>", *(_rate(country, lists[country].get(kind)) for country in lists))
        for kind in types
    ]
    head = ("Type", *(f"{country} {COUNTRIES[country]}" if country else "Default" for country in lists))
    return table("piece-rates", head, rows, "No rates.")


def deliveries(state: dict[str, Any]) -> str:
    """The latest webhook deliveries, newest first."""
    rows = [
        row(
            moment(item["at"]),
            escape(item["instance_id"]),
            f"<code>{escape(item['event_id'])}</code>",
            f'<span class="address">{escape(item["url"])}</span>',
            _outcome(item),
        )
        for item in reversed(state["deliveries"][-_DELIVERIES_SHOWN:])
    ]
    head = ("At (UTC)", "Number", "Event", "To", "Outcome")
    return table("piece-deliveries", head, rows, "Nothing sent yet.")


def requests_table(latest: list[dict[str, Any]]) -> str:
    """The latest requests to the product API, newest first."""
    rows = [
        row(
            moment(item["at"]),
            f"<code>{escape(item['account_key'])}</code>",
            escape(item["call"]),
            escape(item["instance_id"]),
            _code(item["status_code"]),
        )
        for item in reversed(latest)
    ]
    head = ("At (UTC)", "API key", "Call", "Number", "Answer")
    return table("piece-requests", head, rows, "No requests yet.")


def _instance_row(item: dict[str, Any]) -> str:
    instance_id = item["instance_id"]
    search_text = f"{instance_id} {item['status']} {COUNTRIES.get(item['country_id'], '')}"
    search_text += "" if item["enabled"] else " disabled"
    cells = (
        f'<button type="button" class="id" data-choose="{escape(instance_id)}" data-day="{item["day"]}">'
        f"{escape(instance_id)}</button>",
        f'<span class="badge {_tone(item["status"])}">{escape(item["status"])}</span>',
        _phone(item),
        "on" if item["enabled"] else '<span class="badge bad">disabled</span>',
        _today(item["today"]),
        moment(item["last_seen"]) if item["last_seen"] else "never",
        escape(COUNTRIES.get(item["country_id"], item["country_id"])),
    )
    return f'<tr data-words="{escape(search_text.lower())}">{_cells(cells)}</tr>'


def _phone(item: dict[str, Any]) -> str:
    instance_id = item["instance_id"]
    if item["qr"]:
        mark = hashlib.sha256(item["qr"]["text"].encode()).hexdigest()[:12]
        source = f"/control/qr/{quote(instance_id, safe='')}?{mark}"
        image = f'<img class="qr" src="{source}" alt="Pairing code of {escape(instance_id)}">'
        return image + button("Scan as the phone", "scan", kind="main", instance_id=instance_id)
    if item["status"] == "connected":
        log_out = button("Log out", "logout_phone", instance_id=instance_id)
        return log_out + button("Expire", "expire", instance_id=instance_id)
    return '<span class="quiet">no code on show</span>'


def _tone(status: str) -> str:
    return {"connected": "good", "pairing": "busy", "disconnected": "bad", "expired": "warn"}.get(
        status, "odd"
    )


def _today(usage: dict[str, Any]) -> str:
    counts = f"{usage['sent']:,} sent, {usage['received']:,} received, {usage['failed']:,} failed"
    return f'<span class="figures">{counts}<br>cost {escape(usage["cost"])}</span>'


def _rate(country: str, rate: dict[str, Any] | None) -> str:
    if rate is None:
        return ""
    label = f"Remove {rate['type']} of {COUNTRIES.get(country, 'the default list')}"
    data = escape(json.dumps({"country_id": country, "type": rate["type"]}))
    remove = (
        f'<button type="button" class="small" data-verb="remove_rate" data-arguments="{data}"'
        f' aria-label="{escape(label)}" title="{escape(label)}">&times;</button>'
    )
    return f'<span class="rate">{escape(rate["cost"])} {escape(rate["currency"])}{remove}</span>'


def _outcome(item: dict[str, Any]) -> str:
    if item["status_code"] is None:
        return '<span class="quiet">under way</span>'
    return f"{_code(item['status_code'])} {escape(item['error'])}"


def _code(status: int) -> str:
    tone = "good" if 200 <= status < 300 else "warn" if status in (401, 429) else "bad"
    return f'<span class="badge {tone}">{status or "no answer"}</span>'


def moment(text: str) -> str:
    return f"<time>{escape(text[:19].replace('T', ' '))}</time>"


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{cell}</td>" for cell in cells)


def row(*cells: str) -> str:
    return f"<tr>{_cells(cells)}</tr>"


def table(piece: str, head: tuple[str, ...], rows: list[str], empty: str) -> str:
    """A table that scrolls sideways on a phone, or one message when it has no rows."""
    if not rows:
        return f'<div id="{piece}" data-piece><p class="quiet">{escape(empty)}</p></div>'
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    return (
        f'<div id="{piece}" class="scroll" data-piece tabindex="0"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
