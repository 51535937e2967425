"""Which email addresses are the same, wherever an account, an invitation or a sign-in asks."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from centers import clock
from centers.errors import OperationRefused
from centers.models import Reseller, Role
from centers.tenancy.address_proof import account_of
from centers.tenancy.invitations import accept_as, accept_with_password, invite
from centers.tenancy.resellers import create_reseller
from centers.tenancy.scoping import tenant
from tests.centers.tenancy.mails import link_in
from tests.factories import PASSWORD, ResellerFactory, member

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "violet tram 77 lemon"
#: What PostgreSQL's upper or lower, or Unicode's case folding, takes for `billing@clinic.example`.
LOOKALIKES = ["b\u0131lling@clinic.example", "billing@cl\u0131nic.example"]


@pytest.fixture
def reseller() -> Reseller:
    found: Reseller = ResellerFactory()
    return found


def signs_in(email: str, password: str = NEW_PASSWORD) -> bool:
    browser = Client()
    browser.post(reverse("account_login"), {"login": email, "password": password})
    return browser.get(reverse("profile")).status_code == 200


def mailed(reseller: Reseller, email: str, callback) -> str:
    """The token of the mailed link of an invitation of `email`."""
    with tenant(reseller), callback(execute=True):
        invite(reseller=reseller, email=email, role=Role.SUPPORT, by=None)
    return link_in(mail.outbox[-1]).strip("/").split("/")[-1]


def test_an_owner_created_with_capital_letters_signs_in_and_gets_reset_links(client: Client) -> None:
    create_reseller(name="Noor", owner_email="Huda@Noor.example", owner_password=NEW_PASSWORD)
    assert signs_in("huda@noor.example")
    assert signs_in("Huda@Noor.example")
    client.post(reverse("account_reset_password"), {"email": "HUDA@noor.example"})
    assert "no one signs" not in mail.outbox[0].body
    assert mail.outbox[0].to == ["huda@noor.example"]


def test_a_person_invited_with_capital_letters_signs_in_again_later(
    reseller: Reseller, django_capture_on_commit_callbacks
) -> None:
    token = mailed(reseller, "Amal@Example.com", django_capture_on_commit_callbacks)
    accept_with_password(token=token, name="Amal", password=NEW_PASSWORD, language="en")
    assert signs_in("amal@example.com")
    assert signs_in("AMAL@example.com")
    with tenant(reseller), pytest.raises(OperationRefused, match="already has access"):
        invite(reseller=reseller, email="aMal@example.com", role=Role.SUPPORT, by=None)


@pytest.mark.parametrize("address", LOOKALIKES)
def test_proof_of_an_address_that_only_looks_the_same_takes_no_account_over(
    reseller: Reseller, django_capture_on_commit_callbacks, address: str
) -> None:
    """An account whose address was not proven yet, as `create_reseller` makes it, would be handed to a stranger."""
    victim = member(ResellerFactory(), email="billing@clinic.example", email_proven_at=None)
    assert account_of(address) is None
    token = mailed(reseller, address, django_capture_on_commit_callbacks)
    accept_with_password(token=token, name="Eve", password=NEW_PASSWORD, language="en")
    victim.refresh_from_db()
    assert victim.check_password(PASSWORD)
    assert victim.email_proven_at is None
    assert not signs_in("billing@clinic.example")


def test_an_address_that_small_letters_make_unusable_is_refused(reseller: Reseller) -> None:
    with tenant(reseller), pytest.raises(OperationRefused, match="isn't an email address"):
        invite(reseller=reseller, email="B\u0130LLING@clinic.example", role=Role.SUPPORT, by=None)
    assert account_of("B\u0130LLING@clinic.example") is None


def test_a_proven_account_does_not_accept_for_a_lookalike(
    reseller: Reseller, django_capture_on_commit_callbacks
) -> None:
    person = member(ResellerFactory(), email="support@clinic.example", email_proven_at=clock.now())
    token = mailed(reseller, "\u017fupport@clinic.example", django_capture_on_commit_callbacks)
    with pytest.raises(OperationRefused, match="Sign in with that address"):
        accept_as(token=token, user=person)
