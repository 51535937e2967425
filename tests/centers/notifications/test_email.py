"""The email as it arrives at a mail server: parts, headers, threads; and what each refusal means."""

from dataclasses import replace

import pytest
from django.conf import settings

from centers.models import Center, Notification, Role
from centers.notifications.channels.email import EmailChannel
from centers.notifications.log import send_again
from centers.notifications.message import Action, Attachment, ChannelError, Message
from tests.centers.notifications.conftest import NOON, Desk
from tests.centers.notifications.inbox import Inbox
from tests.factories import CenterFactory, member

MESSAGE = Message(
    key="1:alert:17:first",
    kind="test.down",
    language="en",
    subject="Number <down>",
    text="First line\nsecond line\n\nOther paragraph & more",
    actions=(
        Action("Pair now", "https://markaz.example/pair/x/"),
        Action("Snooze", "https://markaz.example/s/"),
    ),
    thread="1:alert:17",
    sender="نور كونكت",
    color="#aa3300",
    contact="help@noor.example, +218 91",
    reply_to="help@noor.example",
    unsubscribe_url="https://markaz.example/unsubscribe/t/",
)


def send(message: Message = MESSAGE) -> str:
    return EmailChannel().send(message, "amal@center.example").provider_id


def test_a_message_arrives_as_text_and_html(inbox: Inbox) -> None:
    identity = send()
    (mail,) = inbox.mails
    assert (mail["Subject"], mail["To"], mail["Message-ID"]) == (
        "Number <down>",
        "amal@center.example",
        identity,
    )
    assert mail["From"].addresses[0].display_name == "نور كونكت"
    assert mail["Reply-To"] == "help@noor.example"
    assert mail["List-Unsubscribe"] == "<https://markaz.example/unsubscribe/t/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
    assert "First line\nsecond line" in text
    assert "Other paragraph & more" in text
    assert "help@noor.example, +218 91" in text
    assert "https://markaz.example/pair/x/" in text
    assert "Other paragraph &amp; more" in html
    assert 'href="https://markaz.example/pair/x/"' in html
    assert "#aa3300" in html
    assert 'dir="ltr"' in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("color", "on_it", "on_white"), [("#ffdd00", "#101828", "#101828"), ("#0b3d91", "#ffffff", "#0b3d91")]
)
def test_buttons_are_read_on_any_color_of_a_reseller(
    inbox: Inbox, color: str, on_it: str, on_white: str
) -> None:
    send(replace(MESSAGE, color=color))
    html = " ".join(list(inbox.mails[0].iter_parts())[1].get_content().split())
    assert f"background: {color}; color: {on_it}" in html
    assert f"background: #ffffff; color: {on_white}" in html


def test_every_try_is_the_same_mail_and_a_subject_is_one_thread(inbox: Inbox) -> None:
    later = Message(
        **{**{name: getattr(MESSAGE, name) for name in MESSAGE.__slots__}, "key": "1:alert:17:resolved"}
    )
    identities = [send(), send(), send(later)]
    assert identities[0] == identities[1] != identities[2]
    assert len({mail["References"] for mail in inbox.mails}) == 1


def test_an_arabic_mail_reads_from_right_to_left(inbox: Inbox) -> None:
    send(
        Message(
            key="k",
            kind="test.down",
            language="ar",
            subject="انقطع رقم",
            text="نص",
            unsubscribe_url="https://x/",
        )
    )
    html = list(inbox.mails[0].iter_parts())[1].get_content()
    assert 'lang="ar" dir="rtl"' in html
    assert "Stop emails" not in html


def test_a_name_with_a_line_break_injects_no_header(inbox: Inbox) -> None:
    values = {name: getattr(MESSAGE, name) for name in MESSAGE.__slots__}
    send(Message(**{**values, "subject": "a\r\nBcc: x@evil.example", "sender": "N\r\nBcc: x@evil.example"}))
    (mail,) = inbox.mails
    assert mail["Bcc"] is None
    with pytest.raises(ChannelError) as caught:
        send(Message(**{**values, "reply_to": "a@b.example\r\nBcc: x@evil.example"}))
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("step", "answer", "permanent", "dead"),
    [
        ("RCPT", "550 no such user", True, True),
        ("RCPT", "451 greylisted, try later", False, False),
        ("MAIL", "553 sender refused", False, False),
        ("DATA", "554 looks like spam", True, False),
        ("DATA", "452 disk full", False, False),
    ],
)
def test_what_a_refusal_means(inbox: Inbox, step: str, answer: str, permanent: bool, dead: bool) -> None:
    inbox.refuse = {step: answer}
    with pytest.raises(ChannelError) as caught:
        send()
    assert (caught.value.permanent, caught.value.dead, caught.value.unsure) == (permanent, dead, False)
    assert caught.value.answer == answer


