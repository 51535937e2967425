"""Choosing a center in a form: from a list while there are few, by name when there are many."""

import pytest
from django import forms

from centers import center_field
from centers.center_field import CenterField
from centers.models import Center, Reseller
from centers.queries import countries
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, ResellerFactory

pytestmark = pytest.mark.django_db


class Chooser(forms.Form):
    center = CenterField(None, required=False)


@pytest.fixture
def reseller() -> Reseller:
    made: Reseller = ResellerFactory()
    for name, country in (("Al Noor", "3"), ("Al Noor Two", "1"), ("Waha", "3"), ("Last", "")):
        CenterFactory(reseller=made, name=name, country_id=country)
    CenterFactory(reseller=ResellerFactory(), name="Foreign", country_id="9")
    return made


def chosen(reseller: Reseller, text: str) -> Chooser:
    with tenant(reseller):
        form = Chooser({"center": text})
        form.fields["center"].offer(Center.objects.all())  # type: ignore[attr-defined]
        form.is_valid()
    return form


def test_few_centers_are_a_list(reseller: Reseller) -> None:
    with tenant(reseller):
        first = Center.objects.earliest("pk")
    form = chosen(reseller, str(first.pk))
    assert form.cleaned_data["center"] == first
    assert isinstance(form.fields["center"].widget, forms.Select)


@pytest.mark.parametrize(
    ("text", "name"), [("waha", "Waha"), ("al  NOOR", "Al Noor"), ("Two", "Al Noor Two"), ("", None)]
)
def test_many_are_found_by_name(
    reseller: Reseller, text: str, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(center_field, "MOST", 3)
    form = chosen(reseller, text)
    assert (form.cleaned_data["center"] and form.cleaned_data["center"].name) == name


@pytest.mark.parametrize(
    ("text", "error"),
    [("noo", "“Al Noor”, “Al Noor Two”"), ("Foreign", "No center"), ("1", "No center"), ("%", "No center")],
)
def test_what_is_not_clear_is_asked_again(
    reseller: Reseller, text: str, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(center_field, "MOST", 3)
    form = chosen(reseller, text)
    assert error in form.errors["center"][0]
    assert f'value="{text}"' in str(form["center"])


def test_a_center_that_is_given_is_named(reseller: Reseller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(center_field, "MOST", 3)
    with tenant(reseller):
        form = Chooser(initial={"center": Center.objects.get(name="Waha")})
        form.fields["center"].offer(Center.objects.all())  # type: ignore[attr-defined]
    assert 'value="Waha"' in str(form["center"])


def test_the_countries_are_those_of_the_resellers_centers(reseller: Reseller) -> None:
    with tenant(reseller):
        assert [one for one, _name in countries(reseller)] == ["1", "3"]
    assert countries(ResellerFactory()) == ()
