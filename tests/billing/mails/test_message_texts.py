"""Texts in a reseller's own words: of messages about alerts, and of mails to centers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from centers.errors import OperationRefused
from centers.models import AuditEntry, MessageText, Notification, Reseller, Role
from centers.notifications.compose import compose
from centers.notifications.log import TEST
from centers.notifications.message_texts import reset_text, save_text, wordings
from centers.notifications.outbox import News, notify
from centers.notifications.registry import kinds
from tests.billing.conftest import Shop
from tests.billing.mails.reading import message_of, the_mail
from tests.factories import member
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)


def words(shop: Shop, name: str, **text: Any) -> None:
    values = {"language": "en", "subject": "{subject}", "text": "{text}"} | text
    save_text(reseller=shop.reseller, name=name, by=member(shop.reseller), now=NOW, **values)


def test_a_mail_to_a_center_says_what_the_reseller_wrote(shop: Shop) -> None:
    shop.center.contact_name = "Noor {amount}"
    shop.center.save()
    words(
        shop,
        "invoice.issued",
        subject="Bill {invoice}",
        text="Dear {name},\n{amount_due} {{ 7*7 }} {nothing\n\n{text}",
    )
    invoice = shop.owe("10")
    message = message_of(the_mail())
    assert message.subject == f"Bill {invoice.number}"
    first, second, *rest = message.text.split("\n")
    assert first == "Dear Noor {amount},", "what a field holds is no template"
    assert second.endswith("USD {{ 7*7 }} {nothing")
    assert f"Your invoice {invoice.number} for" in "\n".join(rest)


def test_a_message_about_an_alert_says_what_the_reseller_wrote_in_its_language(shop: Shop) -> None:
    owner = member(shop.reseller, language="ar")
    words(
        shop,
        "alert.disconnected.team.open",
        language="ar",
        subject="انقطع {number}",
        text="{center}\n\n{advice}",
    )
    words(shop, "alert.disconnected.team.over", language="ar", subject="{number} عاد")
    number = shop.number(label="Reception")
    open_alert(reseller=shop.reseller, instance=number, kind=Alert.Kind.DISCONNECTED, detail="", now=NOW)
    row = Notification.objects.get(recipient=owner, event="first")
    message = compose(row, [row], NOW)
    assert message is not None
    assert message.subject == f"انقطع {number}"
    assert message.text.startswith(f"{shop.center}\n\n")
    row.recipient.language = "en"  # type: ignore[union-attr]
    standard = compose(row, [row], NOW)
    assert standard is not None
    assert "انقطع" not in standard.subject
    words(shop, "alert.disconnected.team.open", subject="{details}", text="{details}")
    empty = compose(row, [row], NOW)
    assert empty is not None
    assert (empty.subject, empty.text) == (standard.subject, standard.text), "an empty message isn't sent"
    resolve_alert(reseller=shop.reseller, instance=number, kind=Alert.Kind.DISCONNECTED, now=NOW)


def test_the_standard_text_comes_back(shop: Shop) -> None:
    words(shop, "invoice.issued", subject="Bill")
    assert MessageText.objects.count() == 1
    words(shop, "invoice.issued")
    assert MessageText.objects.count() == 0
    words(shop, "invoice.issued", subject="Bill")
    reset_text(
        reseller=shop.reseller, name="invoice.issued", language="en", by=member(shop.reseller), now=NOW
    )
    assert MessageText.objects.count() == 0
    assert AuditEntry.objects.filter(action="message_text.reset").count() == 2


@pytest.mark.parametrize("field", ["subject", "text"])
def test_a_field_that_the_message_does_not_have_is_refused(shop: Shop, field: str) -> None:
    with pytest.raises(OperationRefused, match=r"no field \{phone\}") as refusal:
        words(shop, "invoice.issued", **{field: "Call {phone}"})
    assert refusal.value.field == field


def test_every_kind_of_message_can_be_worded() -> None:
    names = [one.name for one in wordings()]
    # An invoice's and an alert's messages have several texts each, of which some are named after what happened.
    renamed = {"credit_note.issued": "invoice.credited", "invoice.warning": "invoice.final_warning"}
    for kind in kinds():
        if kind.group != TEST:
            begin = renamed.get(kind.name, kind.name)
            assert any(name == begin or name.startswith(f"{begin}.") for name in names), kind.name


def test_a_report_says_what_the_reseller_wrote(shop: Shop) -> None:
    words(shop, "report.weekly", subject="{reseller}, {dates}", text="Good morning.\n\n{text}")
    owner = member(shop.reseller)
    news = News(
        kind="report.weekly",
        about="report:weekly",
        event="first",
        people=[owner],
        context={"first": "2026-02-23", "end": "2026-03-02"},
    )
    notify(reseller=shop.reseller, news=[news], now=NOW)
    row = Notification.objects.get(recipient=owner)
    message = compose(row, [row], NOW)
    assert message is not None
    assert message.subject == f"{shop.reseller}, 23 Feb 2026 – 1 Mar 2026"
    assert message.text.startswith("Good morning.\n\n")


@pytest.fixture
def client(shop: Shop) -> Client:
    made = Client()
    made.force_login(member(shop.reseller))
    return made


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_message_has_a_page_with_an_example(shop: Shop, client: Client, language: str) -> None:
    shop.owe("10")
    number = shop.number(label="Reception")
    open_alert(reseller=shop.reseller, instance=number, kind=Alert.Kind.DISCONNECTED, detail="", now=NOW)
    listed = client.get(reverse("settings_texts", args=[shop.reseller.slug])).content.decode()
    for heading in ("Emails to centers", "Numbers, to your team", "Numbers, to the center"):
        assert listed.count(f">{heading}</h2>") == 1, heading
    for one in wordings():
        page = reverse("settings_text_edit", args=[shop.reseller.slug, one.name, language])
        assert page in listed
        response = client.get(page)
        assert response.status_code == 200, one.name
        content = response.context["standard"]
        with translation.override(language):
            assert set(one.fields) == set(content.fields), one.name
        assert content.wording == one.name


def test_a_preview_has_the_buttons_of_the_message(shop: Shop, client: Client) -> None:
    number = shop.number(label="Reception")
    open_alert(reseller=shop.reseller, instance=number, kind=Alert.Kind.DISCONNECTED, detail="", now=NOW)
    page = reverse("settings_text_edit", args=[shop.reseller.slug, "alert.disconnected.center.open", "en"])
    shown = client.get(page).content.decode()
    assert "Pair now</span>" in shown
    assert "Open the link on another screen" in shown


def test_a_preview_and_a_test_save_nothing(shop: Shop, client: Client) -> None:
    invoice = shop.owe("10")
    page = reverse("settings_text_edit", args=[shop.reseller.slug, "invoice.issued", "en"])
    form = {"subject": "Bill {invoice}", "text": "<b>{name}</b>"}
    answer = client.post(page, form | {"act": "preview"})
    assert answer.status_code == 200
    assert f"<strong>Bill {invoice.number}</strong>" in answer.content.decode()
    assert "&lt;b&gt;" in answer.content.decode()
    tried = client.post(page, form | {"act": "test"})
    assert (tried.status_code, "Bill {invoice}" in tried.content.decode()) == (200, True)
    row = Notification.objects.get(kind="own_text")
    message = compose(row, [row], NOW)
    assert message is not None
    assert message.subject == f"Bill {invoice.number}"
    assert client.post(page, form | {"act": "preview", "text": "{oops}"}).status_code == 422
    assert not MessageText.objects.exists()
    assert client.post(page, form).status_code == 302
    assert client.post(page, form | {"act": "reset"})["Location"] == page
    assert not MessageText.objects.exists()


@pytest.mark.parametrize("contact", ["help@noor.example", "+218 91 234 5678"])
def test_the_preview_has_the_resellers_name_logo_and_contact(
    shop: Shop, client: Client, contact: str
) -> None:
    Reseller.objects.update(name="Noor Connect", support_contact=contact, logo_version="7", colour="#aa3300")
    page = reverse("settings_text_edit", args=[shop.reseller.slug, "invoice.issued", "en"])
    shown = " ".join(client.get(page).content.decode().split())
    preview = shown[shown.index('class="card brand-preview"') : shown.index("Support contact")]
    assert reverse("logo", args=[shop.reseller.slug]) + "?v=7" in preview
    assert f"Noor Connect · <bdi>{contact}</bdi>" in preview
    assert ("replies go to" in preview) == ("@" in contact)
    assert ("Replies don't reach you" in preview.replace("&#x27;", "'")) == ("@" not in contact)
    assert 'data-brand="#aa3300"' in shown, "the color of the frame"


def test_only_who_manages_the_settings_changes_texts(shop: Shop) -> None:
    client = Client()
    client.force_login(member(shop.reseller, Role.SUPPORT))
    for name, more in (("settings_texts", []), ("settings_text_edit", ["invoice.issued", "en"])):
        assert client.get(reverse(name, args=[shop.reseller.slug, *more])).status_code == 403
    owner = Client()
    owner.force_login(member(shop.reseller))
    for more in (["invented", "en"], ["invoice.issued", "fr"]):
        assert owner.get(reverse("settings_text_edit", args=[shop.reseller.slug, *more])).status_code == 404
