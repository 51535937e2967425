"""Every audit entry reads as a message, so that none makes the page of all the others unreadable."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from centers.audit.messages import _sentences, changes, entry_message
from centers.models import AuditEntry
from centers.notifications.message_texts import reset_text, save_text, wordings
from centers.notifications.preferences import save_preference
from centers.tenancy.scoping import tenant
from tests.factories import ResellerFactory, member

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_every_message_is_made_of_who_and_what_alone(language: str) -> None:
    """The entry holds nothing else for them: another field would end the page, for good."""
    assert len(_sentences) > 80, "the apps have registered theirs"
    with translation.override(language):
        for action in _sentences:
            entry = AuditEntry(action=action, actor_label="Amal", target_label="Noor")
            assert "%" not in entry_message(entry), action


def test_a_day_or_month_is_written_as_people_write_it() -> None:
    with translation.override("ar"):
        assert [named("gapitem", label) for label in ("2026-09", "2026-09-12")] == [
            "سبتمبر 2026",
            "12 سبتمبر 2026",
        ]
        assert named("center", "2026-09") == "2026-09", "a center's name is not a month"


def test_a_day_among_the_facts_is_written_as_people_write_it() -> None:
    entry = AuditEntry(action="invoice.issued", data={"first_day": "2026-11-01", "reference": "2026-02-30"})
    assert [new for _field, _old, new in changes(entry)] == ["1 Nov 2026", "2026-02-30"]


def named(of: str, label: str) -> str:
    entry = AuditEntry(action="gap.opened", target_type=of, target_label=label)
    return entry_message(entry).partition(": ")[2].strip("\u2068\u2069")


@pytest.mark.django_db
def test_a_text_of_ones_own_is_in_the_log(client: Client) -> None:
    reseller = ResellerFactory()
    owner = member(reseller, language="en")
    name = wordings()[0].name
    with tenant(reseller):
        text = {"reseller": reseller, "name": name, "language": "ar", "by": owner, "now": NOW}
        save_text(subject="{subject}!", text="{text}", **text)
        reset_text(**text)
        entries = list(AuditEntry.objects.filter(action__startswith="message_text.").order_by("pk"))
        assert [changes(entry) for entry in entries] == [[("Language", "", "Arabic")]] * 2
    client.force_login(owner)
    page = client.get(reverse("audit", args=[reseller.slug])).content.decode()
    assert "changed the text of a message: " in page
    assert "reset the text of a message: " in page
    file = client.get(reverse("audit_export", args=[reseller.slug, "csv"]))
    assert "Language: Arabic" in b"".join(file.streaming_content).decode()


@pytest.mark.django_db
def test_what_an_entry_is_about_is_named_in_the_language_of_its_reader() -> None:
    reseller = ResellerFactory()
    owner = member(reseller, language="ar")
    with tenant(reseller):
        with translation.override("ar"):
            save_text(
                reseller=reseller,
                name="alert.disconnected.center.over",
                language="ar",
                subject="{subject}!",
                text="{text}",
                by=owner,
                now=NOW,
            )
            channels = ["email", "push"]
            save_preference(
                reseller=reseller, group="numbers", user=owner, by=owner, now=NOW, channels=channels
            )
        text, choice = AuditEntry.objects.order_by("pk")
        assert entry_message(text).endswith(
            "changed the text of a message: Disconnected, resolved, to the center"
        )
        assert entry_message(choice).endswith("changed which messages they get: Numbers")
        assert changes(choice) == [("By", "", "Email, Browser push")]
        with translation.override("ar"):
            text, choice = AuditEntry.objects.order_by("pk")
            # In marks that keep the two apart.
            assert re.sub("[\u2068\u2069]", "", entry_message(text)).endswith(
                "غير متصل، بعد الحل، إلى المركز"
            )
            assert changes(choice) == [("عبر", "", "البريد الإلكتروني، إشعارات المتصفح")]
