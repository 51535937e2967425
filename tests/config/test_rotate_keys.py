"""Changing FIELD_KEYS, as in docs/operations.md: nothing is lost, and a missing key is named."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from centers import secrets
from centers.models import User
from centers.secrets import SecretUnreadable
from centers.tenancy.scoping import every_tenant
from tests.factories import MazbotAccountFactory, UserFactory
from whatsapp.models import MazbotAccount

pytestmark = pytest.mark.django_db
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def keys(settings: Any) -> Iterator[Any]:
    """Restarts the install with other keys."""

    def use(*chosen: str) -> None:
        settings.FIELD_KEYS = list(chosen)
        secrets._box.cache_clear()

    use(OLD)
    yield use
    secrets._box.cache_clear()


@pytest.fixture
def person(keys: Any) -> User:
    """A person with both kinds of stored factors, and a reseller with all secrets of an account."""
    found: User = UserFactory()
    TOTP.activate(found, generate_totp_secret())
    RecoveryCodes.activate(found)
    MazbotAccountFactory(api_key="key-canary", password="password-canary", webhook_secret="hook-canary")
    return found


def account() -> MazbotAccount:
    with every_tenant():
        return MazbotAccount.objects.get()


def codes(person: User) -> list[str]:
    return RecoveryCodes(Authenticator.objects.get(user=person, type="recovery_codes")).get_unused_codes()


def test_no_secret_is_stored_in_the_clear(person: User) -> None:
    secret = TOTP(Authenticator.objects.get(user=person, type="totp"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row_to_json(a)::text, ' ') FROM whatsapp_mazbotaccount a")
        accounts = str(cursor.fetchone()[0])
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        factors = str(cursor.fetchone()[0])
    assert "canary" not in accounts
    assert factors.count("gAAAA") == 2, "Fernet's tokens"
    assert secret.instance.data["secret"].startswith("gAAAA")


def test_after_a_rotation_the_old_key_can_go(person: User, keys: Any) -> None:
    before = codes(person)
    keys(NEW, OLD)
    assert account().password == "password-canary"
    call_command("rotate_keys")
    keys(NEW)
    found = account()
    assert (found.api_key, found.password, found.webhook_secret) == (
        "key-canary",
        "password-canary",
        "hook-canary",
    )
    assert codes(person) == before


def test_without_the_old_key_nothing_is_changed_and_it_is_said(person: User, keys: Any) -> None:
    keys(NEW)
    with pytest.raises(
        CommandError, match=r"MazbotAccount\.\w+ was encrypted with a key that is not in FIELD_KEYS"
    ):
        call_command("rotate_keys")
    with pytest.raises(SecretUnreadable, match="MazbotAccount"):
        account()
    with pytest.raises(SecretUnreadable, match="second factor"):
        codes(person)
    keys(OLD)
    assert account().api_key == "key-canary"
