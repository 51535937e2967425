"""Addresses, codes and names that people type into the library's pages, as our own fields read them."""

import importlib
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django import forms
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from centers.models import User
from tests.factories import PASSWORD, ResellerFactory, member

pytestmark = pytest.mark.django_db
LOGIN, FACTOR = reverse("account_login"), reverse("mfa_authenticate")
#: As mails in a language from right to left put an address, and as phones and tables paste it.
PASTED = [
    "\u2066amal@example.com\u2069",
    "amal@example.com\u200f",
    "\ufeffamal@example.com",
    "Amal@Example.com\n",
]
ARABIC, PERSIAN = (str.maketrans("0123456789", digits) for digits in ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"))


@pytest.fixture
def person() -> User:
    return member(ResellerFactory(), email="amal@example.com")


def is_in(client: Client) -> bool:
    return client.get(reverse("profile")).status_code == 200


@pytest.mark.parametrize("address", PASTED)
def test_a_pasted_address_signs_in_and_resets_the_password(
    person: User, client: Client, address: str
) -> None:
    client.post(reverse("account_reset_password"), {"email": address})
    assert [message.to for message in mail.outbox] == [["amal@example.com"]]
    client.post(LOGIN, {"login": address, "password": PASSWORD})
    assert is_in(client)


@pytest.mark.parametrize("page", [LOGIN, reverse("account_reset_password")])
def test_an_address_with_a_line_break_is_refused_with_a_sentence(client: Client, page: str) -> None:
    address = "amal@example.com\r\nBcc: x@example.com"
    answer = client.post(page, {"login": address, "email": address, "password": PASSWORD})
    assert "This contains a line break" in answer.content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize("digits", [ARABIC, PERSIAN])
def test_codes_in_the_digits_of_a_phone_keyboard_count(person: User, digits: dict[int, int]) -> None:
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    recovery = RecoveryCodes.activate(person).get_unused_codes()[0]
    for code in (format_hotp_value(hotp_value(secret, int(time.time()) // 30)), recovery):
        browser = Client()
        browser.post(LOGIN, {"login": person.email, "password": PASSWORD})
        browser.post(FACTOR, {"code": "\u2068" + code.translate(digits) + "\u2069"})
        assert is_in(browser), code


def test_an_authenticator_app_is_set_up_with_arabic_digits(person: User, client: Client) -> None:
    client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    url = reverse("mfa_activate_totp")
    secret = client.get(url).context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert client.post(url, {"code": code.translate(ARABIC)}).status_code == 302
    assert Authenticator.objects.filter(user=person, type="totp").exists()


def test_the_name_of_a_security_key_is_one_line_without_control_characters(
    person: User, client: Client
) -> None:
    key = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    url = reverse("mfa_edit_webauthn", args=[key.pk])
    for name in ("a\u0007b", "a\r\nb", "a\0b"):
        client.post(url, {"name": name})
        key.refresh_from_db()
        assert key.data["name"] == "Key"
    client.post(url, {"name": "Cle\u0301  \u202eblue"})
    key.refresh_from_db()
    assert key.data["name"] == "Clé blue"


def test_every_form_of_the_library_that_is_set_is_one_of_ours_and_cleans_its_text() -> None:
    for path in (*settings.ACCOUNT_FORMS.values(), *settings.MFA_FORMS.values()):
        module, _dot, name = path.rpartition(".")
        form = getattr(importlib.import_module(module), name)
        plain = [
            field
            for field, kind in form.base_fields.items()
            if type(kind) in (forms.CharField, forms.EmailField) and not kind.widget.is_hidden
        ]
        assert plain == [], path
