"""A lost second factor: reset by mail after a wait and a warning, or at once by an operator."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from centers.models import AuditEntry, FactorReset, Reseller, User
from centers.tenancy.factor_reset import MOST_A_DAY, process_due
from centers.tenancy.scoping import tenant
from config.celery import beat_schedule
from config.tasks import tick_accounts
from tests.centers.tenancy.mails import link_in
from tests.factories import PASSWORD, ResellerFactory, UserFactory, member

pytestmark = pytest.mark.django_db
LOGIN, FACTOR, LOST = (reverse(name) for name in ("account_login", "mfa_authenticate", "second_factor_lost"))
WAIT = timedelta(hours=48)
Capture = Callable[..., Any]


@pytest.fixture
def reseller() -> Reseller:
    found: Reseller = ResellerFactory()
    return found


@pytest.fixture
def person(reseller: Reseller) -> User:
    found = member(reseller, email="amal@example.com")
    TOTP.activate(found, generate_totp_secret())
    return found


def half_in(person: User) -> Client:
    """A browser in which the right password was given and the second factor is asked for."""
    browser = Client()
    browser.post(LOGIN, {"login": person.email, "password": PASSWORD})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


def asked(person: User) -> str:
    """The mailed link that starts a reset."""
    assert half_in(person).post(LOST).status_code == 200
    assert mail.outbox[-1].to == [person.email]
    return link_in(mail.outbox[-1])


def started(person: User, capture: Capture) -> str:
    """Start a reset; returns the link that cancels it."""
    with capture(execute=True):
        assert Client().post(asked(person)).status_code == 200
    return link_in(mail.outbox[-1])


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=True)


def actions(reseller: Reseller) -> list[str]:
    with tenant(reseller):
        events = AuditEntry.objects.filter(action__startswith="second_factor").order_by("pk")
        return list(events.values_list("action", flat=True))


def test_the_second_factor_page_offers_it_after_the_right_password_alone(person: User) -> None:
    assert LOST in half_in(person).get(FACTOR).content.decode()
    for browser in (Client(), Client()):
        browser.post(LOGIN, {"login": person.email, "password": "wrong"})
        for answer in (browser.get(LOST), browser.post(LOST)):
            assert answer["Location"] == LOGIN
    assert not mail.outbox


def test_a_reset_waits_and_warns_and_then_the_password_is_enough(
    person: User, reseller: Reseller, django_capture_on_commit_callbacks: Capture
) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)
    now = timezone.now()
    started(person, django_capture_on_commit_callbacks)
    assert "will be removed" in mail.outbox[-1].subject
    with at(now + WAIT - timedelta(minutes=1)):
        assert process_due(timezone.now()) == 0
        assert half_in(person).get(FACTOR).status_code == 200
        assert is_in(elsewhere)
    with at(now + WAIT + timedelta(minutes=1)):
        assert process_due(timezone.now()) == 1
        assert process_due(timezone.now()) == 0
        assert is_in(half_in(person))
        assert not is_in(elsewhere), "a session from before the reset lives on"
    assert "was removed" in mail.outbox[-1].subject
    assert len(mail.outbox) == 3, "link, warning, done: once each"
    assert actions(reseller) == ["second_factor.reset_started", "second_factor.reset"]


def test_opening_the_links_does_nothing(person: User, django_capture_on_commit_callbacks: Capture) -> None:
    link = asked(person)
    assert Client().get(link).status_code == Client().head(link).status_code == 200
    assert FactorReset.objects.get().started_at is None
    with django_capture_on_commit_callbacks(execute=True):
        Client().post(link)
    stop = link_in(mail.outbox[-1])
    assert Client().get(stop).status_code == Client().head(stop).status_code == 200
    assert FactorReset.objects.get().canceled_at is None


def test_the_link_of_the_warning_cancels_it(
    person: User, reseller: Reseller, django_capture_on_commit_callbacks: Capture
) -> None:
    stop = started(person, django_capture_on_commit_callbacks)
    assert Client().post(stop).status_code == 200
    assert Client().post(stop).status_code == 404
    assert process_due(timezone.now() + WAIT * 2) == 0
    assert Authenticator.objects.filter(user=person).exists()
    assert actions(reseller)[-1] == "second_factor.reset_canceled"


def test_any_sign_in_with_a_factor_cancels_it(
    person: User, django_capture_on_commit_callbacks: Capture
) -> None:
    code = RecoveryCodes.activate(person).get_unused_codes()[0]
    started(person, django_capture_on_commit_callbacks)
    browser = half_in(person)
    browser.post(FACTOR, {"code": "000000"})
    assert FactorReset.objects.get().canceled_at is None, "a wrong code is no factor"
    browser.post(FACTOR, {"code": code})
    assert "was canceled" in browser.get(reverse("profile")).content.decode()
    assert process_due(timezone.now() + WAIT * 2) == 0
    assert Authenticator.objects.filter(user=person, type="totp").exists()


def test_a_factor_that_is_used_also_ends_the_link_that_was_not_opened_yet(person: User) -> None:
    code = RecoveryCodes.activate(person).get_unused_codes()[0]
    link = asked(person)
    half_in(person).post(FACTOR, {"code": code})
    assert Client().post(link).status_code == 404


def test_after_it_is_done_the_mailed_link_closes_the_account_until_a_new_password(
    person: User, django_capture_on_commit_callbacks: Capture
) -> None:
    started(person, django_capture_on_commit_callbacks)
    now = timezone.now()
    process_due(now + WAIT + timedelta(minutes=1))
    thief = half_in(person)
    assert is_in(thief)
    TOTP.activate(person, generate_totp_secret())
    stop = link_in(mail.outbox[-1])
    with at(now + WAIT + timedelta(days=8)):
        assert Client().get(stop).status_code == 404
    with at(now + WAIT + timedelta(days=1)):
        assert Client().post(stop).status_code == 200
    assert not is_in(thief)
    assert not is_in(half_in(person))
    assert not Authenticator.objects.filter(user=person).exists(), (
        "the thief's own factor shuts the owner out"
    )


def test_stale_and_forged_links_say_so(person: User) -> None:
    link = asked(person)
    with at(timezone.now() + timedelta(hours=4, minutes=1)):
        assert Client().post(link).status_code == 404
    for path in (
        link[:-2] + "/",
        reverse("second_factor_reset", args=["1"]),
        link.replace("reset", "cancel"),
    ):
        assert Client().get(path).status_code == Client().post(path).status_code == 404
    assert FactorReset.objects.get().started_at is None


def test_a_second_link_starts_no_second_wait(
    person: User, django_capture_on_commit_callbacks: Capture
) -> None:
    first = asked(person)
    with at(timezone.now() + timedelta(minutes=6)):
        second = asked(person)
    with django_capture_on_commit_callbacks(execute=True):
        due = [Client().post(link).context["reset"].due_at for link in (first, second)]
    assert due[0] == due[1]
    assert sum("will be removed" in message.subject for message in mail.outbox) == 1


def test_links_are_sent_a_few_times_a_day(person: User) -> None:
    now, browser = timezone.now(), half_in(person)
    assert browser.post(LOST).status_code == 200
    assert browser.post(LOST).status_code == 422
    for number in range(1, MOST_A_DAY + 3):
        with at(now + timedelta(minutes=10 * number)):
            half_in(person).post(LOST)
    assert len(mail.outbox) == MOST_A_DAY


def test_the_wait_begins_when_the_warning_left(
    person: User, settings: Any, django_capture_on_commit_callbacks: Capture
) -> None:
    link, good, now = asked(person), settings.EMAIL_BACKEND, timezone.now()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with django_capture_on_commit_callbacks(execute=True):
        assert Client().post(link).status_code == 200
    assert process_due(now + WAIT * 2) == 0, "no one was warned"
    settings.EMAIL_BACKEND = good
    assert process_due(now + WAIT * 2) == 0
    assert "will be removed" in mail.outbox[-1].subject
    assert process_due(now + WAIT * 4) == 1
    assert "was removed" in mail.outbox[-1].subject


def test_an_account_that_was_never_proven_gets_a_link_for_a_new_password_without_a_wait() -> None:
    person: User = UserFactory(email_proven_at=None)
    TOTP.activate(person, generate_totp_secret())
    browser = half_in(person)
    page = browser.post(LOST)
    assert page.status_code == 200
    assert "/accounts/password/reset/key/" in str(mail.outbox[-1].body)
    assert not FactorReset.objects.exists()


def test_the_tick_does_what_is_due(person: User, django_capture_on_commit_callbacks: Capture) -> None:
    assert "config.tick_accounts" in beat_schedule()
    started(person, django_capture_on_commit_callbacks)
    with at(timezone.now() + WAIT + timedelta(minutes=1)):
        tick_accounts()
    assert not Authenticator.objects.filter(user=person).exists()


def test_an_operator_removes_a_factor_at_once_and_the_owner_is_notified(
    person: User, reseller: Reseller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    RecoveryCodes.activate(person)
    elsewhere = Client()
    elsewhere.force_login(person)
    elsewhere.get(reverse("profile"))
    out = StringIO()
    call_command("reset_second_factor", " Amal@Example.com ", stdout=out)
    assert "recovery_codes, totp" in out.getvalue()
    assert mail.outbox[-1].to == [person.email]
    assert actions(reseller) == ["second_factor.reset"]
    assert "factor_reset_by_operator" in str([record.msg for record in caplog.records])
    assert not is_in(elsewhere)
    assert is_in(half_in(person))
    with pytest.raises(CommandError, match="isn't set up for this account"):
        call_command("reset_second_factor", person.email)
    with pytest.raises(CommandError, match="No account"):
        call_command("reset_second_factor", "unknown@example.com")


def test_an_operators_removal_stands_when_the_mail_server_is_away(person: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with pytest.raises(CommandError, match="could not be sent"):
        call_command("reset_second_factor", person.email)
    assert not Authenticator.objects.filter(user=person).exists()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_mail_about_an_account_is_written_in_its_language(
    language: str, reseller: Reseller, django_capture_on_commit_callbacks: Capture
) -> None:
    person = member(reseller, email="amal@example.com", language=language)
    TOTP.activate(person, generate_totp_secret())
    started(person, django_capture_on_commit_callbacks)
    process_due(timezone.now() + WAIT + timedelta(hours=1))
    TOTP.activate(person, generate_totp_secret())
    call_command("reset_second_factor", person.email, stdout=StringIO())
    assert len(mail.outbox) == 4
    for message in mail.outbox:
        arabic = [
            any("\u0600" <= sign <= "\u06ff" for sign in text) for text in (message.subject, message.body)
        ]
        assert arabic == [language == "ar"] * 2, message.subject
