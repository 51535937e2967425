"""The doors of the staff pages and of the portal, and who holds which right."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from structlog.testing import capture_logs

from centers import clock
from centers.models import Membership, Reseller, Role
from centers.tenancy.permissions import GRANTS, Permission, may
from tests.factories import CenterFactory, InstanceFactory, ResellerFactory, UserFactory, member

pytestmark = pytest.mark.django_db


def test_no_role_of_a_center_holds_a_right_of_staff() -> None:
    portal = {Permission.PORTAL_VIEW, Permission.PORTAL_PAIR, Permission.PORTAL_WEBHOOK}
    assert GRANTS[Role.CENTER_ADMIN] | GRANTS[Role.CENTER_VIEWER] == portal
    for role in (Role.OWNER, Role.BILLING, Role.SUPPORT):
        assert not GRANTS[role] & portal
    assert not may(Role.SUPPORT, Permission.VIEW_COSTS)
    assert may(Role.OWNER, Permission.MANAGE_TEAM)
    assert not may("inventor", Permission.VIEW)


@pytest.fixture
def reseller() -> Reseller:
    found: Reseller = ResellerFactory()
    return found


def home(reseller: Reseller) -> str:
    return reverse("staff_home", args=[reseller.slug])


def test_a_fragment_of_a_signed_out_page_sends_the_whole_page_to_sign_in(reseller: Reseller) -> None:
    here = home(reseller)
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{here}?q=1"}
    answer = Client().get(here, headers=headers)
    assert answer["HX-Redirect"] == f"{reverse('account_login')}?next={here}%3Fq%3D1"
    elsewhere = Client().get(here, headers=headers | {"HX-Current-URL": "https://evil.example/"})
    assert elsewhere["HX-Redirect"] == f"{reverse('account_login')}?next=/"


def test_where_two_factor_sign_in_is_required_nothing_else_is_shown_first(
    reseller: Reseller, client: Client
) -> None:
    owner = member(reseller)
    Reseller.objects.filter(pk=reseller.pk).update(mfa_required=True)
    client.force_login(owner)
    assert client.get(home(reseller))["Location"] == reverse("mfa_index")
    part = client.get(home(reseller), headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (200, reverse("mfa_index"))
    Authenticator.objects.create(user=owner, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.get(home(reseller)).status_code == 200


def test_an_archived_center_has_no_portal(reseller: Reseller, client: Client) -> None:
    center = CenterFactory(reseller=reseller)
    client.force_login(member(reseller, Role.CENTER_ADMIN, center))
    url = reverse("portal_home", args=[center.pk])
    assert client.get(url).status_code == 200
    center.archived_at = clock.now()
    center.save()
    assert client.get(url).status_code == 404


def test_staff_get_404_in_a_portal_and_a_portals_people_in_the_staff_pages(
    reseller: Reseller, client: Client
) -> None:
    center = CenterFactory(reseller=reseller)
    client.force_login(member(reseller))
    assert client.get(reverse("portal_home", args=[center.pk])).status_code == 404
    client.force_login(member(reseller, Role.CENTER_ADMIN, center))
    assert client.get(home(reseller)).status_code == 404


def test_a_role_too_small_gets_403(reseller: Reseller, client: Client) -> None:
    client.force_login(member(reseller, Role.SUPPORT))
    assert client.get(reverse("team", args=[reseller.slug])).status_code == 403
    center = CenterFactory(reseller=reseller)
    client.force_login(member(reseller, Role.CENTER_VIEWER, center))
    assert client.get(reverse("portal_webhook", args=[center.pk, 1])).status_code == 403


def test_a_refusal_keeps_the_frame_and_names_the_role_and_who_can_help(
    reseller: Reseller, client: Client
) -> None:
    member(reseller, Role.OWNER, name="Huda Salem")
    member(reseller, Role.BILLING, name="Colleague Canary")
    client.force_login(member(reseller, Role.SUPPORT))
    answer = client.get(reverse("team", args=[reseller.slug]))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert 'class="sidebar"' in page
    assert "<strong>Support</strong>" in page
    assert "Huda Salem" in page
    assert "Colleague Canary" not in page
    part = client.get(reverse("team", args=[reseller.slug]), headers={"HX-Request": "true"})
    assert part.status_code == 403
    assert "Your role, Support, doesn&#x27;t allow this." in part.content.decode()
    assert "<html" not in part.content.decode()


def test_what_is_not_there_is_a_page_to_people_and_a_sentence_to_htmx(
    reseller: Reseller, client: Client
) -> None:
    client.force_login(member(reseller))
    whole = client.get("/r/no-such-reseller/")
    part = client.get("/r/no-such-reseller/", headers={"HX-Request": "true"})
    boosted = client.get("/r/no-such-reseller/", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert [answer.status_code for answer in (whole, part, boosted)] == [404] * 3
    assert "Page not found" in whole.content.decode()
    assert "Page not found" in boosted.content.decode()
    assert part.content.decode() == "This no longer exists. Reload the page to see the latest."


def test_a_refusal_by_a_view_itself_looks_the_same(reseller: Reseller, client: Client) -> None:
    client.force_login(member(reseller, Role.SUPPORT))
    answer = client.post(reverse("job_run", args=[reseller.slug, "invoices"]))
    assert answer.status_code == 403
    assert 'class="sidebar"' in answer.content.decode()
    assert "<strong>Support</strong>" in answer.content.decode()


def test_a_portals_refusal_names_its_admins_and_no_one_of_the_reseller(
    reseller: Reseller, client: Client
) -> None:
    center = CenterFactory(reseller=reseller)
    member(reseller, Role.OWNER, name="Owner Canary")
    member(reseller, Role.CENTER_ADMIN, center, name="Amal Said")
    member(reseller, Role.CENTER_ADMIN, CenterFactory(reseller=reseller), name="Neighbor Canary")
    member(reseller, Role.CENTER_VIEWER, center, name="Viewer Canary")
    client.force_login(member(reseller, Role.CENTER_VIEWER, center))
    number = InstanceFactory(center=center)
    answer = client.get(reverse("portal_pair", args=[center.pk, number.pk]))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Amal Said" in page
    for other in ("Owner Canary", "Neighbor Canary", "Viewer Canary"):
        assert other not in page
    assert "Center viewer" in page


def test_signed_out_people_are_sent_to_sign_in_from_both_doors(reseller: Reseller) -> None:
    center = CenterFactory(reseller=reseller)
    for url in (home(reseller), reverse("portal_home", args=[center.pk])):
        assert Client().get(url)["Location"] == f"{reverse('account_login')}?next={url}"


def test_the_first_page_depends_on_where_one_belongs(reseller: Reseller, client: Client) -> None:
    person = UserFactory()
    assert Client().get("/")["Location"].startswith(reverse("account_login"))
    client.force_login(person)
    assert "have access yet" in client.get("/").content.decode()
    Membership.objects.create(user=person, reseller=reseller, role=Role.OWNER)
    assert client.get("/")["Location"] == home(reseller)
    center = CenterFactory(reseller=reseller)
    Membership.objects.create(user=person, reseller=reseller, center=center, role=Role.CENTER_ADMIN)
    chooser = client.get("/").content.decode()
    assert home(reseller) in chooser
    assert reverse("portal_home", args=[center.pk]) in chooser


def test_the_language_switch_goes_back_to_pages_of_ours_alone(client: Client) -> None:
    answer = client.post(reverse("set_language"), {"language": "ar", "next": "/profile/"})
    assert (answer["Location"], answer.cookies["django_language"].value) == ("/profile/", "ar")
    answer = client.post(reverse("set_language"), {"language": "xx", "next": "//evil.example/"})
    assert answer["Location"] == "/"
    assert "django_language" not in answer.cookies


def test_a_refused_stranger_is_logged_at_both_doors(reseller: Reseller, client: Client) -> None:
    center = CenterFactory(reseller=reseller)
    person = member(ResellerFactory())
    client.force_login(person)
    for address in (home(reseller), reverse("portal_home", args=[center.pk])):
        with capture_logs() as logs:
            assert client.get(address).status_code == 404
        [entry] = [log for log in logs if log["event"] == "access_refused"]
        assert (entry["path"], entry["who"], entry["user_id"]) == (address, "stranger", person.pk)
