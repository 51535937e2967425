"""Settings, Email: how mail leaves, and a test whose failure is explained; and the same for operators."""

import re
import socket
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from centers import clock
from centers.mail.trial import MOST_PER_HOUR
from centers.models import AuditEntry, Notification, Reseller, Role, User
from centers.tenancy.scoping import tenant
from tests.centers.mail.servers import NAME, only_with_password, saying, server, use, use_port
from tests.centers.notifications.channels.services import listening
from tests.factories import ResellerFactory, member

pytestmark = pytest.mark.django_db
SECRET = "canary-password"


@pytest.fixture
def reseller() -> Iterator[Reseller]:
    made = ResellerFactory(name="Noor Connect")
    with tenant(made):
        yield made


@pytest.fixture
def owner(reseller: Reseller) -> User:
    made: User = member(reseller, email="owner@noor.example")
    return made


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user: User, reseller: Reseller) -> str:
    answer = browser(user).get(reverse("settings_email", args=[reseller.slug]))
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def clicked(user: User, reseller: Reseller, **headers: Any) -> tuple[int, str]:
    """The status and what the page says after a click on “Send a test”."""
    answer = browser(user).post(reverse("settings_email_test", args=[reseller.slug]), headers=headers)
    text = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    return answer.status_code, text.replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")


