"""Inviting, accepting, changing and removing people: operations and pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from centers import clock
from centers.errors import OperationRefused
from centers.models import Invitation, Membership, Reseller, Role, User
from centers.tenancy.invitation_links import InvitationUnusable, find_invitation, hash_token
from centers.tenancy.invitations import accept_as, invite, resend, revoke
from centers.tenancy.scoping import tenant
from centers.tenancy.team import change_role, remove_member
from tests.centers.tenancy.mails import link_in
from tests.factories import CenterFactory, ResellerFactory, UserFactory, member
from tests.pages import field_errors

pytestmark = pytest.mark.django_db
GOOD = "violet tram 77 lemon"


@pytest.fixture
def reseller() -> Reseller:
    found: Reseller = ResellerFactory(name="Tripoli Talk", language="ar")
    return found


def mailed(reseller: Reseller, capture: Any, email: str = "amal@example.com") -> str:
    """The address in the mail of a new invitation."""
    with capture(execute=True):
        invited(reseller, email)
    return link_in(mail.outbox[-1])


def invited(reseller: Reseller, email: str = "amal@example.com", role: str = Role.SUPPORT) -> str:
    with tenant(reseller):
        return invite(reseller=reseller, email=email, role=role, by=member(reseller))[1]


def test_only_the_hash_of_the_token_is_kept(reseller: Reseller) -> None:
    token = invited(reseller)
    with tenant(reseller):
        row = Invitation.objects.get()
    assert row.token_hash == hash_token(token)
    assert row.mail_token_hash not in (None, row.token_hash)
    assert token not in str(vars(row))


def test_the_mail_leaves_after_the_commit_in_the_language_of_the_place(
    reseller: Reseller, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        token = invited(reseller)
        assert not mail.outbox
    assert mail.outbox[0].to == ["amal@example.com"]
    assert reverse("invitation", args=[token]) not in mail.outbox[0].body, "the inviter knows that one"
    assert link_in(mail.outbox[0])
    with tenant(reseller):
        assert Invitation.objects.get().mailed_at


def test_a_new_person_comes_in_with_name_and_password_once(
    reseller: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    url = mailed(reseller, django_capture_on_commit_callbacks)
    assert "Tripoli Talk" in client.get(url).content.decode()
    weak = client.post(url, {"name": "Amal", "password": "12345678901", "again": "12345678901"})
    assert weak.status_code == 422
    assert not User.objects.filter(email="amal@example.com").exists()
    done = client.post(url, {"name": "Amal", "password": GOOD, "again": GOOD, "role": "owner"})
    assert done.status_code == 302
    assert client.get(reverse("staff_home", args=[reseller.slug])).status_code == 200
    assert Membership.objects.get(user__email="amal@example.com").role == Role.SUPPORT
    assert User.objects.get(email="amal@example.com").email_proven_at
    again = Client().get(url)
    assert again.status_code == 404
    assert "already been used" in again.content.decode()


def test_an_empty_acceptance_is_answered_with_what_is_missing(
    reseller: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    answer = client.post(mailed(reseller, django_capture_on_commit_callbacks))
    assert answer.status_code == 422
    assert set(field_errors(answer)) == {"name", "password", "again"}


def test_a_person_with_an_account_signs_in_as_the_invited_address(
    reseller: Reseller, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    UserFactory(email="Amal@Example.com")
    url = mailed(reseller, django_capture_on_commit_callbacks)
    assert reverse("account_login") in client.get(url).content.decode()
    assert client.post(url, {"name": "x", "password": GOOD, "again": GOOD}).status_code == 302
    client.force_login(UserFactory(email="other@example.com"))
    refused = client.post(url)
    assert refused.status_code == 422
    assert "amal@example.com" in refused.content.decode()
    client.force_login(User.objects.get(email="Amal@Example.com"))
    assert client.post(url).status_code == 302
    assert Membership.objects.filter(user__email="Amal@Example.com", reseller=reseller).exists()


def test_links_that_lead_nowhere_say_why(reseller: Reseller) -> None:
    now = clock.now()
    with tenant(reseller):
        center = CenterFactory(reseller=reseller)
        row, token = invite(
            reseller=reseller, email="a@example.com", role="center_admin", center=center, by=None
        )
        with pytest.raises(InvitationUnusable, match="isn't a valid invitation"):
            find_invitation("nothing", now=now)
        with pytest.raises(InvitationUnusable, match="expired"):
            find_invitation(token, now=now + timedelta(days=7, seconds=1))
        fresh = resend(invitation=row, by=None)
        with pytest.raises(InvitationUnusable, match="isn't a valid invitation"):
            find_invitation(token, now=now)
        center.archived_at = now
        center.save()
        with pytest.raises(InvitationUnusable, match="revoked"):
            find_invitation(fresh, now=now)
        revoke(invitation=row, by=None)
        with pytest.raises(OperationRefused, match="no longer pending"):
            revoke(invitation=row, by=None)


def test_what_cannot_be_invited(reseller: Reseller) -> None:
    inside = member(reseller, email="in@example.com")
    with tenant(reseller):
        invite(reseller=reseller, email="twice@example.com", role="billing", by=inside)
        for email, role, said in (
            ("IN@example.com", "billing", "already has access"),
            ("twice@example.com", "owner", "already been invited"),
            ("no address", "billing", "isn't an email"),
            ("x@example.com", "center_admin", "role isn't available"),
        ):
            with pytest.raises(OperationRefused, match=said):
                invite(reseller=reseller, email=email, role=role, by=inside)


def test_an_address_gets_a_few_mails_a_day_however_it_is_invited(reseller: Reseller) -> None:
    by, now = member(reseller), clock.now()
    values = {"reseller": reseller, "email": "amal@example.com", "role": "billing", "by": by}
    with tenant(reseller):
        row, _token = invite(**values, now=now)
        for _again in range(3):
            resend(invitation=row, by=by, now=now)
        revoke(invitation=row, by=by, now=now)
        row, token = invite(**values, now=now)
        with pytest.raises(OperationRefused, match="was sent 5 invitations in the last 24 hours"):
            resend(invitation=row, by=by, now=now)
        assert find_invitation(token, now=now) == row, "the refusal left the link as it was"
        revoke(invitation=row, by=by, now=now)
        with pytest.raises(OperationRefused, match="Try again tomorrow") as refused:
            invite(**values, now=now)
        assert refused.value.field == "email"
        invite(**values | {"email": "other@example.com"}, now=now)
        invite(**values, now=now + timedelta(days=1, seconds=1))


def test_the_last_owner_stays(reseller: Reseller) -> None:
    owner = member(reseller)
    mine = Membership.objects.get(user=owner)
    with tenant(reseller):
        with pytest.raises(OperationRefused, match="at least one owner"):
            remove_member(membership=mine, by=owner)
        with pytest.raises(OperationRefused, match="at least one owner"):
            change_role(membership=mine, role="billing", by=owner)
        second = Membership.objects.get(user=member(reseller))
        change_role(membership=mine, role="billing", by=owner)
        with pytest.raises(OperationRefused, match="at least one owner"):
            remove_member(membership=second, by=None)


def test_a_removed_person_is_refused_at_the_next_request_and_keeps_other_places(
    reseller: Reseller, client: Client
) -> None:
    other: Reseller = ResellerFactory()
    person = member(reseller, Role.SUPPORT)
    Membership.objects.create(user=person, reseller=other, role=Role.SUPPORT)
    client.force_login(person)
    here, there = reverse("staff_home", args=[reseller.slug]), reverse("staff_home", args=[other.slug])
    assert client.get(here).status_code == client.get(there).status_code == 200
    with tenant(reseller):
        token = invite(reseller=reseller, email="z@example.com", role="support", by=person)[1]
        remove_member(membership=Membership.objects.get(user=person, reseller=reseller), by=None)
        with pytest.raises(InvitationUnusable, match="revoked"):
            accept_as(token=token, user=person)
    assert client.get(here).status_code == 404
    assert client.get(there).status_code == 200


def test_the_team_page_shows_the_link_once(reseller: Reseller, client: Client) -> None:
    client.force_login(member(reseller))
    client.post(reverse("team_invite", args=[reseller.slug]), {"email": "n@example.com", "role": "billing"})
    page = client.get(reverse("team", args=[reseller.slug])).content.decode()
    token = re.search(r"/invitations/([\w-]+)/", page)
    assert token
    with tenant(reseller):
        assert Invitation.objects.get().token_hash == hash_token(token[1])
    assert "/invitations/" not in re.sub(
        r"team/invitations/", "", client.get(reverse("team", args=[reseller.slug])).content.decode()
    )
