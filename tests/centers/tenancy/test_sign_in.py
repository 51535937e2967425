"""Signing in: limits, the same answers for everyone, fresh sessions, two-factor sign-in, reset links."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from centers.models import Reseller, User
from tests.factories import PASSWORD, ResellerFactory, UserFactory, member

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
NEW_PASSWORD = "violet tram 77 lemon"
DEAD = "This link no longer works"


@pytest.fixture
def reseller() -> Reseller:
    found: Reseller = ResellerFactory()
    return found


@pytest.fixture
def person(reseller: Reseller) -> User:
    return member(reseller, email="amal@example.com")


def sign_in(client: Client, password: str = PASSWORD, email: str = "amal@example.com", **more: str):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def is_in(client: Client) -> bool:
    return client.get(reverse("profile")).status_code == 200


@contextmanager
def later(**span: float) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(**span), tick=True):
        yield


def test_the_sixth_guess_at_one_address_is_not_looked_at(person: User) -> None:
    for number in range(5):
        assert not is_in(guesser := Client(REMOTE_ADDR=f"192.0.2.{number}"))
        assert "email address or password is incorrect" in sign_in(guesser, "wrong").content.decode()
    right = Client(REMOTE_ADDR="192.0.2.99")
    assert "Too many" in sign_in(right).content.decode()
    assert not is_in(right)
    with later(minutes=6):
        sign_in(right)
        assert is_in(right)


def test_one_machine_cannot_try_many_addresses(person: User) -> None:
    guesser = Client(REMOTE_ADDR="192.0.2.1")
    for number in range(10):
        sign_in(guesser, "wrong", f"unknown{number}@example.com")
    assert "Too many" in sign_in(guesser).content.decode()
    assert not is_in(guesser)
    sign_in(elsewhere := Client(REMOTE_ADDR="192.0.2.2"))
    assert is_in(elsewhere)


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(person: User, client: Client) -> None:
    known, unknown = (sign_in(client, "wrong", email) for email in (person.email, "unknown@example.com"))
    assert known.status_code == unknown.status_code
    assert _text(known, person.email) == _text(unknown, "unknown@example.com")
    url = reverse("account_reset_password")
    known, unknown = (client.post(url, {"email": email}) for email in (person.email, "unknown@example.com"))
    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]
    assert [sent.to for sent in mail.outbox] == [[person.email], ["unknown@example.com"]]


def test_a_session_given_before_signing_in_is_worth_nothing_after(person: User, client: Client) -> None:
    client.post(reverse("set_language"), {"language": "ar"})
    client.cookies["sessionid"] = "a" * 32
    client.get(LOGIN)
    sign_in(client)
    assert client.cookies["sessionid"].value != "a" * 32
    first = client.cookies["sessionid"].value
    thief = Client()
    thief.cookies["sessionid"] = "a" * 32
    assert not is_in(thief)
    client.post(reverse("account_logout"))
    thief.cookies["sessionid"] = first
    assert not is_in(thief), "a session lives on after signing out"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/", "https://evil.example/", "http:evil.example", "/\\evil.example", "\\\\evil.example",
        "///evil.example", "javascript:alert(1)", "https:///evil.example", "\x00//evil.example", "https://testserver@evil.example/",
    ],
)  # fmt: skip
def test_no_one_is_sent_elsewhere_after_signing_in(person: User, client: Client, target: str) -> None:
    assert sign_in(client, next=target)["Location"] == reverse("home")
    assert is_in(client)
    assert client.post(reverse("account_logout"), {"next": target})["Location"].startswith("/")


def test_a_reset_link_works_once_and_for_its_person_alone(person: User, client: Client) -> None:
    link = _reset_link(client, person)
    again = _reset_link(client, person)
    form = client.get(link)["Location"]
    assert client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}).status_code == 302
    assert not is_in(client), "a person who opens someone else's mail must not be signed in"
    for used in (link, again):
        assert DEAD in Client().get(used, follow=True).content.decode()
    sign_in(client, NEW_PASSWORD)
    assert is_in(client)


def test_a_reset_link_is_not_that_of_another_person(person: User, client: Client) -> None:
    other = UserFactory()
    link = _reset_link(client, other)
    base36 = reverse("account_reset_password_from_key", args=["x", "y"]).split("x-y")[0]
    _uid, _dash, key = link.removeprefix(base36).partition("-")
    stolen = f"{base36}{_reset_link(client, person).removeprefix(base36).partition('-')[0]}-{key}"
    assert DEAD in client.get(stolen, follow=True).content.decode()


def test_a_reset_link_ends_after_hours_and_with_a_new_password(person: User, client: Client) -> None:
    link = _reset_link(client, person)
    with later(hours=5):
        assert DEAD in Client().get(link, follow=True).content.decode()
    person.set_password(NEW_PASSWORD)
    person.save()
    assert DEAD in Client().get(link, follow=True).content.decode()


def test_a_reset_link_leads_to_our_own_address_whatever_host_was_asked(person: User, settings) -> None:
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["*"], "https://markaz.example"
    Client(SERVER_NAME="evil.example").post(reverse("account_reset_password"), {"email": person.email})
    assert "evil.example" not in mail.outbox[0].body
    assert "https://markaz.example/accounts/password/reset/key/" in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_two_factor_sign_in_can_be_switched_on_and_is_then_asked_for(person: User, client: Client) -> None:
    sign_in(client)
    url = reverse("mfa_activate_totp")
    assert client.get(url)["Location"].startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(url)
    assert page.status_code == 200, page.headers.get("Location")
    secret = page.context["form"].secret
    done = client.post(url, {"code": _code(secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(done["Location"]).status_code == 200
    assert mail.outbox[0].to == [person.email], "its person is notified of a new factor"
    fresh = Client()
    assert sign_in(fresh)["Location"] == reverse("mfa_authenticate")
    assert not is_in(fresh)
    for url in (reverse("home"), reverse("staff_home", args=["x"]), reverse("mfa_index")):
        assert fresh.get(url).status_code == 302
    assert fresh.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    assert not is_in(fresh)
    with later(seconds=60):
        fresh.post(reverse("mfa_authenticate"), {"code": _code(secret)})
        assert is_in(fresh)


def test_second_factors_cannot_be_guessed_and_recovery_codes_count_once(person: User) -> None:
    TOTP.activate(person, generate_totp_secret())
    code = RecoveryCodes.activate(person).get_unused_codes()[0]
    first, second = Client(), Client()
    for browser, enters in ((first, True), (second, False)):
        sign_in(browser)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(browser) is enters
    for _guess in range(12):
        answer = second.post(reverse("mfa_authenticate"), {"code": "123456"})
    assert "Too many" in answer.content.decode()


def test_who_requires_two_factors_cannot_be_left_through_switching_them_off(
    reseller: Reseller, person: User, client: Client
) -> None:
    Reseller.objects.update(mfa_required=True)
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    client.force_login(person)
    home = reverse("staff_home", args=[reseller.slug])
    assert client.get(home).status_code == 200
    Authenticator.objects.filter(user=person).delete()
    assert client.get(home)["Location"] == reverse("mfa_index")


@pytest.mark.parametrize("page", ["email/", "confirm-email/", "confirm-email/some-key/"])
def test_no_one_can_take_an_address_that_is_not_proved_to_be_theirs(
    person: User, client: Client, page: str
) -> None:
    client.force_login(person)
    url = f"/accounts/{page}"
    for answer in (
        client.get(url),
        client.post(url, {"email": "boss@example.com", "action_add": ""}),
        client.post(url, {"email": "boss@example.com", "action_primary": ""}),
    ):
        assert answer.status_code == 404
    person.refresh_from_db()
    assert person.email == "amal@example.com"


def test_what_decides_who_someone_is_leaves_a_line_without_what_was_typed(
    person: User, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sign_in(client, "hunter2-canary")
    sign_in(client, email="canary-typed-into-the-wrong-field")
    for _guess in range(5):
        sign_in(client, "hunter2-canary")
    sign_in(
        other := Client(REMOTE_ADDR="192.0.2.7"), email=member(ResellerFactory(), email="b@example.com").email
    )
    other.post(reverse("account_change_password"), _new_password())
    other.post(reverse("account_logout"))
    events = [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]
    assert [event for event in events if event != "request_finished"] == [
        *["sign_in_failed"] * 5, "sign_in_limited", "signed_in", "password_changed", "signed_out",
    ]  # fmt: skip
    assert not any("canary" in str(record.msg) for record in caplog.records)
    assert mail.outbox[-1].to == ["b@example.com"], "its person is notified of a new password"


def test_a_mail_server_that_is_away_undoes_no_new_password(person: User, client: Client, settings) -> None:
    client.force_login(person)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert client.post(reverse("account_change_password"), _new_password()).status_code == 302
    person.refresh_from_db()
    assert person.check_password(NEW_PASSWORD)


def test_no_one_signs_up(client: Client) -> None:
    url = reverse("account_signup")
    form = {"email": "new@example.com", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    for answer in (client.get(url), client.post(url, form)):
        assert "invit" in answer.content.decode().lower()
    assert not User.objects.filter(email="new@example.com").exists()


def _reset_link(client: Client, person: User) -> str:
    client.post(reverse("account_reset_password"), {"email": person.email})
    found = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def _new_password() -> dict[str, str]:
    return {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))


def _text(answer, email: str) -> str:
    """What the page says, without the address that was typed and the token of its form."""
    text = answer.content.decode().replace(email, "")
    return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]+"', "", text)
