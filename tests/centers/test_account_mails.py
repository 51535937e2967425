"""Mails about a person's own account, which the sign-in library sends: our words, in the reader's language."""

import re
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.test import Client, RequestFactory
from django.utils import translation

from centers.models import Role
from tests.factories import ResellerFactory, member

pytestmark = pytest.mark.django_db
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"
NEWS = [
    "account/email/password_changed",
    "account/email/password_reset",
    "account/email/password_set",
    "mfa/email/recovery_codes_generated",
    "mfa/email/totp_activated",
    "mfa/email/totp_deactivated",
    "mfa/email/webauthn_added",
    "mfa/email/webauthn_removed",
]


@pytest.mark.parametrize("name", NEWS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_change_of_the_account_says_what_when_and_from_where(
    name: str, language: str, rf: RequestFactory, mailoutbox: list[Any]
) -> None:
    person = member(ResellerFactory(), Role.OWNER)
    request = rf.get("/", headers={"User-Agent": CHROME}, REMOTE_ADDR="203.0.113.9")
    with context.request_context(request), translation.override(language):
        get_adapter().send_notification_mail(name, person)
    (mail,) = mailoutbox
    assert mail.to == [person.email]
    assert "203.0.113.9" in mail.body
    assert "Chrome" in mail.body
    assert "/accounts/password/reset/" in mail.body
    assert "&" not in mail.body, "text, not HTML"
    assert "\n\n\n" not in mail.body
    whole = f"{mail.subject}\n{mail.body}"
    if language == "ar":
        said = re.sub(r"https?://\S+|Markaz|Chrome|Linux|UTC|IP|\b[A-Z][a-z]{2} \d{4}", "", whole)
        assert re.findall(r"[A-Za-z]{3,}", said) == []
    else:
        assert mail.subject == mail.subject.capitalize(), "a sentence, not a title"
        assert "You are receiving" not in whole


@pytest.mark.parametrize(
    ("language", "known", "subject"),
    [
        ("en", True, "Choose a new password"),
        ("ar", True, "اختر كلمة مرور جديدة"),
        ("en", False, "No account with this email address"),
        ("ar", False, "لا حساب بهذا البريد الإلكتروني"),
    ],
)
def test_who_forgot_the_password_gets_a_mail(
    client: Client, language: str, known: bool, subject: str, mailoutbox: list[Any]
) -> None:
    email = member(ResellerFactory(), Role.OWNER).email if known else "stranger@center.example"
    client.cookies["django_language"] = language
    client.post("/accounts/password/reset/", {"email": email}, headers={"Accept-Language": language})
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == (subject, [email])
