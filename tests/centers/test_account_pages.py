"""The pages of a person's own account: sign-in, second factors, sessions."""

import re

import pytest
from django.test import Client
from django.utils import translation

from centers.models import Role
from tests.factories import ResellerFactory, member

pytestmark = pytest.mark.django_db
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36"


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(member(ResellerFactory(), Role.OWNER))
    return client


@pytest.mark.parametrize("path", ["login/", "password/reset/"])
def test_no_placeholder_repeats_a_label(client: Client, path: str) -> None:
    page = client.get(f"/accounts/{path}").content.decode()
    assert 'type="email"' in page
    assert re.findall('placeholder="([^"]+)"', page) == []


def test_second_factors_have_one_name_in_arabic(owner: Client) -> None:
    owner.cookies["django_language"] = "ar"
    page = owner.get("/accounts/2fa/", headers={"Accept-Language": "ar"}).content.decode()
    assert "<h1>التحقق بخطوتين</h1>" in page
    assert "توثيق" not in page


def test_without_a_second_factor_the_page_says_how_to_set_one_up(owner: Client) -> None:
    page = owner.get("/accounts/2fa/").content.decode()
    for text in ("Not set up", "None added", "You get them once you set up a second factor."):
        assert text in page
    for tail in ("totp/activate/", "webauthn/add/"):
        assert f'href="/accounts/2fa/{tail}"' in page
    assert "recovery-codes" not in page


def test_sessions_name_the_browser_in_words(owner: Client) -> None:
    owner.get("/profile/", headers={"User-Agent": CHROME})
    page = owner.get("/accounts/sessions/", headers={"User-Agent": CHROME}).content.decode()
    assert ">Chrome · Linux</bdi>" in page


@pytest.mark.parametrize(
    ("path", "english", "arabic"),
    [
        (
            "password/change/",
            ("Current password", "New password", "Confirm new password"),
            ("كلمة المرور الحالية",),
        ),
        ("2fa/webauthn/", ("Security keys", "No security keys yet."), ("مفاتيح الأمان",)),
        ("2fa/totp/activate/", ("Confirm it&#x27;s you", "Enter your password."), ("أدخل كلمة مرورك.",)),
    ],
)
def test_the_librarys_pages_are_worded_as_ours(
    owner: Client, path: str, english: tuple[str, ...], arabic: tuple[str, ...]
) -> None:
    for language, texts in (("en", english), ("ar", arabic)):
        owner.cookies["django_language"] = language
        page = (
            owner.get(f"/accounts/{path}", follow=True)
            .content.decode()
            .replace("Confirm it's", "Confirm it&#x27;s")
        )
        for text in texts:
            assert text in page
        for text in ("Current Password", "New Password", "Security Keys", "Confirm Access"):
            assert text not in page


def test_remember_me_is_written_as_a_sentence(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "Remember me" in page
    assert "Remember Me" not in page


def test_the_recovery_codes_that_are_left_are_counted_in_arabic_too() -> None:
    text = "There is %(unused_count)s out of %(total_count)s recovery codes available."
    many = "There are %(unused_count)s out of %(total_count)s recovery codes available."
    shown = {}
    for language in ("en", "ar"):
        with translation.override(language):
            shown[language] = translation.ngettext(text, many, 9) % {"unused_count": 9, "total_count": 10}
    assert shown == {
        "en": "There are 9 out of 10 recovery codes available.",
        "ar": "رموز الاسترداد المتبقية: 9 من 10.",
    }


def test_a_forgotten_password_is_offered_once(owner: Client) -> None:
    page = owner.get("/accounts/password/change/").content.decode()
    assert page.count("/accounts/password/reset/") == 1
