"""Every mail is text and HTML: buttons, codes and facts are found in its text, and nothing else becomes markup."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from centers.mail.looks import OF_PRODUCT, Look, html_of
from centers.models import Reseller, Role
from centers.tenancy.invitations import invite, resend
from centers.tenancy.scoping import tenant
from tests.centers.tenancy.mails import link_in
from tests.factories import CenterFactory, ResellerFactory, UserFactory, member

LINK = f"{settings.SITE_URL}/invitations/canary/"


def html(text: str, button: str = "", look: Look = OF_PRODUCT) -> str:
    """With single spaces between its words."""
    return " ".join(html_of(subject="Subject", text=text, look=look, button=button).split())


def html_in(message: Any) -> str:
    assert isinstance(message, EmailMultiAlternatives)
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


@pytest.fixture
def reseller(db: None) -> Reseller:
    made: Reseller = ResellerFactory(
        name="Tripoli Talk", language="en", colour="#1d4ed8", support_contact="help@talk.example"
    )
    return made


def test_a_link_of_ours_that_stands_alone_is_a_button() -> None:
    page = html(f"Open this:\n\n{LINK}\n\nBye", button="Accept & join")
    assert page.count(f'href="{LINK}"') == 1
    assert ">Accept &amp; join</a>" in page
    assert LINK not in page.replace(f'href="{LINK}"', "")
    assert f">{LINK}</a>" in html(LINK), "without a label its address can be read"


def test_a_figure_and_its_unit_are_not_parted_by_the_end_of_a_line() -> None:
    page = html_of(
        subject="Subject", text="• 3 numbers, 80.30 % up\n• Due: 142.469 OMR, 5 LTDA", look=OF_PRODUCT
    )
    assert "3 numbers, 80.30\u00a0% up" in page
    assert "Due: 142.469\u00a0OMR, 5 LTDA" in page


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/",
        f"{settings.SITE_URL}.evil.example/",
        f"Click {LINK}",
        "<a href='https://evil.example/'>x</a>",
        "javascript:alert(1)",
    ],
)
def test_nothing_else_becomes_a_link(text: str) -> None:
    assert "<a" not in html(text, button="Open")


def test_a_code_and_facts_are_easy_to_find() -> None:
    assert re.search(r'letter-spacing: 6px">123456</p>', html("Your code:\n\n123456"))
    page = html("Number: Desk <1>\nSince: 02:14\n\nNote: one line is a sentence\n\nOne: 1\nand more")
    assert page.count("<td valign") == 4
    assert ">Number</td>" in page
    assert "<bdi>Desk &lt;1&gt;</bdi>" in page
    assert "<div>Note: one line is a sentence</div>" in page


def test_without_a_name_it_is_the_installs_own(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Lines of Oman <mail@oman.example>"
    assert "<bdi>Lines of Oman</bdi>" in html("Text")
    assert OF_PRODUCT.sender == "Lines of Oman <mail@oman.example>"
    settings.DEFAULT_FROM_EMAIL = "mail@oman.example"
    assert "<bdi>Markaz</bdi>" in html("Text")
    assert OF_PRODUCT.sender == "mail@oman.example"
    assert Look("نور").sender.endswith("<mail@oman.example>")


def test_an_invitation_has_the_look_of_its_reseller_and_one_button(
    reseller: Reseller, django_capture_on_commit_callbacks: Any
) -> None:
    with tenant(reseller), django_capture_on_commit_callbacks(execute=True):
        center = CenterFactory(reseller=reseller, name="عيادة النور", language="ar")
        invitation, _ = invite(
            reseller=reseller, center=center, email="a@b.example", role=Role.CENTER_ADMIN, by=member(reseller)
        )
        resend(invitation=invitation, by=None)
    message = mail.outbox[-1]
    assert (message.from_email, message.reply_to) == (
        "Tripoli Talk <no-reply@markaz.example>",
        ["help@talk.example"],
    )
    page = html_in(message)
    assert re.findall(r'href="([^"]+)"', page) == [settings.SITE_URL + link_in(message)]
    assert ("#1d4ed8" in page, 'dir="rtl"' in page, "قبول الدعوة" in page) == (True, True, True)
    assert str(message.body).rstrip().endswith("Tripoli Talk\nhelp@talk.example")


@pytest.mark.django_db
def test_a_new_password_is_a_button_in_a_mail_of_the_install(client: Client) -> None:
    UserFactory(email="amal@example.com")
    client.post(reverse("account_reset_password"), {"email": "amal@example.com"})
    (message,) = mail.outbox
    page = html_in(message)
    assert re.findall(r'href="([^"]+)"', page) == [settings.SITE_URL + link_in(message)]
    assert ">Choose a new password</a>" in page
    assert "-- " not in page
