"""Snapshots of the state for the control API and page: plain JSON, no passwords."""

from __future__ import annotations

from typing import Any

from devstack.sandbox.conversion import plain

from . import accrual, phones
from .rates import COUNTRIES
from .records import Account, Instance
from .state import SandboxState


def snapshot(state: SandboxState) -> dict[str, Any]:
    """The whole state. The caller holds the lock."""
    now = state.clock.now()
    return {
        "version": state.version,
        "now": plain(now),
        "clock_offset": int(state.clock.offset.total_seconds()),
        "accounts": [_account(state, item) for item in state.accounts.values()],
        "instances": [_instance(state, instance_id) for instance_id in state.instances],
        "countries": COUNTRIES,
        "rates": {country: _rates(state, country) for country in ("", *COUNTRIES)},
        "faults": plain(state.faults.active()),
        "deliveries": plain(list(state.deliveries)),
        "templates": plain(list(state.templates.values())),
        "messages": plain(list(state.messages)),
        "without_whatsapp": sorted(state.without_whatsapp),
    }


def requests_log(state: SandboxState, last: int | None = None) -> list[dict[str, Any]]:
    """The product API's requests, oldest first: the `last` ones, or all that are kept (20,000)."""
    requests = list(state.requests)
    entries: list[dict[str, Any]] = plain(requests if last is None else requests[-last:] if last > 0 else [])
    return entries


def _account(state: SandboxState, account: Account) -> dict[str, Any]:
    shown: dict[str, Any] = plain(account)
    for hidden in ("password", "webhook_secret", "quota_mark"):
        del shown[hidden]
    today = state.today(account)
    usage = accrual.usage(state, state.instances_of(account), today, today)
    quota = accrual.available_quota(state, account)
    return shown | {"available_quota": quota, "day": today.isoformat(), "today": plain(usage)}


def _instance(state: SandboxState, instance_id: str) -> dict[str, Any]:
    instance: Instance = state.instance(instance_id)
    today = state.today(state.account(instance.account_key))
    return {
        "account_key": instance.account_key,
        "instance_id": instance.instance_id,
        "status": instance.status,
        "enabled": instance.enabled,
        "country_id": instance.country_id,
        "daily_messages": instance.daily_messages,
        "last_seen": plain(phones.last_seen(instance, state.clock.now())),
        "webhook_url": instance.webhook_url,
        "qr": plain(instance.qr),
        "day": today.isoformat(),
        "today": plain(accrual.usage(state, [instance], today, today)),
    }


def _rates(state: SandboxState, country_id: str) -> list[dict[str, Any]]:
    listed = state.rates.price_list(country_id, state.clock.now())
    return [{"type": rate.type, "cost": str(rate.cost), "currency": rate.currency} for rate in listed]
