"""WhatsApp templates and the messages sent with them; `send-template` comes from MazBot's public pages.

The caller holds the state's lock.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from .fields import Fields
from .replies import Answer, Refusal, failure
from .state import accrual
from .state.records import Account, SentMessage, Template
from .state.state import SandboxState

_PLACE = re.compile(r"\{\{(\d+)\}\}")
_VALUE = re.compile(r"body_values\[(\d+)\]")
_LONGEST = 1024


def send_template(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Not one of the seven: an approved template from the main account, kept for the control page."""
    fields = Fields(sent)
    template_id, mobile = fields.text("template_id"), fields.text("mobile")
    if mobile and not (mobile.isascii() and mobile.isdigit()):
        fields.complain("mobile", "The mobile must contain digits only.")
    template = state.templates.get(template_key(account.api_key, template_id))
    if template_id and template is None:
        fields.complain("template_id", "The selected template id is invalid.")
    values = _values(sent)
    if template is not None:
        _check_values(fields, template, values)
    fields.check()
    if template is None:
        raise Refusal(failure("Template not found.", 404))
    _check_sending(state, account, template, mobile)
    account.quota -= 1
    text = _PLACE.sub(lambda place: values[int(place[1])], template.body)
    message = SentMessage(
        f"wamid.{secrets.token_hex(12)}", account.api_key, template_id, mobile, text, state.clock.now()
    )
    state.messages.append(message)
    state.changed()
    sent_as = {"message_id": message.message_id}
    return Answer({"success": True, "message": "Template sent successfully.", "data": sent_as})


def template_key(api_key: str, template_id: str) -> str:
    """Where the state keeps a template of an account."""
    return f"{api_key}\n{template_id}"


def places(body: str) -> set[int]:
    """The numbers of a body's variables: {{1}}, {{2}}, ..."""
    return {int(number) for number in _PLACE.findall(body)}


def _values(sent: Mapping[str, str]) -> dict[int, str]:
    """The values by number; one without its `body_matchs` is not read, as at MazBot."""
    found = {}
    for name, value in sent.items():
        match = _VALUE.fullmatch(name)
        if match and sent.get(f"body_matchs[{match[1]}]") == "input_value":
            found[int(match[1])] = value
    return found


def _check_values(fields: Fields, template: Template, values: Mapping[int, str]) -> None:
    expected = places(template.body)
    if set(values) != expected:
        fields.complain(
            "body_values", f"The template expects {len(expected)} body parameters, {len(values)} given."
        )
    for number, value in values.items():
        if not value.strip() or len(value) > _LONGEST or re.search(r"[\n\t]| {5}", value):
            fields.complain(
                f"body_values.{number}",
                "Parameters cannot be empty or have new-line, tab or more than 4 spaces.",
            )


def _check_sending(state: SandboxState, account: Account, template: Template, mobile: str) -> None:
    """What WhatsApp itself refuses, in the words that services pass on."""
    if template.status != "approved":
        raise Refusal(failure(f"Template is not approved by WhatsApp (status: {template.status})."))
    if mobile in state.without_whatsapp:
        raise Refusal(failure("(#131026) Message undeliverable: the recipient has no WhatsApp account."))
    if accrual.available_quota(state, account) <= 0:
        raise Refusal(failure("Your message quota is used up."))
