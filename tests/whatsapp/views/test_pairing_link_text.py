"""A new pairing link comes with a text for the center, in its language, to its phone and address."""

import re
from html import unescape

import pytest
from django.conf import settings

from centers.models import Center
from tests.whatsapp.views.conftest import House


@pytest.mark.parametrize(("language", "hello"), [("en", "Hello,"), ("ar", "مرحبًا،")])
def test_the_link_is_sent_in_the_language_of_the_center(house: House, language: str, hello: str) -> None:
    Center.objects.model._base_manager.filter(pk=house.number.center_id).update(
        language=language, phone="+218912345678", email="clinic@example.com"
    )
    client = house.as_(house.support)
    path = house.url(f"instances/{house.number.pk}/pair/link/")
    page = client.post(path, headers={"HX-Request": "true"}).content.decode()
    texts = [unescape(text) for text in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)]
    link = re.search(r'data-copy="([^"]+)"', page)
    assert link
    assert link[1].startswith(settings.SITE_URL)
    assert [text.startswith(hello) and link[1] in text for text in texts] == [True, True]
    assert "https://wa.me/218912345678?text=" in page
    assert 'value="clinic@example.com"' in page
    assert "data-whatsapp" not in client.get(house.url(f"instances/{house.number.pk}/pair/")).content.decode()
