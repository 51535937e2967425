"""The migration to the outbox, there and back: what waited is sent, and what was sent stays in the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from billing.dunning.suspension import suspend
from billing.models import Invoice, Reminder
from centers.notifications.delivery import deliver_due
from tests.billing.conftest import NOW, Shop
from tests.billing.dunning.test_dunning import at, dun
from tests.billing.mails.reading import mails

BEFORE = "0005_rate_lists_wait"
LATER = NOW + timedelta(days=1)


@dataclass
class Past:
    """Three centers that were invoiced and reminded; the first is suspended, which it does not know yet."""

    shop: Shop
    invoices: list[Invoice]

    def deliver(self) -> int:
        return deliver_due(reseller=self.shop.reseller, now=at(10))


@pytest.fixture
def past(committed_shop: Shop, mailoutbox: list[Any]) -> Iterator[Past]:
    shop = committed_shop
    invoices = [shop.owe("10"), shop.owe("20", shop.new_center()), shop.owe("30", shop.new_center())]
    deliver_due(reseller=shop.reseller, now=at(-3))
    dun(shop, 4)  # the reminder of the third day; two earlier ones are skipped
    assert suspend(center=shop.center, now=at(10)) is not None
    mailoutbox.clear()
    yield Past(shop, invoices)
    migrate()


def migrate(name: str = "") -> None:
    call_command("migrate", "billing", *([name] if name else []), verbosity=0)


def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return list(cursor.fetchall()) if cursor.description else []


def change(key: str, **values: Any) -> None:
    names = ", ".join(f'"{name}" = %s' for name in values)
    rows(f"UPDATE billing_outgoingmail SET {names} WHERE key = %s", *values.values(), key)


def test_the_version_before_finds_every_mail(past: Past) -> None:
    subject = mails(about=f"invoice:{past.invoices[0].pk}").first().subject  # type: ignore[union-attr]
    migrate(BEFORE)
    found = rows('SELECT key, kind, state, "to", subject FROM billing_outgoingmail ORDER BY id')
    case = rows("SELECT id FROM billing_suspension")[0][0]
    assert {row[:3] for row in found} == {
        *((f"invoice:{one.pk}", "invoice", "sent") for one in past.invoices),
        *((f"reminder:{one.pk}:due+3", "reminder", "waiting") for one in past.invoices),
        (f"suspended:{case}", "suspended", "waiting"),
    }
    assert found[0][3:] == (past.shop.center.email, subject)
    reminders = (
        "SELECT r.step, m.key FROM billing_reminder r LEFT JOIN billing_outgoingmail m ON m.id = r.mail_id"
    )
    assert sorted(rows(reminders), key=str) == sorted(
        [
            *(("due+3", f"reminder:{one.pk}:due+3") for one in past.invoices),
            *[("due-3", None), ("due+0", None)] * 3,
        ],
        key=str,
    )
    assert not mails().exists()


def test_what_the_version_before_left_is_sent_or_can_be_sent_again(past: Past, mailoutbox: list[Any]) -> None:
    migrate(BEFORE)
    first, second, third = past.invoices
    change(f"invoice:{first.pk}", body="As it was said.")
    change(f"invoice:{second.pk}", state="unsent", error="Set EMAIL_URL")
    change(f"invoice:{third.pk}", state="no_address", to="")
    change(f"reminder:{second.pk}:due+3", attempts=2, next_try_at=LATER)
    migrate()
    assert {row.step for row in Reminder.objects.filter(skipped=True)} == {"due-3", "due+0"}
    assert Reminder.objects.filter(skipped=False, step="due+3").count() == 3
    issued = [mails(about=f"invoice:{one.pk}", event="issued").get() for one in past.invoices]
    assert [row.state for row in issued] == ["sent", "failed", "failed"]
    assert (issued[0].sent_at, issued[0].context["body"]) == (at(-3), "As it was said.")
    assert str(issued[1].error) == "Set EMAIL_URL"
    assert "no email address" in str(issued[2].error)
    waits = mails(about=f"invoice:{second.pk}", event="due+3").get()
    assert (waits.state, waits.attempts, waits.due_at) == ("waiting", 2, LATER)
    assert past.deliver() == 4
    expected = [past.shop.center, past.shop.center, second.center, third.center]
    assert sorted(message.to[0] for message in mailoutbox) == sorted(center.email for center in expected)
    assert past.deliver() == 0


def test_what_was_said_survives_both_ways(past: Past) -> None:
    migrate(BEFORE)
    key = f"invoice:{past.invoices[0].pk}"
    change(key, body="As it was said.", language="ar")
    migrate()
    migrate(BEFORE)
    said = rows("SELECT body, language, state FROM billing_outgoingmail WHERE key = %s", key)
    assert said == [("As it was said.", "ar", "sent")]


def test_what_came_back_is_not_called_sent_by_the_version_before(past: Past) -> None:
    first, second, third = past.invoices
    mails(about=f"invoice:{first.pk}", event="issued").update(state="bounced", error="It came back.")
    mails(about=f"invoice:{second.pk}", event="issued").update(state="spam")
    mails(about=f"invoice:{third.pk}", event="issued").update(state="dropped")
    migrate(BEFORE)
    found = dict(rows("SELECT key, state FROM billing_outgoingmail WHERE key LIKE 'invoice:%%'"))
    assert found == {f"invoice:{first.pk}": "failed", f"invoice:{second.pk}": "sent"}
