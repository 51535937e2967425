"""The sandbox's controls for callers: the same typed verbs in this process and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

import requests

from .conversion import plain, typed
from .faults import CallName, FaultKind
from .state.records import (
    BodyKind,
    Delivery,
    LocalePrefix,
    QrStyle,
    RequestEntry,
    SentMessage,
    SignatureStyle,
    TemplateStatus,
)
from .verbs import ControlError, NewInstance

Run = Callable[[str, dict[str, Any]], Any]


class AccountOptions(TypedDict, total=False):
    """Optional fields of add_account.

    `rate_limit` requests per sliding minute (default: the server's); `quota` messages left; `locale_prefix`
    moves the API to /ar/api or /en/api; `accepts` is the only kind of POST body that is read; `owner_email`
    is a login that is refused; `retry_after` adds the header to a 429.
    """

    rate_limit: int
    quota: int
    currency: str
    locale_prefix: LocalePrefix
    time_zone: str
    webhook_secret: str
    token_minutes: int
    accepts: BodyKind
    owner_email: str
    qr_style: QrStyle
    signature_style: SignatureStyle
    retry_after: bool


class InstanceOptions(TypedDict, total=False):
    """Optional fields of add_instance.

    `daily_messages` is the usual count of a day; `since` is the first day with usage (the number worked from
    then until now, or until `last_seen` when it is not connected); `fail_ratio` lies between 0 and 1.
    """

    status: str
    country_id: str
    daily_messages: int
    since: date | None
    fail_ratio: Decimal
    enabled: bool
    last_seen: datetime | None


class Control:
    """Verbs of the control API. Each raises ControlError with a message when it is refused."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def _do(self, verb: str, **arguments: Any) -> Any:
        return self._run(verb, plain(arguments))

    def add_account(self, api_key: str, email: str, password: str, **options: Unpack[AccountOptions]) -> None:
        """A reseller's main account with its staff login."""
        self._do("add_account", api_key=api_key, email=email, password=password, **options)

    def add_instance(self, account_key: str, instance_id: str, **options: Unpack[InstanceOptions]) -> None:
        """One number of an account."""
        self._do("add_instance", account_key=account_key, instance_id=instance_id, **options)

    def add_instances(self, instances: Sequence[NewInstance]) -> None:
        """Many numbers at once: all of them or, when one is refused, none."""
        self._do("add_instances", instances=list(instances))

    def remove_instance(self, instance_id: str) -> None:
        """Remove a number; the product API then answers 404 for it."""
        self._do("remove_instance", instance_id=instance_id)

    def set_status(self, instance_id: str, status: str, last_seen: datetime | None = None) -> None:
        """Put a number into any state, also an undocumented one; usage ends at `last_seen` (default now)."""
        self._do("set_status", instance_id=instance_id, status=status, last_seen=last_seen)

    def scan(self, instance_id: str, code: str | None = None) -> None:
        """Scan as the phone: a live code connects the number, an expired or older one is refused."""
        self._do("scan", instance_id=instance_id, code=code)

    def logout_phone(self, instance_id: str) -> None:
        """Log the phone out: connected becomes disconnected."""
        self._do("logout_phone", instance_id=instance_id)

    def expire(self, instance_id: str) -> None:
        """Let a number expire."""
        self._do("expire", instance_id=instance_id)

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
        """A customer writes: the webhook is POSTed `copies` times in the background; returns the event."""
        event: dict[str, Any] = self._do(
            "send_incoming",
            instance_id=instance_id,
            phone=phone,
            name=name,
            text=text,
            copies=copies,
            event_id=event_id,
            event_type=event_type,
        )
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
        """Add to a day's usage, up to today; negative figures are corrections. `sent` includes `failed`."""
        self._do(
            "add_usage",
            instance_id=instance_id,
            day=day,
            sent=sent,
            received=received,
            failed=failed,
            cost=cost,
        )

    def set_rate(self, country_id: str, type: str, cost: Decimal, currency: str = "USD") -> None:
        """A rate from now on; country "" is the default list. Past usage keeps its cost."""
        self._do("set_rate", country_id=country_id, type=type, cost=cost, currency=currency)

    def remove_rate(self, country_id: str, type: str) -> None:
        """Remove a rate from a country's list from now on."""
        self._do("remove_rate", country_id=country_id, type=type)

    def set_quota(self, account_key: str, quota: int) -> None:
        """How many messages the account has left now. At 0 the numbers continue to send; the figure stays 0."""
        self._do("set_quota", account_key=account_key, quota=quota)

    def set_rate_limit(self, account_key: str, rate_limit: int, *, restart: bool = False) -> None:
        """How many requests the account may send in a sliding minute; `restart` forgets earlier requests."""
        self._do("set_rate_limit", account_key=account_key, rate_limit=rate_limit, restart=restart)

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
        """Make a call ("*": every call) misbehave, `times` times or until cleared; `delay` is in seconds.

        `odd_field` puts `value` (JSON or plain text; "": no value) into the answer's `field` (of a list: `row` only).
        """
        self._do(
            "set_fault",
            call=call,
            kind=kind,
            times=times,
            delay=None if delay is None else str(delay),
            account_key=account_key,
            instance_id=instance_id,
            field=field,
            value=value,
            row=row,
        )

    def clear_faults(self, call: CallName | None = None, kind: FaultKind | None = None) -> None:
        """Clear the faults of one call, of one kind, or all."""
        self._do("clear_faults", call=call, kind=kind)

    def add_template(
        self, account_key: str, template_id: str, body: str, status: TemplateStatus = "approved"
    ) -> None:
        """A WhatsApp template of an account, with {{1}}, {{2}}, ... in its body; the same id replaces it."""
        self._do("add_template", account_key=account_key, template_id=template_id, body=body, status=status)

    def set_template_status(self, account_key: str, template_id: str, status: TemplateStatus) -> None:
        """What WhatsApp decided about a template."""
        self._do("set_template_status", account_key=account_key, template_id=template_id, status=status)

    def set_whatsapp(self, mobile: str, *, has_whatsapp: bool) -> None:
        """Whether a phone number has WhatsApp; every number does until it is said not to."""
        self._do("set_whatsapp", mobile=mobile, has_whatsapp=has_whatsapp)

    def messages(self) -> list[SentMessage]:
        """The template messages as they arrived on the phones, oldest first (2,000 are kept)."""
        entries: list[SentMessage] = typed(list[SentMessage], self.state()["messages"], "messages")
        return entries

    def advance_clock(self, seconds: int) -> None:
        """Move sandbox time on: usage accrues, codes run out. Tokens and request limits keep wall time."""
        self._do("advance_clock", seconds=seconds)

    def set_clock_offset(self, seconds: int) -> None:
        """Sandbox time = wall time + `seconds`."""
        self._do("set_clock_offset", seconds=seconds)

    def requests_log(self, last: int | None = None) -> list[RequestEntry]:
        """The product API's requests, oldest first, in wall time: the `last` ones or all (20,000 are kept)."""
        entries: list[RequestEntry] = typed(
            list[RequestEntry], self._do("requests_log", last=last), "requests"
        )
        return entries

    def deliveries(self) -> list[Delivery]:
        """The webhook deliveries, oldest first."""
        entries: list[Delivery] = typed(list[Delivery], self.state()["deliveries"], "deliveries")
        return entries

    def state(self) -> dict[str, Any]:
        """Everything but the request log as plain JSON (amounts are text)."""
        state: dict[str, Any] = self._do("state")
        return state


class SandboxControl(Control):
    """The verbs over HTTP, against a sandbox in another process at `url` (scheme, host and port)."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        super().__init__(self._post)
        self._base = url.rstrip("/") + "/control/api/"
        self._timeout = timeout

    def _post(self, verb: str, arguments: dict[str, Any]) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.post(self._base + verb, json=arguments, timeout=self._timeout)
                body = answer.json()
            except requests.RequestException as error:
                raise ControlError(f"The sandbox at {self._base} did not answer: {error}") from error
        if not answer.ok:
            raise ControlError(body["error"])
        return body["result"]
