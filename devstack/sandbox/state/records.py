"""What the sandbox remembers: accounts, instances, rates, webhook deliveries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Status = str  # connected, disconnected, pairing, expired; a test may set an undocumented status
BodyKind = Literal["any", "form", "multipart", "json"]
LocalePrefix = Literal["", "ar", "en"]
QrStyle = Literal["data_uri", "plain", "line_breaks"]
SignatureStyle = Literal["hex", "sha256", "base64"]
TemplateStatus = Literal["approved", "pending", "rejected", "paused"]


@dataclass
class Account:
    """A reseller's main account at the sandbox; `api_key` identifies it.

    `quota` is what was left at `quota_set_at`, corrected by later additions; `quota_mark` is how many
    messages the account had already sent on that day, so that only later ones count against the quota.
    """

    api_key: str
    email: str
    password: str
    owner_email: str
    rate_limit: int
    quota: int
    quota_set_at: datetime
    client_id: int
    quota_mark: int = 0
    currency: str = "USD"
    locale_prefix: LocalePrefix = ""
    time_zone: str = "Asia/Riyadh"
    webhook_secret: str = ""
    token_minutes: int = 60
    accepts: BodyKind = "any"
    qr_style: QrStyle = "data_uri"
    signature_style: SignatureStyle = "hex"
    retry_after: bool = False


@dataclass
class Totals:
    """Messages and their cost. `sent` includes `failed`; failed messages cost nothing."""

    sent: int = 0
    received: int = 0
    failed: int = 0
    cost: Decimal = Decimal(0)

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.sent + other.sent,
            self.received + other.received,
            self.failed + other.failed,
            self.cost + other.cost,
        )


@dataclass
class Interval:
    """An interval in which an instance could send: connected and enabled. `end` None is open."""

    start: datetime
    end: datetime | None = None


@dataclass
class PairingCode:
    """The text inside the QR on show, and the status to return to when it is not scanned."""

    text: str
    expires_at: datetime
    previous: Status


@dataclass
class Instance:
    """A WhatsApp number at the sandbox."""

    account_key: str
    instance_id: str
    status: Status = "disconnected"
    enabled: bool = True
    country_id: str = "1"
    daily_messages: int = 0
    fail_ratio: Decimal = Decimal(0)
    last_seen: datetime | None = None
    webhook_url: str = ""
    qr: PairingCode | None = None
    intervals: list[Interval] = field(default_factory=list)
    additions: dict[date, Totals] = field(default_factory=dict)


@dataclass(frozen=True)
class RateChange:
    """From `at` on (None: always) a type costs `cost` in a country; `cost` None removes it.

    `country_id` "" is the list that answers when no country is asked for.
    """

    country_id: str
    type: str
    cost: Decimal | None
    currency: str
    at: datetime | None = None


@dataclass
class Template:
    """A WhatsApp template of an account; its variables are written {{1}}, {{2}}, ... in the body."""

    account_key: str
    template_id: str
    body: str
    status: TemplateStatus = "approved"


@dataclass
class SentMessage:
    """A template message as it arrived on the phone `mobile`; `at` is sandbox time."""

    message_id: str
    account_key: str
    template_id: str
    mobile: str
    text: str
    at: datetime


@dataclass
class Delivery:
    """One attempt to deliver a webhook. `status_code` None with an empty `error`: still on its way."""

    event_id: str
    instance_id: str
    url: str
    at: datetime
    status_code: int | None = None
    error: str = ""


@dataclass
class RequestEntry:
    """One request to the product API; `status_code` 0 means no answer: still running, or interrupted."""

    at: datetime
    account_key: str
    call: str
    instance_id: str
    status_code: int = 0