def test_a_server_that_is_not_there_is_tried_again(inbox: Inbox) -> None:
    settings.EMAIL_PORT = 9
    with pytest.raises(ChannelError) as caught:
        send()
    assert (caught.value.permanent, caught.value.unsure) == (False, False)


def test_a_server_that_goes_away_in_the_middle_may_have_taken_it(inbox: Inbox) -> None:
    inbox.refuse = {"DATA": "421 closing"}
    with pytest.raises(ChannelError) as caught:
        send()
    assert not caught.value.permanent


def test_without_a_mail_server_the_log_says_so() -> None:
    settings.EMAIL_BACKEND, kept = "django.core.mail.backends.console.EmailBackend", settings.EMAIL_BACKEND
    try:
        with pytest.raises(ChannelError) as caught:
            send()
    finally:
        settings.EMAIL_BACKEND = kept
    assert caught.value.permanent
    assert "EMAIL_URL" in str(caught.value)


def test_a_person_gets_it_at_the_address_of_their_account(desk: Desk, inbox: Inbox) -> None:
    someone = member(desk.reseller, Role.SUPPORT, email="support@noor.example")
    desk.reseller.support_contact = "help@noor.example"
    desk.reseller.save()
    from centers.notifications.preferences import save_preference

    save_preference(
        reseller=desk.reseller, group="tests", user=someone, by=someone, now=NOON, channels=["email", "test"]
    )
    assert desk.tell("alert:1", people=[someone]) == 1
    desk.deliver()
    (mail,) = inbox.mails
    assert (mail["To"], mail["Reply-To"]) == ("support@noor.example", "help@noor.example")
    row = Notification.objects.get()
    assert (row.state, row.provider_id) == ("sent", mail["Message-ID"])


def contact(desk: Desk, **fields: str) -> Center:
    made: Center = CenterFactory(reseller=desk.reseller, **fields)
    desk.tell("invoice:1", kind="test.own", people=[], for_contact=True, center=made.pk)
    return made


def test_a_billing_contact_without_an_account_gets_it_too(desk: Desk, inbox: Inbox) -> None:
    center = contact(desk, email="wrong@center.example", language="en")
    center.email, center.language = "Billing@Center.example", "ar"
    center.save()
    desk.deliver()
    (mail,) = inbox.mails
    assert mail["To"] == "Billing@Center.example", "as it is when it is sent"
    assert mail["List-Unsubscribe"] is None, "no one leaves invoices by a link"
    assert 'lang="ar" dir="rtl"' in list(mail.iter_parts())[1].get_content()
    assert Notification.objects.get().address == "Billing@Center.example", "for the log"


def test_a_contact_without_an_address_gets_it_once_there_is_one(desk: Desk, inbox: Inbox) -> None:
    center = contact(desk, email="")
    desk.deliver()
    row = Notification.objects.get()
    assert (row.state, inbox.mails) == ("failed", [])
    assert "no email address" in str(row.error)
    center.email = "billing@center.example"
    center.save()
    send_again(notification=row, by=desk.owner, now=NOON)
    desk.deliver()
    assert [mail["To"] for mail in inbox.mails] == ["billing@center.example"]


def test_a_file_is_made_at_every_try_and_goes_with_the_mail(inbox: Inbox) -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(len(made))
        if len(made) == 1:
            raise RuntimeError("no font")
        return b"%PDF-1.7 of a test"

    message = replace(MESSAGE, attachments=(Attachment("INV-1.pdf", "application/pdf", make),))
    with pytest.raises(ChannelError, match=r"INV-1\.pdf") as caught:
        send(message)
    assert (caught.value.permanent, caught.value.unsure, inbox.mails) == (False, False, [])
    send(message)
    (mail,) = inbox.mails
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content_type()) == ("INV-1.pdf", "application/pdf")
    assert file.get_content() == b"%PDF-1.7 of a test"
    body = mail.get_body(("html",))
    assert body is not None
    assert "Other paragraph &amp; more" in body.get_content()
