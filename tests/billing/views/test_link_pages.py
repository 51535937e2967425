"""Pages that a link in a message opens look like the message: whose it is, and in the language of who got it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from billing.invoice_links import LIFE, invoice_url, revoke_links
from billing.models import PriceLink
from billing.pricing.links import make_link, prices_url, revoke_link
from centers import clock
from centers.models import Center, Reseller, User
from centers.notifications import links
from centers.tenancy.scoping import tenant
from tests.billing.views.conftest import Desk
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.models import Alert, Connection, Instance, PairingLink
from whatsapp.notifications.link_actions import ACKNOWLEDGE
from whatsapp.pairing.message_links import message_link

COLOR = "#7a1f5c"


def action(desk: Desk) -> str:
    with tenant(desk.reseller):
        open_alert(reseller=desk.reseller, kind=Alert.Kind.QUOTA_LOW, now=clock.now())
        about = f"alert:{Alert.objects.latest('pk').pk}"
    return links.action_url(ACKNOWLEDGE, reseller=desk.reseller.pk, user=desk.owner.pk, about=about)


def leaving(desk: Desk) -> str:
    token = links.unsubscribe_token(reseller=desk.reseller.pk, user=desk.owner.pk, group="money")
    return reverse("notifications_unsubscribe", args=[token])


def pairing(desk: Desk) -> str:
    with tenant(desk.reseller):
        number = desk.shop.number(desk.center)
        Instance.objects.filter(pk=number.pk).update(connection=Connection.DISCONNECTED)
        number.refresh_from_db()
        return reverse("pairing_link", args=[message_link(instance=number, now=clock.now())])


def invoice(desk: Desk) -> str:
    with tenant(desk.reseller):
        return invoice_url(desk.invoice).removeprefix(settings.SITE_URL)


def prices(desk: Desk) -> str:
    with tenant(desk.reseller):
        link = make_link(center=desk.center, by=None, now=clock.now())
        return prices_url(link).removeprefix(settings.SITE_URL)


@pytest.fixture
def arabic(desk: Desk) -> Desk:
    """Who gets the messages reads Arabic, at a reseller who writes English."""
    Reseller.objects.filter(pk=desk.reseller.pk).update(name="Tripoli Talk", colour=COLOR, language="en")
    Center.objects.model._base_manager.filter(pk=desk.center.pk).update(language="ar")
    User.objects.filter(pk=desk.owner.pk).update(language="ar")
    desk.reseller.refresh_from_db()
    desk.center.refresh_from_db()
    desk.center.reseller = desk.reseller
    return desk


def look(path: str, *, cookie: str = "", status: int = 200) -> dict[str, object]:
    """What a person sees who opens the link in a browser that is set to English."""
    client = Client(headers={"Accept-Language": "en"})
    if cookie:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == status
    assert (page["Cache-Control"], page["X-Robots-Tag"]) == ("private, no-store", "noindex, nofollow")
    return {
        "language": page["Content-Language"],
        "arabic": bool(re.search(r'<html lang="ar"\s+dir="rtl"', text)),
        "color": f'data-brand="{COLOR}"' in text,
        "name": '<span class="brand-name">Tripoli Talk</span>' in text,
    }


@pytest.mark.parametrize("link", [action, leaving, pairing, invoice, prices])
def test_it_has_the_senders_look_and_the_recipients_language(
    arabic: Desk, link: Callable[[Desk], str]
) -> None:
    path = link(arabic)
    seen = {"language": "ar", "arabic": True, "color": True, "name": True}
    assert look(path) == seen
    assert look(path, cookie="en") == seen | {"language": "en", "arabic": False}, (
        "what was chosen here is first"
    )


def test_who_chose_no_language_is_answered_in_the_resellers(arabic: Desk) -> None:
    User.objects.filter(pk=arabic.owner.pk).update(language="")
    Reseller.objects.filter(pk=arabic.reseller.pk).update(language="ar")
    assert look(action(arabic))["language"] == "ar"


def test_what_cannot_be_done_any_longer_is_said_with_the_same_look(arabic: Desk) -> None:
    path = action(arabic)
    with tenant(arabic.reseller):
        Alert.objects.update(resolved_at=clock.now())
    seen = {"language": "ar", "arabic": True, "color": True, "name": True}
    assert look(path, status=404) == seen
    path = pairing(arabic)
    with tenant(arabic.reseller):
        PairingLink.objects.update(expires_at=clock.now() - timedelta(minutes=1))
    assert look(path, status=404) == seen


@pytest.mark.parametrize("link", [action, leaving, invoice, prices])
def test_when_its_time_is_over_it_still_says_whose_it_was(arabic: Desk, link: Callable[[Desk], str]) -> None:
    Reseller.objects.filter(pk=arabic.reseller.pk).update(support_contact="+218 91 222 3344")
    path = link(arabic)
    with time_machine.travel(clock.now() + links.UNSUBSCRIBE_LIFE + timedelta(minutes=1)):
        assert look(path, status=404) == {"language": "ar", "arabic": True, "color": True, "name": True}
        text = Client(headers={"Accept-Language": "en"}).get(path).content.decode()
    assert re.search(r"<h1>\s*لم يعد هذا الرابط يعمل\s*</h1>", text)
    assert ("اطلب رابطًا جديدًا" if link in (invoice, prices) else "سجّل الدخول لت") in text
    assert ("+218 91 222 3344" in text) == (link in (invoice, prices))
    for name in (arabic.center.name, arabic.invoice.number):
        assert name not in text, "of what it opened nothing is left"


def test_over_or_not_a_link_that_was_withdrawn_has_no_sender(arabic: Desk) -> None:
    unknown = {"language": "en", "arabic": False, "color": False, "name": False}
    paths = [invoice(arabic), prices(arabic), action(arabic)]
    with tenant(arabic.reseller):
        revoke_links(invoice=arabic.invoice, by=None, now=clock.now())
        revoke_link(link=PriceLink.objects.get(), by=None, now=clock.now())
    paths += [invoice(arabic), prices(arabic)]
    Center.objects.model._base_manager.filter(pk=arabic.center.pk).update(email="other@center.example")
    User.objects.filter(pk=arabic.owner.pk).update(is_active=False)
    for path in paths:
        assert look(path, status=404) == unknown, path
        with time_machine.travel(clock.now() + LIFE + timedelta(minutes=1)):
            assert look(path, status=404) == unknown, path


def test_an_invented_link_has_no_sender(arabic: Desk) -> None:
    for name in (
        "notification_action",
        "notifications_unsubscribe",
        "pairing_link",
        "invoice_link",
        "price_link",
    ):
        seen = look(reverse(name, args=["invented"]), status=404)
        assert seen == {"language": "en", "arabic": False, "color": False, "name": False}, name
