"""Mails on the control page, as their recipients read them."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any

from .tables import moment, row, table

SHOWN = 30
_LINK = re.compile(r"https?://[^\s<>]+")


def mails(items: list[dict[str, Any]]) -> str:
    """The latest mails, newest first; their text opens with a click."""
    rows = [
        row(
            f'<details id="mail-{item["id"]}"><summary dir="auto">{escape(item["subject"])}</summary>'
            f'{_page(item)}<span class="bubble" dir="auto">{_linked(item["text"])}</span>{_attached(item)}'
            "</details>",
            escape(item["to"]),
            moment(item["at"]),
        )
        for item in items
    ]
    return table("piece-mails", ("Mail", "To", "At (UTC)"), rows, "No mail was sent yet.")


def _linked(text: str) -> str:
    return _LINK.sub(_link, escape(text))


def _link(match: re.Match[str]) -> str:
    address = unescape(match[0])
    return f'<a href="{escape(address)}" target="_blank" rel="noreferrer">{escape(address)}</a>'


def _page(item: dict[str, Any]) -> str:
    if not item["html"]:
        return ""
    return f'<p><a href="/control/mails/{item["id"]}" target="_blank">As a mail program shows it</a></p>'


def _attached(item: dict[str, Any]) -> str:
    names = ", ".join(item["attachments"])
    return f'<p class="quiet">Attached: {escape(names)}</p>' if names else ""
