"""A reseller's MazBot account: its client, its credentials, and its errors as messages."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from centers import clock, live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Reseller, User
from centers.stored_messages import StoredMessage as _
from centers.stored_messages import together
from whatsapp.addresses import check_account_url
from whatsapp.catching_up import catch_up
from whatsapp.error_messages import ASKED_AGAIN, PASSING, SENTENCES, STAFF_HINT
from whatsapp.mazbot import AccountConfig, Diagnosis, ErrorKind, MazBot, MazBotError, test_connection
from whatsapp.models import MazbotAccount

CREDENTIALS = ("base_url", "api_key", "email", "password")
SETTINGS = (
    *CREDENTIALS,
    "locale_prefix",
    "rate_limit",
    "body_format",
    "time_zone",
    "cost_currency",
    "stale_hours",
    "webhook_secret",
)
#: If one of these changes, another account may answer, or the same one differently.
_REACHED_BY = {*CREDENTIALS, "locale_prefix", "body_format", "time_zone", "cost_currency"}
_SECRET = {"api_key", "password", "webhook_secret"}
_KINDS = frozenset(kind.value for kind in SENTENCES)
# The login itself is refused: nothing works until the settings are changed.
REFUSING = frozenset({ErrorKind.LOGIN, ErrorKind.API_KEY, ErrorKind.LOCALE_PATH})
# Keeps a busy account's row from being written with every request.
_OK_EVERY = timedelta(seconds=60)

_clients: dict[int, tuple[AccountConfig, MazBot]] = {}
_found_prefixes: dict[int, str] = {}
_lock = threading.Lock()


def account_of(reseller: Reseller) -> MazbotAccount:
    """The reseller's account. Raises OperationRefused while none is set up."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None or not account.is_set_up:
        raise OperationRefused(
            _("No MazBot account is set up yet. The owner can connect one in the settings.")
        )
    return account


def mazbot_zone(reseller: Reseller) -> ZoneInfo:
    """The time zone of MazBot's calendar; the reseller's own until an account is entered."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    return ZoneInfo(account.time_zone if account else reseller.time_zone)


def client_for(account: MazbotAccount) -> MazBot:
    """This process's client of the account, replaced when a setting changes. Safe to share between threads."""
    config = config_of(account)
    with _lock:
        known = _clients.get(account.pk)
        if known and known[0] == config:
            return known[1]
        client = _new_client(account.pk, config)
        _clients[account.pk] = (config, client)
        return client


def config_of(account: MazbotAccount) -> AccountConfig:
    """The account in the form the MazBot client takes."""
    return AccountConfig(
        key=f"reseller:{account.reseller_id}",
        base_url=account.base_url,
        api_key=account.api_key,
        email=account.email,
        password=account.password,
        locale_prefix=account.locale_prefix,
        rate_limit=account.rate_limit,
        body_format="json" if account.body_format == MazbotAccount.BodyFormat.JSON else "form",
        time_zone=account.time_zone,
        version=account.credentials_version,
        logins_per_minute=settings.MAZBOT_LOGINS_PER_MINUTE,
    )


def note_success(account: MazbotAccount, *, now: datetime) -> None:
    """Record that MazBot answered, and store a locale prefix found by a login. Writes at most once a minute.

    An account that was refused no longer is: its jobs run again.
    """
    with _lock:
        prefix = _found_prefixes.pop(account.pk, None)
    row = MazbotAccount.objects.filter(pk=account.pk)
    if prefix is not None:
        row.update(locale_prefix=prefix)
        account.locale_prefix = prefix
    row.filter(
        Q(last_ok_at=None)
        | Q(last_ok_at__lt=now - _OK_EVERY)
        | Q(last_error_at__gt=F("last_ok_at"))
        | Q(refused_at__isnull=False)
    ).update(last_ok_at=now, refused_at=None)


def note_error(account: MazbotAccount, error: MazBotError, *, now: datetime) -> None:
    """Record the last error; the same error repeated is written at most once a minute.

    A refused login stops the jobs that need MazBot, unless other credentials were saved in the meantime.
    """
    row = MazbotAccount.objects.filter(pk=account.pk)
    row.filter(
        ~Q(last_error_kind=error.kind) | Q(last_error_at=None) | Q(last_error_at__lt=now - _OK_EVERY)
    ).update(last_error_at=now, last_error_kind=error.kind)
    if error.kind in REFUSING:
        row.filter(credentials_version=account.credentials_version, refused_at=None).update(refused_at=now)


