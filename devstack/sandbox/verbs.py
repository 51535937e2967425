"""What the control API can do, on the state. `control.py` documents each verb for callers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .faults import CallName, Fault, FaultKind
from .state import accrual, phones
from .state.records import (
    Account,
    BodyKind,
    Instance,
    Interval,
    LocalePrefix,
    QrStyle,
    RateChange,
    SignatureStyle,
    Template,
    TemplateStatus,
    Totals,
)
from .state.state import SandboxState
from .state.usage import day_of
from .templates import places, template_key
from .webhooks import Postman, incoming_event


class ControlError(Exception):
    """The control API refuses; the message says why."""


@dataclass
class NewAccount:
    """The fields of add_account."""

    api_key: str
    email: str
    password: str
    rate_limit: int | None = None
    quota: int = 100_000
    currency: str = "USD"
    locale_prefix: LocalePrefix = ""
    time_zone: str = "Asia/Riyadh"
    webhook_secret: str = ""
    token_minutes: int = 60
    accepts: BodyKind = "any"
    owner_email: str = ""
    qr_style: QrStyle = "data_uri"
    signature_style: SignatureStyle = "hex"
    retry_after: bool = False


@dataclass
class NewInstance:
    """The fields of add_instance; `account_key` "" means the only account there is."""

    account_key: str
    instance_id: str
    status: str = "disconnected"
    country_id: str = "1"
    daily_messages: int = 0
    since: date | None = None
    fail_ratio: Decimal = Decimal("0.02")
    enabled: bool = True
    last_seen: datetime | None = None


class Verbs:
    """One method per verb; the dispatcher has checked the types and holds the state's lock."""

    def __init__(self, state: SandboxState, postman: Postman, default_rate_limit: int = 60) -> None:
        self._state = state
        self._postman = postman
        self._default_rate_limit = default_rate_limit

    def add_account(self, new: NewAccount) -> None:
        state = self._state
        if new.api_key in state.accounts:
            raise ControlError(f"There is already an account with the API key {new.api_key!r}.")
        try:
            ZoneInfo(new.time_zone)
        except (KeyError, OSError, ValueError) as error:
            raise ControlError(f"There is no time zone {new.time_zone!r}.") from error
        values = {item.name: getattr(new, item.name) for item in fields(new)}
        if new.rate_limit is None:
            values["rate_limit"] = self._default_rate_limit
        client_id = 1136 + len(state.accounts)
        account = Account(**values, quota_set_at=state.clock.now(), client_id=client_id)
        state.accounts[new.api_key] = account

    def add_instances(self, instances: list[NewInstance]) -> None:
        known = set(self._state.instances)
        for new in instances:
            if not new.instance_id or new.instance_id in known:
                raise ControlError(f"There is already an instance {new.instance_id!r}, or its id is empty.")
            if not 0 <= new.fail_ratio <= 1:
                raise ControlError("fail_ratio lies between 0 and 1.")
            self._state.account(new.account_key)
            known.add(new.instance_id)
        for new in instances:
            self._add_instance(new)

    def _add_instance(self, new: NewInstance) -> None:
        """Add a number; with `since` it worked from that day until now (or until `last_seen`)."""
        now = self._state.clock.now()
        zone = ZoneInfo(self._state.account(new.account_key).time_zone)
        instance = Instance(
            new.account_key,
            new.instance_id,
            country_id=new.country_id,
            daily_messages=new.daily_messages,
            fail_ratio=new.fail_ratio,
        )
        if new.since and (start := day_of(new.since, zone).start) < now:
            instance.status = "connected"
            instance.intervals.append(Interval(start))
        phones.set_status(instance, new.status, now, new.last_seen)
        if not new.enabled:
            phones.switch(instance, False, now)
        self._state.instances[new.instance_id] = instance

    def remove_instance(self, instance_id: str) -> None:
        self._state.instance(instance_id)
        del self._state.instances[instance_id]
        self._state.forget_closed_days(instance_id)

    def set_status(self, instance_id: str, status: str, last_seen: datetime | None = None) -> None:
        phones.set_status(self._state.instance(instance_id), status, self._state.clock.now(), last_seen)
        self._state.forget_closed_days(instance_id)

    def scan(self, instance_id: str, code: str | None = None) -> None:
        phones.scan(self._state.instance(instance_id), self._state.clock.now(), code)

    def logout_phone(self, instance_id: str) -> None:
        instance = self._state.instance(instance_id)
        if instance.status != "connected":
            raise ControlError(f"{instance_id} is {instance.status}; only a connected phone can log out.")
        phones.set_status(instance, "disconnected", self._state.clock.now())

    def expire(self, instance_id: str) -> None:
        phones.set_status(self._state.instance(instance_id), "expired", self._state.clock.now())

    def send_incoming(
        self,
        instance_id: str,
        phone: str,
        name: str,
        text: str,
        *,
        copies: int = 1,
        event_id: str | None = None,
        event_type: str = "message.received",
    ) -> dict[str, Any]:
        instance = self._state.instance(instance_id)
        account = self._state.account(instance.account_key)
        if instance.status != "connected":
            raise ControlError(f"{instance_id} is {instance.status}; only a connected phone receives.")
        if not instance.webhook_url:
            raise ControlError(f"{instance_id} has no webhook address; set one with call 7 first.")
        if not 1 <= copies <= 100:
            raise ControlError("copies lies between 1 and 100.")
        event = incoming_event(
            account,
            event_id=event_id or f"evt-{secrets.token_hex(12)}",
            event_type=event_type,
            phone=phone,
            name=name,
            text=text,
            now=self._state.clock.now(),
        )
        self._postman.send(account, instance_id, instance.webhook_url, event, copies)
        _add(instance, self._state.today(account), Totals(received=1))
        return event

    def add_usage(
        self,
        instance_id: str,
        day: date,
        *,
        sent: int = 0,
        received: int = 0,
        failed: int = 0,
        cost: Decimal = Decimal(0),
    ) -> None:
        instance = self._state.instance(instance_id)
        account = self._state.account(instance.account_key)
        if day > self._state.today(account):
            raise ControlError(f"{day} lies in the future; usage can be added up to today.")
        _add(instance, day, Totals(sent, received, failed, cost))
        account.quota -= sent

    def set_rate(self, country_id: str, type: str, cost: Decimal, currency: str = "USD") -> None:
        if cost < 0 or not type:
            raise ControlError("A rate has a type and a cost of zero or more.")
        self._state.rates.record(RateChange(country_id, type, cost, currency, self._state.clock.now()))

    def remove_rate(self, country_id: str, type: str) -> None:
        now = self._state.clock.now()
        current = self._state.rates.rate(country_id, type, now)
        if current is None:
            raise ControlError(f"Country {country_id!r} has no rate {type!r}.")
        self._state.rates.record(RateChange(country_id, type, None, current.currency, now))

    def set_quota(self, account_key: str, quota: int) -> None:
        accrual.grant_quota(self._state, self._state.account(account_key), quota)

    def set_rate_limit(self, account_key: str, rate_limit: int, restart: bool = False) -> None:
        if rate_limit < 1:
            raise ControlError("The request limit is at least 1.")
        if restart:
            self._state.window.forget(account_key)
        self._state.account(account_key).rate_limit = rate_limit

    def set_fault(
        self,
        call: CallName,
        kind: FaultKind,
        *,
        times: int | None = None,
        delay: float | None = None,
        account_key: str = "",
        instance_id: str = "",
        field: str = "",
        value: str = "",
        row: int | None = None,
    ) -> None:
        if kind == "odd_field" and not field:
            raise ControlError("Name the field of the answer that is to be odd.")
        if times is not None and times < 1:
            raise ControlError("A fault strikes at least once.")
        if delay is not None and not 0 <= delay <= 3600:
            raise ControlError("A fault waits between 0 and 3600 seconds.")
        self._state.faults.add(Fault(call, kind, times, delay, account_key, instance_id, field, value, row))

    def clear_faults(self, call: CallName | None = None, kind: FaultKind | None = None) -> None:
        self._state.faults.clear(call, kind)

    def add_template(
        self, account_key: str, template_id: str, body: str, status: TemplateStatus = "approved"
    ) -> None:
        account = self._state.account(account_key)
        numbers = places(body)
        if not template_id or not body:
            raise ControlError("A template has an id and a body.")
        if numbers != set(range(1, len(numbers) + 1)):
            raise ControlError("The variables of a template are numbered {{1}}, {{2}}, ... without a gap.")
        template = Template(account.api_key, template_id, body, status)
        self._state.templates[template_key(account_key, template_id)] = template

    def set_template_status(self, account_key: str, template_id: str, status: TemplateStatus) -> None:
        template = self._state.templates.get(template_key(account_key, template_id))
        if template is None:
            raise ControlError(f"There is no template {template_id!r}.")
        template.status = status

    def set_whatsapp(self, mobile: str, has_whatsapp: bool) -> None:
        digits = "".join(filter(str.isdigit, mobile))
        if not digits:
            raise ControlError("A phone number has digits.")
        (self._state.without_whatsapp.discard if has_whatsapp else self._state.without_whatsapp.add)(digits)

    def advance_clock(self, seconds: int) -> None:
        self.set_clock_offset(int(self._state.clock.offset.total_seconds()) + seconds)

    def set_clock_offset(self, seconds: int) -> None:
        offset = timedelta(seconds=seconds)
        if offset < self._state.clock.offset:
            self._state.forget_closed_days()
        self._state.clock.offset = offset


def _add(instance: Instance, day: date, addition: Totals) -> None:
    instance.additions[day] = instance.additions.get(day, Totals()) + addition
