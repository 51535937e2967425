"""What people change about themselves."""

import pytest
from django.test import Client
from django.urls import reverse

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