def save_account(
    *, reseller: Reseller, by: User | None, now: datetime | None = None, **fields: Any
) -> MazbotAccount:
    """Create or change the account. An empty secret keeps the stored one; unknown fields raise TypeError.

    A changed address or credential drops cached logins everywhere (`credentials_version`). Any change makes failed
    calls due again, because a saved account is expected to work. Raises OperationRefused for an address that
    is not allowed.
    """
    unknown = set(fields) - set(SETTINGS)
    if unknown:
        raise TypeError(f"not settings of a MazBot account: {sorted(unknown)}")
    when = now or clock.now()
    with transaction.atomic():
        # There may be no account to lock yet, and two clicks must not create two.
        Reseller.objects.select_for_update(no_key=True).only("pk").get(pk=reseller.pk)
        account = MazbotAccount.objects.select_for_update().filter(reseller=reseller).first()
        account = account or MazbotAccount(reseller=reseller)
        changed = _apply(account, fields)
        if "base_url" in changed:
            check_account_url(account.base_url)
        if account.pk and changed & set(CREDENTIALS):
            account.credentials_version += 1
            if "locale_prefix" not in changed:
                account.locale_prefix = ""
        account.save()
        if changed:
            entries.record(
                "mazbot_account.changed",
                reseller=reseller,
                by=by,
                target=account,
                now=when,
                topics=("instances", "alerts"),
                fields=sorted(changed),
            )
        if account.is_set_up:
            catch_up(reseller_id=reseller.pk, now=when, everything=bool(changed & _REACHED_BY))
    return account


def note_test(*, account: MazbotAccount, diagnosis: Diagnosis, now: datetime) -> bool:
    """Retry failed calls now if the saved settings are those that passed `test_account`; True then.

    `account` is what was tested. Unsaved settings prove nothing about the account that the jobs use.
    """
    saved = MazbotAccount.objects.filter(pk=account.pk).first() if account.pk else None
    if saved is None or not diagnosis.ok:
        return False
    if config_of(saved) != replace(config_of(account), version=saved.credentials_version):
        return False
    try:
        # The test had its own login; the jobs' one may still be cached as refused.
        client_for(saved).login()
    except MazBotError as error:
        note_error(saved, error, now=now)
        return False
    note_success(saved, now=now)
    catch_up(reseller_id=saved.reseller_id, now=now)
    return True


def test_account(*, account: MazbotAccount) -> Diagnosis:
    """Log in again and fetch the rates, with saved or unsaved settings; takes a few requests of the budget."""
    return test_connection(config_of(account), live.valkey(), clock=clock.now)


def unsaved_account(*, reseller: Reseller, **fields: Any) -> MazbotAccount:
    """The account as it would be with these fields, for `test_account`; empty secrets are the stored ones.

    Nothing is written. Raises OperationRefused for an address that is not allowed.
    """
    account = MazbotAccount.objects.filter(reseller=reseller).first() or MazbotAccount(reseller=reseller)
    if _apply(account, fields) & {"base_url"}:
        check_account_url(account.base_url)
    # Its own version, so that the test neither uses nor replaces the login of the saved settings.
    account.credentials_version += 1_000_000
    return account


def explain(error: MazBotError, *, by_hand: bool = False) -> str:
    """A translated message: what went wrong and what to do; `by_hand` as in `explain_kind`."""
    sentence = explain_kind(error.kind, by_hand=by_hand)
    if error.kind == ErrorKind.INVALID and error.field_errors:
        details = "; ".join(" ".join(texts) for texts in error.field_errors.values())
        return together([sentence, details])
    if error.kind == ErrorKind.REFUSED and error.message:
        return together([sentence, error.message])
    return sentence


def explain_kind(kind: str, *, by_hand: bool = False) -> str:
    """The translated message of an ErrorKind's value, as stored with instances and accounts; "" for none.

    `by_hand`: a person made the call, so the message does not mention automatic retries.
    """
    if not kind:
        return ""
    if kind not in _KINDS:
        return _("Something went wrong at MazBot.")
    sentence = _(SENTENCES[ErrorKind(kind)])
    return together([sentence, _(ASKED_AGAIN)]) if kind in PASSING and not by_hand else sentence


def explain_diagnosis(diagnosis: Diagnosis) -> str:
    """The result of a connection test as a translated message."""
    if diagnosis.ok:
        return _("The connection works.")
    sentence = explain_kind(diagnosis.kind or "", by_hand=True)
    return f"{sentence} {STAFF_HINT}" if diagnosis.staff_account_hint else sentence


def _apply(account: MazbotAccount, fields: dict[str, Any]) -> set[str]:
    changed = set()
    for name, value in fields.items():
        if name in _SECRET and not value and account.pk:
            continue
        if getattr(account, name) != value:
            setattr(account, name, value)
            changed.add(name)
    return changed if account.pk else set(fields)


def _new_client(pk: int, config: AccountConfig) -> MazBot:
    def store_prefix(prefix: str) -> None:
        # May run in a thread without a database connection: `note_success` stores it.
        with _lock:
            _found_prefixes[pk] = prefix

    return MazBot(config, valkey=live.valkey(), clock=clock.now, on_locale_prefix=store_prefix)
