"""The calls of the product API: login, the seven of the contract, and send-template.

Each takes the state (lock held), the account and the sent fields, and returns the answer.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from . import qr
from .fields import Fields
from .replies import Answer, Refusal, failure
from .state import accrual, phones
from .state.records import Account, Instance, Totals
from .state.state import SandboxState, UnknownObject
from .templates import send_template

Call = Callable[[SandboxState, Account, Mapping[str, str]], Answer]


def login(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """E-mail and password of a staff login for a token; an owner login is refused."""
    fields = Fields(sent)
    email, password = fields.text("email"), fields.text("password")
    fields.check()
    genuine = hmac.compare_digest(password.encode(), account.password.encode())
    if genuine and account.owner_email and email.lower() == account.owner_email.lower():
        return failure("Owner logins cannot use the API. Log in with a staff account.")
    if not genuine or email.lower() != account.email.lower():
        return failure("Invalid credentials")
    token = state.tokens.issue(
        subject=account.email,
        account_key=account.api_key,
        now=state.clock.wall(),
        minutes=account.token_minutes,
    )
    return Answer({"success": True, "data": {"token": token}})


def status(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Call 1: connection status and when the phone was last seen."""
    instance = _instance(state, account, sent["instance_id"])
    seen = phones.last_seen(instance, state.clock.now())
    return Answer({"success": True, "status": instance.status, "last_seen": _naive(seen, account)})


def connect(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Call 2: a fresh QR that is valid for 60 seconds."""
    instance = _asked_instance(state, account, sent)
    try:
        code = phones.connect(instance, state.clock.now())
    except phones.PhoneError as refusal:
        return failure(str(refusal))
    state.changed()
    image = qr.as_field(qr.png(code.text), account.qr_style)
    message = "Scan the QR code with WhatsApp within 60 seconds."
    return Answer({"success": True, "qr_code": image, "message": message})


def rates(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Call 3: message and subscription rates of a country, or the default list."""
    listed = state.rates.price_list(sent.get("country_id", "").strip(), state.clock.now())
    data = [{"type": rate.type, "cost": rate.cost, "currency": rate.currency} for rate in listed]
    return Answer({"success": True, "data": data})


def usage(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Call 4: usage of one instance."""
    fields = Fields(sent)
    instance_id = fields.text("instance_id")
    first, last = fields.period()
    fields.check()
    instance = _instance(state, account, instance_id)
    return Answer({"success": True, "data": _counts(accrual.usage(state, [instance], first, last))})


def usage_main(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Call 5: usage of the whole account, and the rest of its quota."""
    fields = Fields(sent)
    first, last = fields.period()
    fields.check()
    totals = accrual.usage(state, state.instances_of(account), first, last)
    data = _counts(totals) | {"available_quota": accrual.available_quota(state, account)}
    return Answer({"success": True, "data": data})


def toggle(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Call 6: service on or off; requesting the current state is fine."""
    fields = Fields(sent)
    instance_id, action = fields.text("instance_id"), fields.choice("action", ("enable", "disable"))
    fields.check()
    instance = _instance(state, account, instance_id)
    phones.switch(instance, action == "enable", state.clock.now())
    state.changed()
    state_name = f"{action}d"
    return Answer(
        {"success": True, "current_status": state_name, "message": f"Instance {state_name} successfully."}
    )


def set_webhook(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Answer:
    """Call 7: set the URL of the instance's webhooks."""
    fields = Fields(sent)
    instance_id, address = fields.text("instance_id"), fields.web_address("webhook_url")
    fields.check()
    _instance(state, account, instance_id).webhook_url = address
    state.changed()
    return Answer({"success": True, "message": "Webhook updated successfully."})


CALLS: dict[str, Call] = {
    "login": login,
    "status": status,
    "connect": connect,
    "rates": rates,
    "usage": usage,
    "usage_main": usage_main,
    "toggle": toggle,
    "set_webhook": set_webhook,
    "send_template": send_template,
}


def _asked_instance(state: SandboxState, account: Account, sent: Mapping[str, str]) -> Instance:
    fields = Fields(sent)
    instance_id = fields.text("instance_id")
    fields.check()
    return _instance(state, account, instance_id)


def _instance(state: SandboxState, account: Account, instance_id: str) -> Instance:
    """The account's instance; another account's looks exactly like one that does not exist."""
    try:
        instance = state.instance(instance_id)
    except UnknownObject:
        instance = None
    if instance is None or instance.account_key != account.api_key:
        raise Refusal(failure("Instance not found.", 404))
    return instance


def _counts(totals: Totals) -> dict[str, int | Decimal]:
    return {
        "total_sent": totals.sent,
        "total_received": totals.received,
        "failed_messages": totals.failed,
        "total_cost": totals.cost,
    }


def _naive(moment: datetime | None, account: Account) -> str | None:
    """Local time of the account without an offset, as MazBot writes it."""
    if moment is None:
        return None
    return moment.astimezone(ZoneInfo(account.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
