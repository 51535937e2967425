"""A removed, demoted or locked out person is refused at the next request, in every browser."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from centers import clock
from centers.models import Center, Membership, Reseller, Role, User
from centers.models.tenancy import CENTER_ROLES
from centers.tenancy.invitation_links import InvitationUnusable
from centers.tenancy.invitations import accept_with_password, invite
from centers.tenancy.lifecycle import archive_center, restore_center
from centers.tenancy.scoping import tenant
from centers.tenancy.team import change_role, remove_member
from tests.factories import PASSWORD, CenterFactory, ResellerFactory, UserFactory, member

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")
SMALLER = {
    Role.OWNER: (Role.SUPPORT, "team"),
    Role.BILLING: (Role.SUPPORT, "prices"),
    Role.SUPPORT: (Role.BILLING, "center_add"),
    Role.CENTER_ADMIN: (Role.CENTER_VIEWER, "portal_pair"),
    Role.CENTER_VIEWER: (Role.CENTER_VIEWER, "portal_pair"),
}


@dataclass
class Seat:
    """A person with one role, signed in in two browsers."""

    person: User
    membership: Membership
    reseller: Reseller
    center: Center

    def __post_init__(self) -> None:
        self.browsers = [Client(), Client()]
        for browser in self.browsers:
            browser.post(LOGIN, {"login": self.person.email, "password": PASSWORD})

    @property
    def home(self) -> str:
        if self.membership.center_id:
            return reverse("portal_home", args=[self.center.pk])
        return reverse("staff_home", args=[self.reseller.slug])

    def url(self, name: str) -> str:
        """A page of the seat's place by the name of its address."""
        if name.startswith("portal_"):
            return reverse(name, args=[self.center.pk, 1])
        return reverse(name, args=[self.reseller.slug])

    def statuses(self, url: str = "") -> list[int]:
        return [browser.get(url or self.home).status_code for browser in self.browsers]


@pytest.fixture(params=list(Role))
def seat(request: pytest.FixtureRequest) -> Seat:
    reseller = ResellerFactory()
    center = CenterFactory(reseller=reseller)
    member(reseller)  # an owner who stays
    person = member(reseller, request.param, center if request.param in CENTER_ROLES else None)
    found = Seat(person, person.memberships.get(), reseller, center)
    assert found.statuses() == [200, 200]
    return found


def removed(seat: Seat) -> None:
    remove_member(membership=seat.membership, by=None)


def deactivated(seat: Seat) -> None:
    User.objects.filter(pk=seat.person.pk).update(is_active=False)


def with_a_new_password(seat: Seat) -> None:
    seat.person.set_password("violet tram 77 lemon")
    seat.person.save()


@pytest.mark.parametrize(
    ("operation", "status"),
    [(removed, 404), (deactivated, 302), (with_a_new_password, 302)],
    ids=["removed", "deactivated", "new password"],
)
def test_the_next_request_of_every_browser_is_refused(
    seat: Seat, operation: Callable[[Seat], None], status: int
) -> None:
    with tenant(seat.reseller):
        operation(seat)
    assert seat.statuses() == [status, status]
    assert seat.statuses(
        seat.url("live_token" if seat.membership.center_id is None else "portal_webhook")
    ) == [
        status,
        status,
    ]


def test_a_smaller_role_counts_at_once(seat: Seat) -> None:
    smaller, page = SMALLER[Role(seat.membership.role)]
    with tenant(seat.reseller):
        change_role(membership=seat.membership, role=smaller, by=None)
    assert seat.statuses(seat.url(page)) == [403, 403]
    assert seat.statuses() == [200, 200]


def test_an_archived_center_shuts_its_people_out_and_a_restored_one_lets_them_in(seat: Seat) -> None:
    inside = 404 if seat.membership.center_id else 200
    with tenant(seat.reseller):
        archive_center(center=seat.center, by=None)
    assert seat.statuses() == [inside, inside]
    with tenant(seat.reseller):
        restore_center(center=seat.center, by=None)
    assert seat.statuses() == [200, 200]


def test_the_team_that_must_use_two_factors_is_led_to_them_at_once(seat: Seat) -> None:
    Reseller.objects.filter(pk=seat.reseller.pk).update(mfa_required=True)
    led = 200 if seat.membership.center_id else 302
    assert seat.statuses() == [led, led]


def test_a_new_password_keeps_the_browser_it_was_typed_in_alone(seat: Seat) -> None:
    here, there = seat.browsers
    typed = {
        "oldpassword": PASSWORD,
        "password1": "violet tram 77 lemon",
        "password2": "violet tram 77 lemon",
    }
    assert here.post(reverse("account_change_password"), typed).status_code == 302
    assert (here.get(seat.home).status_code, there.get(seat.home).status_code) == (200, 302)


def test_other_browsers_can_be_signed_out(seat: Seat) -> None:
    here, there = seat.browsers
    assert here.get(reverse("usersessions_list")).content.decode().count("since") >= 2
    here.post(reverse("usersessions_list"))
    assert (here.get(seat.home).status_code, there.get(seat.home).status_code) == (200, 302)


def test_what_a_removed_member_invited_opens_nothing(seat: Seat) -> None:
    with tenant(seat.reseller):
        center = seat.center if seat.membership.center_id else None
        role = Role.CENTER_VIEWER if center else Role.SUPPORT
        _row, theirs = invite(
            reseller=seat.reseller, email="friend@example.com", role=role, center=center, by=seat.person
        )
        remove_member(membership=seat.membership, by=None)
    with pytest.raises(InvitationUnusable):
        accept_with_password(
            token=theirs, name="x", password="violet tram 77 lemon", language="en", now=clock.now()
        )
    assert not User.objects.filter(email="friend@example.com").exists()


def test_an_invitation_is_for_the_address_it_was_sent_to(client: Client) -> None:
    reseller = ResellerFactory()
    with tenant(reseller):
        _row, token = invite(reseller=reseller, email="amal@example.com", role=Role.OWNER, by=None)
    client.force_login(UserFactory(email="other@example.com"))
    assert client.post(reverse("invitation", args=[token])).status_code == 422
    assert not Membership.objects.filter(reseller=reseller).exists()
