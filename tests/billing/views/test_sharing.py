"""The links to an invoice and to a price list, with a text in the center's language and amounts it may see."""

import re
from html import unescape

from django.conf import settings

from centers.models import Center
from tests.billing.views.conftest import CANARY, Desk


def texts_on(desk: Desk, path: str) -> list[str]:
    page = desk.as_(desk.owner).get(desk.url(path)).content.decode()
    return [unescape(text) for text in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)]


def arabic(desk: Desk) -> None:
    rows = Center.objects.model._base_manager.filter(pk=desk.center.pk)
    rows.update(language="ar", phone="+218912345678", email="center@example.com", contact_name="")


def test_an_invoice_is_sent_in_the_centers_language_with_its_amount_and_day(desk: Desk) -> None:
    arabic(desk)
    on_whatsapp, by_email = texts_on(desk, f"invoices/{desk.invoice.pk}/")
    assert on_whatsapp == by_email
    assert on_whatsapp.startswith("مرحبًا")
    assert f"{settings.SITE_URL}/c/{desk.center.pk}/invoices/{desk.invoice.pk}/" in on_whatsapp
    assert desk.invoice.number in on_whatsapp
    page = desk.as_(desk.owner).get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert "https://wa.me/218912345678?text=" in page
    assert 'value="center@example.com"' in page


def test_a_price_list_is_sent_without_a_price(desk: Desk) -> None:
    arabic(desk)
    page = desk.as_(desk.owner).get(desk.url(f"centers/{desk.center.pk}/prices/")).content.decode()
    texts = [unescape(text) for text in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)]
    assert len(texts) == 2
    assert f"{settings.SITE_URL}/c/{desk.center.pk}/prices/" in texts[0]
    assert CANARY not in texts[0]
    assert "مرحبًا" in texts[0]
