"""What is refused before any app is reached."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

LIMIT = 6 * 1024 * 1024


@pytest.mark.parametrize("declared", [str(LIMIT + 1), "9" * 40, "-1", "٣", "x"])
def test_a_request_that_is_too_large_is_refused_unread(client: Client, declared: str) -> None:
    response = client.post(reverse("account_login"), {"login": "x"}, CONTENT_LENGTH=declared)
    assert response.status_code == 413
    assert "6 MB" in response.content.decode()


@pytest.mark.django_db
def test_a_file_below_the_limit_reaches_its_page(client: Client) -> None:
    file = SimpleUploadedFile("x.csv", b"x" * (LIMIT - 10_000))
    response = client.post(reverse("account_login"), {"login": "x", "file": file})
    assert response.status_code == 200


def test_the_refusal_is_in_the_language_of_the_page(client: Client) -> None:
    client.cookies["django_language"] = "ar"
    response = client.post(reverse("account_login"), {}, CONTENT_LENGTH=str(LIMIT + 1))
    assert (response.status_code, response["Content-Language"]) == (413, "ar")
    assert "larger" not in response.content.decode()
