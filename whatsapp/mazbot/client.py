"""MazBot's seven calls and its login, as typed functions."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import redis

from . import answers
from .budget import RequestBudget
from .calling import Caller, Granted
from .config import AccountConfig, Timeouts
from .errors import ErrorKind, MazBotError
from .lane import Lane
from .results import (
    Acknowledgement,
    CheckResult,
    MainAccountUsage,
    QrCode,
    RateList,
    TemplateSent,
    ToggleAction,
    ToggleOutcome,
    Usage,
)
from .template_messages import TemplateError, template_fields
from .transport import Query

QR_LIFE = timedelta(seconds=60)
DEFAULT_TIMEOUTS = Timeouts()


def utc_now() -> datetime:
    """The system's time, aware."""
    return datetime.now(UTC)


class MazBot:
    """MazBot client of one account. Cheap to create; safe to share between threads.

    Every call raises MazBotError. `priority` orders it among the account's waiting requests, `deadline` is how
    many seconds it may wait for its slot before it raises BudgetExhausted (None: the priority's default).
    `on_locale_prefix` is called with a prefix found by trial that differs from the configured one, so that it
    can be stored; `locale_prefix` is the one in use.
    """

    def __init__(
        self,
        config: AccountConfig,
        *,
        valkey: redis.Redis,
        clock: Callable[[], datetime] = utc_now,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        on_locale_prefix: Callable[[str], None] | None = None,
    ) -> None:
        self.config = config
        self._clock = clock
        self._caller = Caller(config, valkey, timeouts=timeouts, on_locale_prefix=on_locale_prefix)

    @property
    def locale_prefix(self) -> str:
        """The locale prefix the last login worked under; before any, the configured one."""
        return self._caller.locale_prefix

    @property
    def budget(self) -> RequestBudget:
        """The account's request budget."""
        return self._caller.budget

    def prepare(self, *, deadline: float) -> None:
        """Log in unless a token is at hand, so that the next call needs no login."""
        self._caller.prepare(deadline=deadline)

    def is_prepared(self) -> bool:
        """Whether a call needs no login, as far as this process knows."""
        return self._caller.is_prepared()

    def login(self, *, priority: Lane = Lane.PERSON, deadline: float | None = None) -> None:
        """Log in again, ignoring a shared token or a recent refusal."""
        self._caller.login(priority=priority, deadline=deadline)

    def status(
        self,
        instance_id: str,
        *,
        priority: Lane = Lane.SWEEP,
        deadline: float | None = None,
        granted: Granted | None = None,
    ) -> CheckResult:
        """Call 1: whether a number is connected. `granted` is a slot that was reserved beforehand."""
        zone = self.config.zone()
        path = f"whatsapp/status/{quote(_id(instance_id), safe='')}"
        query = Query("GET", path)
        payload = self._caller.call(query, priority=priority, deadline=deadline, granted=granted)
        return answers.read_connection(payload, zone=zone, now=self._clock())

    def connect(
        self, instance_id: str, *, priority: Lane = Lane.PERSON, deadline: float | None = None
    ) -> QrCode:
        """Call 2: a new QR code to pair a number with."""
        query = self._post("whatsapp/connect", {"instance_id": _id(instance_id)})
        sent: list[datetime] = []
        payload = self._caller.call(
            query, priority=priority, deadline=deadline, on_send=lambda: sent.append(self._clock())
        )
        return answers.read_qr_code(payload, expires_at=sent[-1] + QR_LIFE, secrets=self.config.secrets())

    def rates(
        self,
        country_id: str | None = None,
        *,
        priority: Lane = Lane.METERING,
        deadline: float | None = None,
    ) -> RateList:
        """Call 3: what MazBot charges in a country (None: the account's default list)."""
        params = {} if country_id is None else {"country_id": _plain(country_id, "country_id", 100)}
        query = Query("GET", "billing/rates", params=params)
        return answers.read_rates(self._caller.call(query, priority=priority, deadline=deadline))

    def usage(
        self,
        instance_id: str,
        from_date: date,
        to_date: date,
        *,
        priority: Lane = Lane.METERING,
        deadline: float | None = None,
    ) -> Usage:
        """Call 4: what a number used from `from_date` to `to_date`, both days included."""
        params = {"instance_id": _id(instance_id), **_days(from_date, to_date)}
        query = Query("GET", "analytics/usage", params=params)
        return answers.read_usage(self._caller.call(query, priority=priority, deadline=deadline))

    def main_account_usage(
        self,
        from_date: date,
        to_date: date,
        *,
        priority: Lane = Lane.METERING,
        deadline: float | None = None,
    ) -> MainAccountUsage:
        """Call 5: what the whole account used, both days included, and its remaining quota."""
        query = Query("GET", "analytics/usage/main-account", params=_days(from_date, to_date))
        return answers.read_main_account_usage(self._caller.call(query, priority=priority, deadline=deadline))

    def toggle(
        self,
        instance_id: str,
        action: ToggleAction,
        *,
        priority: Lane = Lane.CONTROL,
        deadline: float | None = None,
    ) -> ToggleOutcome:
        """Call 6: switch a number's service. Never repeated here: the reconciler decides about retries."""
        fields = {"instance_id": _id(instance_id), "action": ToggleAction(action).value}
        query = self._post("instance/toggle", fields)
        payload = self._caller.call(query, priority=priority, deadline=deadline)
        return answers.read_toggle(payload, secrets=self.config.secrets())

    def set_webhook(
        self,
        instance_id: str,
        url: str,
        *,
        priority: Lane = Lane.PERSON,
        deadline: float | None = None,
    ) -> Acknowledgement:
        """Call 7: where a number's webhooks go. The address must have been checked by the caller."""
        fields = {"instance_id": _id(instance_id), "webhook_url": _plain(url, "webhook_url", 2000)}
        query = self._post("instance/set-webhook", fields)
        payload = self._caller.call(query, priority=priority, deadline=deadline)
        return answers.read_acknowledgement(payload, secrets=self.config.secrets())

    def send_template(
        self,
        template_id: str,
        mobile: str,
        variables: Sequence[str] = (),
        *,
        priority: Lane = Lane.NOTIFICATION,
        deadline: float | None = None,
    ) -> TemplateSent:
        """Send an approved WhatsApp template from the main account; `mobile` is digits only with country code.

        Always multipart, as MazBot's public pages show it; `variables` fill the template's body in order. Never
        repeated here: the answer may be lost after the message has left. Raises TemplateError.
        """
        sent: list[datetime] = []
        try:
            payload = self._caller.call(
                Query(
                    "POST", "whatsapp/send-template", fields=template_fields(template_id, mobile, variables)
                ),
                priority=priority,
                deadline=deadline,
                on_send=lambda: sent.append(self._clock()),
            )
            return answers.read_template_sent(payload, secrets=(*self.config.secrets(), mobile))
        except MazBotError as error:
            problem = TemplateError.of(error, sent=bool(sent))
        raise problem

    def _post(self, path: str, fields: dict[str, str]) -> Query:
        return Query("POST", path, fields=fields, multipart=self.config.body_format == "form")


def _id(instance_id: str) -> str:
    """An instance_id safe in a URL path: dots alone would leave it."""
    text = _plain(instance_id, "instance_id", 200)
    if text in (".", ".."):
        raise _invalid("instance_id", "is no id")
    return text


def _plain(value: str, name: str, limit: int) -> str:
    if not value or len(value) > limit or not value.isprintable() or value != value.strip():
        raise _invalid(name, f"must be 1 to {limit} printable characters without spaces around them")
    return value


def _days(from_date: date, to_date: date) -> dict[str, str]:
    if from_date > to_date:
        raise _invalid("to_date", "lies before from_date")
    return {"from_date": f"{from_date:%Y-%m-%d}", "to_date": f"{to_date:%Y-%m-%d}"}


def _invalid(name: str, problem: str) -> MazBotError:
    return MazBotError(ErrorKind.INVALID, f"{name} {problem}", field_errors={name: (problem,)})
