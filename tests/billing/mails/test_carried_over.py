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
#: States of mails that came back or never left, and what the version before calls them; it knows none that never left.
RETURNED = {"bounced": "failed", "spam": "sent", "dropped": ""}


@dataclass
class Past:
    """Centers that were invoiced and reminded; the first is suspended, which it does not know yet.

    Of three more the invoice is in a state of RETURNED.
    """

    shop: Shop
    invoices: list[Invoice]
    returned: list[Invoice]

    @property
    def all(self) -> list[Invoice]:
        return [*self.invoices, *self.returned]

    def deliver(self) -> int:
        return deliver_due(reseller=self.shop.reseller, now=at(10))


@pytest.fixture
def past(committed_shop: Shop, mailoutbox: list[Any]) -> Iterator[Past]:
    shop = committed_shop
    invoices = [shop.owe("10"), shop.owe("20", shop.new_center()), shop.owe("30", shop.new_center())]
    returned = [shop.owe("40", shop.new_center()) for _state in RETURNED]
    deliver_due(reseller=shop.reseller, now=at(-3))
    dun(shop, 4)  # the reminder of the third day; two earlier ones are skipped
    assert suspend(center=shop.center, now=at(10)) is not None
    for invoice, state in zip(returned, RETURNED, strict=True):
        mails(about=f"invoice:{invoice.pk}", event="issued").update(
            state=state, error="It came back." if state == "bounced" else ""
        )
    mailoutbox.clear()
    yield Past(shop, invoices, returned)
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


def test_there_back_and_there_again(past: Past, mailoutbox: list[Any]) -> None:
    """One walk through the versions: each step of it takes seconds."""
    first = f"invoice:{past.invoices[0].pk}"
    subject = mails(about=first).first().subject  # type: ignore[union-attr]
    migrate(BEFORE)
    the_version_before_finds_every_mail(past, subject)
    what_the_version_before_leaves(past)
    migrate()
    it_is_sent_or_can_be_sent_again(past, mailoutbox)
    migrate(BEFORE)
    said = rows("SELECT body, language, state FROM billing_outgoingmail WHERE key = %s", first)
    assert said == [("As it was said.", "ar", "sent")], "what was said survives both ways"


def the_version_before_finds_every_mail(past: Past, subject: str) -> None:
    found = rows('SELECT key, kind, state, "to", subject FROM billing_outgoingmail ORDER BY id')
    case = rows("SELECT id FROM billing_suspension")[0][0]
    returned = zip(past.returned, RETURNED.values(), strict=True)
    assert {row[:3] for row in found} == {
        *((f"invoice:{one.pk}", "invoice", "sent") for one in past.invoices),
        *((f"invoice:{one.pk}", "invoice", state) for one, state in returned if state),
        *((f"reminder:{one.pk}:due+3", "reminder", "waiting") for one in past.all),
        (f"suspended:{case}", "suspended", "waiting"),
    }
    assert found[0][3:] == (past.shop.center.email, subject)
    reminders = (
        "SELECT r.step, m.key FROM billing_reminder r LEFT JOIN billing_outgoingmail m ON m.id = r.mail_id"
    )
    assert sorted(rows(reminders), key=str) == sorted(
        [
            *(("due+3", f"reminder:{one.pk}:due+3") for one in past.all),
            *[("due-3", None), ("due+0", None)] * len(past.all),
        ],
        key=str,
    )
    assert not mails().exists()


def what_the_version_before_leaves(past: Past) -> None:
    first, second, third = past.invoices
    change(f"invoice:{first.pk}", body="As it was said.", language="ar")
    change(f"invoice:{second.pk}", state="unsent", error="Set EMAIL_URL")
    change(f"invoice:{third.pk}", state="no_address", to="")
    change(f"reminder:{second.pk}:due+3", attempts=2, next_try_at=LATER)


def it_is_sent_or_can_be_sent_again(past: Past, mailoutbox: list[Any]) -> None:
    second = past.invoices[1]
    assert {row.step for row in Reminder.objects.filter(skipped=True)} == {"due-3", "due+0"}
    assert Reminder.objects.filter(skipped=False, step="due+3").count() == len(past.all)
    issued = [mails(about=f"invoice:{one.pk}", event="issued").get() for one in past.invoices]
    assert [row.state for row in issued] == ["sent", "failed", "failed"]
    assert (issued[0].sent_at, issued[0].context["body"]) == (at(-3), "As it was said.")
    assert str(issued[1].error) == "Set EMAIL_URL"
    assert "no email address" in str(issued[2].error)
    waits = mails(about=f"invoice:{second.pk}", event="due+3").get()
    assert (waits.state, waits.attempts, waits.due_at) == ("waiting", 2, LATER)
    assert past.deliver() == len(past.all) + 1
    expected = [past.shop.center, *(one.center for one in past.all)]
    assert sorted(message.to[0] for message in mailoutbox) == sorted(center.email for center in expected)
    assert past.deliver() == 0
