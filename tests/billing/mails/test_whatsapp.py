"""Reminders and news of suspensions on the phone of a center: sent by a template, over HTTP, to the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from billing.dunning import promise
from billing.jobs import dunning_job
from billing.policies import save_policy
from centers.models import Notification, Role
from centers.notifications.delivery import deliver_due
from centers.notifications.log import send_again
from devstack.sandbox import Control, SandboxServer
from tests.billing.conftest import Shop
from tests.factories import member
from whatsapp.channels.forms import kind_labels
from whatsapp.channels.template_settings import save_template
from whatsapp.models import MazbotAccount

DUE = datetime(2026, 2, 26, 9, tzinfo=UTC)


def dun(shop: Shop, day: int) -> None:
    """The job of that day of March, and what it makes go out."""
    now = DUE.replace(month=3, day=day)
    dunning_job(reseller=shop.reseller, now=now)
    deliver_due(reseller=shop.reseller, now=now)


def by_whatsapp() -> list[Notification]:
    return list(Notification.objects.filter(channel="whatsapp").order_by("pk"))


@pytest.fixture
def phone(shop: Shop) -> Iterator[Control]:
    """A center with a phone, a reseller that wants it, and an approved template."""
    with SandboxServer(rate_limit=6000) as server:
        MazbotAccount.objects.update(base_url=server.api_base, rate_limit=6000)
        server.control.add_template("demo-key", "notice", "{{1}}: {{2}} {{3}}")
        save_template(
            reseller=shop.reseller,
            kind="",
            language="en",
            template_id="notice",
            variables=["subject", "text", "link"],
            by=member(shop.reseller, Role.OWNER),
            now=DUE,
        )
        shop.center.phone = "+218912345678"
        shop.center.save()
        save_policy(reseller=shop.reseller, by=None, now=DUE, whatsapp_reminders=True)
        yield server.control


def test_a_reminder_a_warning_and_the_suspension_arrive_beside_the_emails(shop: Shop, phone: Control) -> None:
    invoice = shop.owe("10")
    for day in (1, 5, 8):
        dun(shop, day)
    sent = phone.messages()
    assert [one.mobile for one in sent] == ["218912345678"] * 3
    reminder, warning, suspended = (one.text for one in sent)
    assert reminder.startswith(f"Invoice {invoice} is overdue: ")
    assert "The unpaid amount is 10.00 USD." in reminder
    assert "/invoice/" in reminder, "the page that needs no account"
    assert warning.startswith("Final warning: ")
    assert suspended.startswith("Your WhatsApp numbers are suspended")
    rows = by_whatsapp()
    assert [row.kind for row in rows] == ["invoice.reminder", "invoice.warning", "center.suspended"]
    assert {row.address for row in rows} == {"+218912345678"}
    assert Notification.objects.filter(channel="email", center=shop.center).count() == 4, "and the invoice"


def test_without_the_rule_or_a_phone_there_are_emails_only(shop: Shop, phone: Control) -> None:
    shop.owe("10")
    save_policy(reseller=shop.reseller, by=None, now=DUE, whatsapp_reminders=False)
    dun(shop, 1)
    save_policy(reseller=shop.reseller, by=None, now=DUE, whatsapp_reminders=True)
    shop.center.phone = ""
    shop.center.save()
    dun(shop, 5)
    assert by_whatsapp() == []


def test_a_promise_withdraws_what_waits_for_both(shop: Shop, phone: Control) -> None:
    shop.owe("10")
    now = DUE.replace(month=3, day=1)
    dunning_job(reseller=shop.reseller, now=now)
    assert len(by_whatsapp()) == 1
    promise(
        center=shop.center, amount="10", currency="USD", pays_by=DUE.replace(month=3, day=20).date(),
        by=None, now=now,
    )  # fmt: skip
    assert by_whatsapp() == []


def test_a_phone_that_was_removed_is_named_and_the_next_one_gets_it(shop: Shop, phone: Control) -> None:
    shop.owe("10")
    now = DUE.replace(month=3, day=1)
    dunning_job(reseller=shop.reseller, now=now)
    shop.center.phone = ""
    shop.center.save()
    deliver_due(reseller=shop.reseller, now=now)
    (row,) = by_whatsapp()
    assert row.has_failed
    assert "no phone number" in str(row.error)
    shop.center.phone = "+218911111111"
    shop.center.save()
    send_again(notification=row, by=member(shop.reseller, Role.OWNER), now=now)
    deliver_due(reseller=shop.reseller, now=now)
    assert [one.mobile for one in phone.messages()] == ["218911111111"]


def test_they_can_have_templates_of_their_own() -> None:
    labels = kind_labels()
    assert {"invoice.reminder", "invoice.warning", "center.suspended", "center.resumed"} <= labels.keys()
    assert "invoice.issued" not in labels
    assert len({str(label) for label in labels.values()}) == len(labels), "no two look alike"
