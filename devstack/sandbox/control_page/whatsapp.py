"""WhatsApp on the control page: the messages that arrived, the templates, and phones without WhatsApp."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, get_args

from devstack.sandbox.state.records import TemplateStatus

from .forms import field, form, select
from .tables import button, moment, row, table

_MESSAGES_SHOWN = 30


def messages(state: dict[str, Any]) -> str:
    """The latest template messages, newest first, as a person reads them on the phone."""
    rows = [
        row(
            f'<span class="bubble" dir="auto">{escape(item["text"])}</span>',
            f"<code>+{escape(item['mobile'])}</code>",
            moment(item["at"]),
            f"<code>{escape(item['template_id'])}</code>",
        )
        for item in reversed(state["messages"][-_MESSAGES_SHOWN:])
    ]
    head = ("Text", "To", "At (UTC)", "Template")
    return table("piece-messages", head, rows, "No template message was sent yet.")


def templates(state: dict[str, Any]) -> str:
    """One row per template, with what WhatsApp may decide about it."""
    rows = [
        row(
            f"<code>{escape(item['account_key'])}</code>",
            f"<code>{escape(item['template_id'])}</code>",
            f'<span class="bubble" dir="auto">{escape(item["body"])}</span>',
            f'<span class="badge {"good" if item["status"] == "approved" else "warn"}">{item["status"]}</span>',
            _decisions(item),
        )
        for item in state["templates"]
    ]
    without = ", ".join(state["without_whatsapp"]) or "no phone"
    head = ("API key", "Template", "Body", "Status", "WhatsApp decides")
    return table("piece-templates", head, rows, "No templates.") + (
        f'<p id="piece-without" class="quiet" data-piece>Without WhatsApp: {escape(without)}</p>'
    )


def template_forms(state: Mapping[str, Any]) -> str:
    """A further template, and a phone that has WhatsApp or not."""
    keys = {item["api_key"]: item["api_key"] for item in state["accounts"]}
    statuses = {status: status for status in get_args(TemplateStatus)}
    return form(
        "add_template",
        "Add a template",
        select("account_key", "API key", keys)
        + field("template_id", "Template", extra="required")
        + field("body", "Body", "{{1}}: {{2}}", extra="required")
        + select("status", "Status", statuses),
        "Add",
    ) + form(
        "set_whatsapp",
        "A phone with or without WhatsApp",
        field("mobile", "Phone", extra='inputmode="tel" required')
        + select("has_whatsapp", "WhatsApp", {"false": "no", "true": "yes"}),
        "Set",
    )


def _decisions(item: dict[str, Any]) -> str:
    return "".join(
        button(
            label,
            "set_template_status",
            account_key=item["account_key"],
            template_id=item["template_id"],
            status=status,
        )
        for label, status in (("Approve", "approved"), ("Pause", "paused"), ("Reject", "rejected"))
        if status != item["status"]
    )
