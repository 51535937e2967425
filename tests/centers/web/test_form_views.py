"""What views of forms share, and the forms of centers' pages: errors are shown, beside their field if there is one."""

from typing import Any

import pytest
from django import forms
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from centers.errors import OperationRefused
from centers.models import Center, Invitation, Reseller
from centers.tenancy.invitations import invite
from centers.tenancy.scoping import tenant
from centers.web.form_views import form_status, performed, posted, saved
from tests.factories import CenterFactory, ResellerFactory, member
from tests.pages import field_errors, top_errors


class _Form(forms.Form):
    name = forms.CharField()
    day = forms.DateField(required=False)


def _refuse(field: str = "") -> None:
    raise OperationRefused("Not today.", field=field)


@pytest.mark.parametrize(
    ("named", "error_field", "place"),
    [
        ("", None, "__all__"),
        ("", "name", "name"),
        ("day", None, "day"),
        ("day", "name", "day"),
        ("elsewhere", "name", "name"),
        ("elsewhere", None, "__all__"),
    ],
)
def test_a_refusal_is_placed(named: str, error_field: str | None, place: str) -> None:
    form = _Form({"name": "Noor"})
    assert not saved(form, lambda: _refuse(named), error_field=error_field)
    assert form.errors == {place: ["Not today."]}


@pytest.mark.parametrize("data", [None, {}, {"name": "Noor", "day": "x"}])
def test_an_operation_runs_only_for_a_valid_form(data: dict[str, str] | None) -> None:
    calls: list[int] = []
    assert not saved(_Form(data), lambda: calls.append(1))
    assert saved(_Form({"name": "Noor"}), lambda: calls.append(2))
    assert calls == [2]


def test_another_exception_is_not_an_error_of_the_form() -> None:
    with pytest.raises(ZeroDivisionError):
        saved(_Form({"name": "Noor"}), lambda: 1 / 0)


def test_an_empty_post_binds_a_form_and_a_get_does_not() -> None:
    requests = RequestFactory()
    assert form_status(_Form(posted(requests.post("/")))) == 422
    assert form_status(_Form(posted(requests.get("/", {"name": "x"})))) == 200


def _said(request: HttpRequest) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in messages.get_messages(request)]


def test_a_button_says_what_was_done_or_why_not() -> None:
    request = RequestFactory().post("/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    assert performed(request, lambda: None, "Done.")
    assert performed(request, lambda: None)
    assert not performed(request, _refuse, "Done.")
    assert _said(request) == [("success", "Done."), ("error", "Not today.")]


@pytest.fixture
def reseller(db: None) -> Reseller:
    return ResellerFactory()


@pytest.fixture
def owner(reseller: Reseller, client: Client) -> Client:
    client.force_login(member(reseller))
    return client


def test_an_empty_post_is_answered_with_what_is_missing(reseller: Reseller, owner: Client) -> None:
    center = CenterFactory(reseller=reseller)
    names = {
        "center_add": (),
        "center_edit": (center.pk,),
        "center_archive": (center.pk,),
        "settings": (),
        "team_invite": (),
        "center_invite": (center.pk,),
    }
    for name, args in names.items():
        response = owner.post(reverse(name, args=[reseller.slug, *args]))
        assert (response.status_code, bool(field_errors(response))) == (422, True), name


def test_a_refusal_of_the_security_rule_stands_beside_it(reseller: Reseller, owner: Client) -> None:
    response = owner.post(reverse("settings_security", args=[reseller.slug]), {"mfa_required": "on"})
    assert response.status_code == 422
    assert "for yourself first" in field_errors(response)["mfa_required"]
    reseller.refresh_from_db()
    assert not reseller.mfa_required


def test_a_name_in_use_is_refused_beside_the_name_and_the_page_keeps_the_stored_one(
    reseller: Reseller, owner: Client
) -> None:
    CenterFactory(reseller=reseller, name="Nile")
    center = CenterFactory(reseller=reseller, name="Al Noor", currency="USD", language="en")
    data = {"name": "nile", "currency": "USD", "language": "en"}
    response = owner.post(reverse("center_edit", args=[reseller.slug, center.pk]), data)
    assert "already exists" in field_errors(response)["name"]
    assert 'value="nile"' in response.content.decode()
    assert response.context["center"].name == "Al Noor"


def _invite(owner: Client, center: Center, htmx: bool, **data: str) -> Any:
    headers = {"HX-Request": "true", "HX-Target": "center-people"} if htmx else {}
    url = reverse("center_invite", args=[center.reseller.slug, center.pk])
    return owner.post(url, {"email": "mona@nile.example", "role": "center_admin"} | data, headers=headers)


@pytest.mark.parametrize("htmx", [True, False])
def test_an_invitation_to_a_center_keeps_what_was_typed(
    reseller: Reseller, owner: Client, htmx: bool
) -> None:
    center = CenterFactory(reseller=reseller)
    response = _invite(owner, center, htmx, role="")
    assert response.status_code == 422
    page = response.content.decode()
    assert 'value="mona@nile.example"' in page
    assert set(field_errors(response)) == {"role"}
    assert ("<html" in page) is not htmx

    with tenant(reseller):
        invite(reseller=reseller, center=center, email="mona@nile.example", role="center_admin", by=None)
    assert "already been invited" in field_errors(_invite(owner, center, htmx))["email"]


@pytest.mark.parametrize("htmx", [True, False])
def test_an_invitation_to_an_archived_center_says_so(reseller: Reseller, owner: Client, htmx: bool) -> None:
    response = _invite(owner, CenterFactory(reseller=reseller, archived_at=timezone.now()), htmx)
    assert (response.status_code, "is archived" in top_errors(response)) == (422, True)


def test_an_invitation_without_htmx_leads_to_the_center(reseller: Reseller, owner: Client) -> None:
    center = CenterFactory(reseller=reseller)
    response = _invite(owner, center, False)
    assert response["Location"] == reverse("center", args=[reseller.slug, center.pk])
    with tenant(reseller):
        assert Invitation.objects.get().email == "mona@nile.example"