def test_the_page_says_how_mail_leaves_and_never_who_signs_in(
    reseller: Reseller, owner: User, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Noor <billing@noor.example>"
    for url, expected in [
        (f"submission://canary-name:{SECRET}@mail.noor.example", ["mail.noor.example", "587", "STARTTLS", "With name"]),
        (f"smtps://canary-name:{SECRET}@mail.noor.example", ["465", "TLS from the first byte"]),
        ("smtp://mail.noor.example", ["25", "None: emails are sent", "Without signing in", "Not reported"]),
        (f"postmark:?server_token={SECRET}", ["Postmark (API)", "Not reported"]),
        ("console:", ["No mail server", "Set EMAIL_URL"]),
    ]:  # fmt: skip
        use(settings, url)
        shown = page(owner, reseller)
        assert [one for one in [*expected, "billing@noor.example"] if one not in shown] == []
        assert "canary" not in shown
        assert ("Send a test" in shown) == (url != "console:")


def test_a_test_arrives_at_the_person_who_asks_for_it(reseller: Reseller, owner: User, settings: Any) -> None:
    with server() as (inbox, port):
        use_port(settings, port)
        status, shown = clicked(owner, reseller)
        assert (status, "accepted the test email" in shown, "Send a test" in shown) == (200, True, True)
        status, shown = clicked(owner, reseller, HX_Request="true")
        assert (status, "accepted the test email" in shown, "Send a test" in shown) == (200, True, False)
    assert [mail["To"] for mail in inbox.mails] == ["owner@noor.example"] * 2
    assert AuditEntry.objects.filter(action="email.tested", actor=owner).count() == 2
    assert not Notification.objects.exists()


def test_what_is_wrong_is_said_with_what_to_do(reseller: Reseller, owner: User, settings: Any) -> None:
    with server(authenticator=only_with_password, auth_require_tls=False) as (_inbox, port):
        use_port(settings, port, who=(NAME, SECRET))
        status, shown = clicked(owner, reseller)
    assert status == 200
    assert "127.0.0.1 refused the sign-in. Check the name and password in EMAIL_URL." in shown
    assert "535" in shown
    assert SECRET not in shown
    with server() as (inbox, port):
        inbox.refuse = {"MAIL": "553 5.7.1 <x>: Sender address rejected"}
        use_port(settings, port)
        assert (
            "refused the sender, no-reply@markaz.example. Set DEFAULT_FROM_EMAIL"
            in clicked(owner, reseller)[1]
        )
        assert "553 5.7.1 <x>: Sender address rejected" in clicked(owner, reseller)[1]
    assert "refused the connection on port" in clicked(owner, reseller)[1]


def test_only_who_may_change_settings_and_reads_their_address_sends_one(
    reseller: Reseller, owner: User, settings: Any
) -> None:
    with server() as (inbox, port):
        use_port(settings, port)
        for role in (Role.BILLING, Role.SUPPORT):
            assert clicked(member(reseller, role), reseller)[0] == 403
        User.objects.filter(pk=owner.pk).update(email_proven_at=None)
        status, shown = clicked(owner, reseller)
        assert (status, "isn't confirmed" in shown) == (422, True)
        assert clicked(member(ResellerFactory()), reseller)[0] == 404
    assert inbox.mails == []


def test_tests_are_few(reseller: Reseller, owner: User, settings: Any) -> None:
    with time_machine.travel(clock.now(), tick=False) as time, server() as (inbox, port):
        use_port(settings, port)
        for _test in range(MOST_PER_HOUR):
            assert clicked(owner, reseller)[0] == 200
        status, shown = clicked(owner, reseller)
        assert (status, f"{MOST_PER_HOUR} tests in an hour" in shown) == (422, True)
        assert len(inbox.mails) == MOST_PER_HOUR
        time.shift(3601)
        assert clicked(owner, reseller)[0] == 200


def test_emails_that_wait_are_on_the_page_with_the_reason(reseller: Reseller, owner: User) -> None:
    now = clock.now()
    for number in range(2):
        Notification.objects.create(
            reseller=reseller, address="amal@center.example", channel="email", lane="email:a", key=f"k{number}",
            kind="test", group="test", about="x:1", event="first", due_at=now, attempts=1, error="It refused us.",
        )  # fmt: skip
    shown = page(owner, reseller)
    assert "2 emails wait and are tried again automatically. It refused us." in shown
    assert "amal@center.example" in shown


@pytest.mark.django_db(transaction=True)
def test_no_database_connection_is_held_while_the_mail_server_is_awaited(settings: Any) -> None:
    reseller = ResellerFactory()
    owner = member(reseller)
    ours, held = connection._connections["default"], []

    def talk(client: socket.socket) -> None:
        held.append(ours.connection is not None)
        saying("220 hello", "250 hello", "250 sender", "550 5.1.1 User unknown")(client)

    with listening(talk) as raw:
        use_port(settings, raw.port)
        assert "refused this address" in clicked(owner, reseller)[1]
    assert held == [False]


class TestTheCommand:
    def run(self, address: str = "operator@noor.example") -> str:
        out = StringIO()
        call_command("test_mail", address, stdout=out)
        return out.getvalue()

    def test_sends_and_shows_the_settings(self, settings: Any) -> None:
        with server() as (inbox, port):
            use_port(settings, port)
            shown = self.run()
        assert str(port) in shown
        assert shown.splitlines()[-1].startswith("Taken.")
        assert [mail["To"] for mail in inbox.mails] == ["operator@noor.example"]

    def test_says_what_is_wrong(self, settings: Any) -> None:
        with server(authenticator=only_with_password, auth_require_tls=False) as (_inbox, port):
            use_port(settings, port, who=(NAME, SECRET))
            with pytest.raises(CommandError, match=r"refused the sign-in\. Check the name") as caught:
                self.run()
        assert SECRET not in str(caught.value)
        use(settings, "console:")
        with pytest.raises(CommandError, match="Set EMAIL_URL"):
            self.run()
        with pytest.raises(CommandError, match="no email address"):
            self.run("nobody")

    def test_names_the_address_for_events(self, settings: Any) -> None:
        use(settings, "postmark:?server_token=x&api_url=http://127.0.0.1:9/")
        out = StringIO()
        with pytest.raises(CommandError, match="Postmark can't be reached"):
            call_command("test_mail", "a@b.example", stdout=out)
        assert f"{settings.SITE_URL}/hooks/mail/" in out.getvalue()
