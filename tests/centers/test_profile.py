"""What people change about themselves."""

import pytest
from django.test import Client
from django.urls import reverse

from centers.forms import ProfileForm
from centers.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_person_saves_name_language_and_theme_and_nothing_else(client: Client) -> None:
    person: User = UserFactory(email="amal@example.com")
    client.force_login(person)
    typed = {"name": "Amal", "language": "ar", "theme": "dark"}
    response = client.post(
        reverse("profile"), {**typed, "email": "owner@example.com", "is_active": "", "password": "x"}
    )
    assert response.status_code == 302
    assert response.cookies["theme"].value == "dark"
    after = User.objects.get(pk=person.pk)
    assert (after.name, after.language, after.theme) == ("Amal", "ar", "dark")
    assert (after.email, after.is_active, after.password) == (person.email, True, person.password)


def test_a_wrong_value_is_said_and_changes_nothing(client: Client) -> None:
    person: User = UserFactory(name="Amal")
    client.force_login(person)
    response = client.post(reverse("profile"), {"name": "Huda", "language": "xx", "theme": "dark"})
    assert response.status_code == 422
    assert "Huda" in response.content.decode()
    assert User.objects.get(pk=person.pk).name == "Amal"


def test_saving_a_profile_brings_no_old_password_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    person: User = UserFactory()
    client.force_login(person)

    def reset_meanwhile(form: ProfileForm) -> str:
        User.objects.filter(pk=person.pk).update(password="another")
        return str(form.cleaned_data["name"])

    monkeypatch.setattr(ProfileForm, "clean_name", reset_meanwhile, raising=False)
    client.post(reverse("profile"), {"name": "Amal", "language": "ar", "theme": "dark"})
    after = User.objects.get(pk=person.pk)
    assert (after.name, after.password) == ("Amal", "another")
