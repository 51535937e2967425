"""A mail that cannot be built leaves no half of an act behind."""

from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse

from centers.errors import OperationRefused
from centers.mailing import written
from centers.models import AuditEntry, Center, Invitation, Reseller, Role
from centers.tenancy.invitations import invite, resend
from centers.tenancy.scoping import tenant
from tests.factories import ResellerFactory, member

pytestmark = pytest.mark.django_db(transaction=True)
EVIL = "Evil\r\nBcc: x"


class Breaking(BaseEmailBackend):
    """A mail server's library that chokes on an address."""

    def send_messages(self, email_messages: object) -> int:
        raise UnicodeEncodeError("ascii", "ü", 0, 1, "ordinal not in range")


def test_a_name_with_a_line_break_gets_into_no_reseller_or_center(client: Client) -> None:
    reseller = ResellerFactory()
    client.force_login(member(reseller))
    answer = client.post(
        reverse("center_add", args=[reseller.slug]), {"name": EVIL, "currency": "USD", "language": "en"}
    )
    assert (answer.status_code, "line break" in answer.content.decode()) == (422, True)
    form = {"name": EVIL, "currency": "USD", "language": "en", "time_zone": "UTC"}
    assert client.post(reverse("settings", args=[reseller.slug]), form).status_code == 422
    with tenant(reseller):
        assert not Center.objects.exists()
    assert Reseller.objects.get().name == reseller.name


def test_an_invitation_whose_mail_cannot_be_built_is_not_stored(settings: Any) -> None:
    reseller = ResellerFactory()
    by = member(reseller)
    with tenant(reseller):
        sender, settings.DEFAULT_FROM_EMAIL = settings.DEFAULT_FROM_EMAIL, EVIL
        with pytest.raises(OperationRefused, match="nothing was saved"):
            invite(reseller=reseller, email="a@b.example", role=Role.SUPPORT, by=by)
        assert not Invitation.objects.exists()
        assert not AuditEntry.objects.filter(action="invitation.sent").exists()
        settings.DEFAULT_FROM_EMAIL = sender
        invitation, _token = invite(reseller=reseller, email="a@b.example", role=Role.SUPPORT, by=by)
        settings.DEFAULT_FROM_EMAIL = EVIL
        with pytest.raises(OperationRefused, match="nothing was saved"):
            resend(invitation=invitation, by=by)
        assert Invitation.objects.get().token_hash == invitation.token_hash
    assert len(mail.outbox) == 1


def test_the_page_says_it_and_the_next_try_invites(client: Client, settings: Any) -> None:
    reseller = ResellerFactory()
    client.force_login(member(reseller))
    url, form = reverse("team_invite", args=[reseller.slug]), {"email": "a@b.example", "role": "support"}
    sender, settings.DEFAULT_FROM_EMAIL = settings.DEFAULT_FROM_EMAIL, EVIL
    answer = client.post(url, form)
    assert (answer.status_code, "nothing was saved" in answer.content.decode()) == (422, True)
    settings.DEFAULT_FROM_EMAIL = sender
    assert client.post(url, form).status_code == 302
    assert [row.to for row in mail.outbox] == [["a@b.example"]]


def test_an_invitation_stays_with_its_link_when_the_mail_cannot_be_handed_over(
    settings: Any,
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Breaking"
    reseller = ResellerFactory()
    with tenant(reseller):
        invitation, token = invite(
            reseller=reseller, email="a@b.example", role=Role.SUPPORT, by=member(reseller)
        )
        invitation.refresh_from_db()
    assert token
    assert invitation.mailed_at is None


def test_a_subject_is_one_line() -> None:
    assert written(subject="\n Hello\r\n there ", body="", to="a@b.example").subject == "Hello there"
