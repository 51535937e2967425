"""Links that people pass on: the text is in the recipient's language, WhatsApp opens with it, email is sent by us."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.urls import reverse

from centers import clock
from centers.models import AuditEntry, Role
from centers.share_mail import MOST_PER_HOUR
from centers.tenancy.invitations import invite
from centers.tenancy.scoping import tenant
from centers.web.sharing import Share
from tests.factories import CenterFactory, ResellerFactory, member
from tests.people import People

LINK = f"{settings.SITE_URL}/invitations/secret-token-canary/"


def share_of(**changed: str) -> Share:
    fields = {
        "name": "x",
        "what": "link",
        "url": LINK,
        "language": "en",
        "subject": "S",
        "text": "Hello & good day,\n\nرابط? #1",
    }
    return Share(**{**fields, **changed})


def test_whatsapp_opens_a_chat_with_the_number_and_the_whole_text() -> None:
    url = share_of(phone="+218912345678").whatsapp_url
    assert urlsplit(url)[:3] == ("https", "wa.me", "/218912345678")
    assert parse_qs(urlsplit(url).query, strict_parsing=True) == {"text": [share_of().text]}
    assert share_of().whatsapp_url.startswith("https://wa.me/?text=")


def test_the_text_is_written_in_the_direction_of_its_language() -> None:
    assert (share_of(language="ar").direction, share_of().direction) == ("rtl", "ltr")


@pytest.fixture
def people(db: None) -> People:
    reseller = ResellerFactory(name="Madar")
    return People(reseller=reseller, center=CenterFactory(reseller=reseller), stranger_of=ResellerFactory())


def send(people: People, *, by: object = None, **changed: str) -> HttpResponse:
    fields = {"to": "amal@example.com", "subject": "Your link", "text": f"Hello,\n\n{LINK}\n\nMadar"}
    client = people.as_(by or people.support)  # type: ignore[arg-type]
    return client.post(people.url("share/email/"), {**fields, **changed})  # type: ignore[return-value]


def test_an_email_carries_the_text_as_it_was_changed_and_replies_go_to_the_sender(people: People) -> None:
    response = send(people)
    (sent,) = mail.outbox
    assert response.status_code == 200
    assert "amal@example.com" in response.content.decode()
    assert (sent.to, sent.subject, sent.reply_to) == (
        ["amal@example.com"],
        "Your link",
        [people.support.email],
    )
    assert sent.body == f"Hello,\n\n{LINK}\n\nMadar"
    assert sent.from_email.startswith("Madar <")


def test_the_link_is_a_button_in_the_language_of_the_text(people: People) -> None:
    send(people, language="ar")
    assert send(people, language="fr").status_code == 422
    (sent,) = mail.outbox
    page = sent.alternatives[0][0]
    assert 'dir="rtl"' in page
    assert re.search(rf'href="{re.escape(LINK)}"[^>]*>فتح</a>', page)


def test_what_an_email_said_is_not_kept(people: People) -> None:
    send(people)
    with tenant(people.reseller):
        entry = AuditEntry.objects.get(action="share.mailed")
    assert entry.data == {"email": "amal@example.com"}


@pytest.mark.parametrize(
    "changed",
    [
        {"to": "no address"},
        {"to": "a@b.example\r\nBcc: x@y.example"},
        {"to": "a@b.example, c@d.example"},
        {"subject": ""},
        {"subject": "a\r\nBcc: x@y.example"},
        {"text": ""},
        {"text": "Visit https://elsewhere.example/ now"},
        {"text": LINK + "x" * 4000},
    ],
)
def test_what_is_no_link_of_ours_to_one_person_is_not_sent(people: People, changed: dict[str, str]) -> None:
    response = send(people, **changed)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert mail.outbox == []


def test_a_person_sends_only_so_many_in_an_hour(people: People) -> None:
    with tenant(people.reseller):
        for number in range(MOST_PER_HOUR):
            AuditEntry.objects.create(
                reseller=people.reseller,
                actor=people.support,
                action="share.mailed",
                at=clock.now() - timedelta(minutes=number),
            )
    assert send(people).status_code == 422
    assert send(people, by=people.owner).status_code == 200
    assert len(mail.outbox) == 1


def test_a_mail_server_that_refuses_is_reported(people: People, settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # type: ignore[attr-defined]
    response = send(people)
    assert response.status_code == 422
    assert "no mail server accepted it" in response.content.decode()
    with tenant(people.reseller):
        actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
        assert list(actions)[-2:] == ["share.mailed", "share.undelivered"]


def test_who_may_send(people: People) -> None:
    for person in (people.owner, people.billing, people.support):
        assert send(people, by=person).status_code == 200
    for person in (people.admin, people.stranger):
        assert send(people, by=person).status_code == 404
    assert len(mail.outbox) == 3


def test_an_invitation_is_offered_in_the_language_of_its_place(people: People) -> None:
    people.center.language = "ar"
    people.center.save()
    client = people.as_(people.owner)
    path = reverse("center_invite", args=[people.reseller.slug, people.center.pk])
    data = {"email": "n@example.com", "role": Role.CENTER_ADMIN}
    page = client.post(path, data, headers={"HX-Request": "true"}).content.decode()
    text = unescape(re.search(r"<textarea[^>]*data-whatsapp-text>(.*?)</textarea>", page, re.DOTALL)[1])  # type: ignore[index]
    assert 'dir="rtl"' in page
    assert text.startswith("مرحبًا")
    assert re.search(rf"{re.escape(settings.SITE_URL)}/invitations/[\w-]+/", text)
    assert 'value="n@example.com"' in page
    assert "https://wa.me/?text=" in page
    again = client.get(reverse("center_people", args=[people.reseller.slug, people.center.pk]))
    assert "data-whatsapp-text" not in again.content.decode()


def test_a_link_of_another_reseller_is_not_shown(people: People) -> None:
    client = people.as_(people.owner)
    other = member(people.stranger_of)
    with tenant(people.stranger_of):
        invitation, _token = invite(
            reseller=people.stranger_of, email="canary@example.com", role="support", by=other
        )
    session = client.session
    session["invitation_link"] = [invitation.pk, LINK]
    session.save()
    page = client.get(reverse("team", args=[people.reseller.slug])).content.decode()
    assert "canary@example.com" not in page
