"""The pages can be installed as an app, and the service worker may care for all of them."""

import json

import pytest
from django.contrib.staticfiles import finders
from PIL import Image

pytestmark = pytest.mark.django_db


def test_the_manifest_names_pictures_that_exist_and_a_direction(client):
    response = client.get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    document = json.loads(response.content)
    assert document["dir"] == "ltr"
    assert {icon["sizes"] for icon in document["icons"]} == {"192x192", "512x512"}
    for icon in document["icons"]:
        with Image.open(str(finders.find(icon["src"].removeprefix("/static/")))) as picture:
            assert "x".join(map(str, picture.size)) == icon["sizes"]
    arabic = json.loads(client.get("/manifest.webmanifest", HTTP_ACCEPT_LANGUAGE="ar").content)
    assert (arabic["lang"], arabic["dir"]) == ("ar", "rtl")


def test_the_service_worker_comes_from_the_root_with_the_policy_intact(client):
    response = client.get("/service-worker.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"] or "max-age=0" in response["Cache-Control"]
    script = response.content.decode()
    assert "showNotification" in script
    assert "importScripts" not in script


def test_every_page_links_the_manifest(client):
    assert b'rel="manifest" href="/manifest.webmanifest"' in client.get("/accounts/login/").content
