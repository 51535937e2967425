"""The message about tomorrow's suspensions: one a day, only when there are any, never while they are frozen."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail

from billing.dunning import hold
from billing.dunning.over_limit import set_credit_terms
from billing.dunning.tomorrow import KIND, example, write_due
from billing.jobs import dunning_job, limits_job
from billing.limits.terms import LIMIT
from billing.models import Invoice, Suspension
from centers.models import Notification, Role, User
from centers.notifications.compose import compose
from centers.notifications.delivery import deliver_due
from centers.notifications.message_texts import save_text
from centers.notifications.registry import line_of
from tests.billing.conftest import Shop
from tests.billing.dunning.test_dunning import at, dun
from tests.billing.dunning.test_suspension_limit import owing_centers
from tests.factories import member
from whatsapp.models import MazbotAccount

#: The day before the suspension; in Riyadh it is 08:00 at 5 o'clock UTC.
EVE = 9


@pytest.fixture
def owner(shop: Shop) -> User:
    return member(shop.reseller)


def rows(**limits: Any) -> list[Notification]:
    return list(Notification.objects.filter(kind=KIND, **limits).order_by("pk"))


def deliver(
    shop: Shop, offset: int = EVE, hour: int = 9, said: str = "suspended tomorrow"
) -> list[tuple[list[str], str]]:
    mail.outbox.clear()
    deliver_due(reseller=shop.reseller, now=at(offset, hour))
    return [(one.to, one.subject) for one in mail.outbox if said in one.subject]


def test_it_names_the_centers_what_each_owes_and_where_to_hold_it(shop: Shop, owner: User) -> None:
    second = shop.new_center(name="Amal", currency="USD")
    shop.owe("10")
    shop.owe("2.5", second)
    dun(shop, EVE)
    (row,) = rows()
    message = compose(row, [row], at(EVE))
    assert message is not None
    numbers = dict(Invoice.objects.values_list("center", "number"))
    assert message.subject == "2 centers are due to be suspended tomorrow: 12.50 USD unpaid"
    assert message.text.startswith(
        "If they don't pay today, these 2 centers will be suspended tomorrow, 8 Mar 2026:\n\n"
    )
    assert f"• Amal: 2.50 USD ({numbers[second.pk]})" in message.text
    assert f"• {shop.center}: 10.00 USD ({numbers[shop.center.pk]})" in message.text
    assert "Total unpaid: 12.50 USD" in message.text
    assert [action.url.partition("/r/")[2].partition("/")[2] for action in message.actions] == ["unpaid/"]
    save_text(
        reseller=shop.reseller, name=KIND, language="en", subject="{count} on {day}: {amount}", text="{centers}",
        by=owner, now=at(EVE),
    )  # fmt: skip
    assert [subject for _to, subject in deliver(shop, said="8 Mar")] == ["2 on 8 Mar 2026: 12.50 USD"]


def test_a_single_one_has_the_link_that_holds_it_first(shop: Shop, owner: User) -> None:
    shop.owe("10")
    dun(shop, EVE)
    (row,) = rows()
    message = compose(row, [row], at(EVE))
    assert message is not None
    assert message.subject == "1 center is due to be suspended tomorrow: 10.00 USD unpaid"
    assert message.actions[0].url.endswith(f"/unpaid/hold/{shop.center.pk}/")
    assert "Total" not in message.text


def test_once_a_day_from_the_morning_on_and_only_on_the_eve(shop: Shop, owner: User) -> None:
    shop.owe("10")
    for offset in range(EVE):
        dun(shop, offset)
    assert rows() == []
    dunning_job(reseller=shop.reseller, now=at(EVE, 4))
    assert rows() == [], "07:00"
    for hour in (5, 6, 9, 20):
        dunning_job(reseller=shop.reseller, now=at(EVE, hour))
        deliver(shop, EVE, hour)
    assert [(row.recipient, row.state) for row in rows()] == [(owner, "sent")]
    dun(shop, EVE + 1)
    assert Suspension.objects.count() == 1
    assert len(rows()) == 1


def test_one_that_is_due_later_in_the_day_is_reported_then(shop: Shop, owner: User) -> None:
    assert write_due(reseller=shop.reseller, now=at(EVE, 6)) == 0
    shop.owe("10")
    assert write_due(reseller=shop.reseller, now=at(EVE, 12)) == 1


def test_who_gets_it(shop: Shop, owner: User) -> None:
    billing = member(shop.reseller, Role.BILLING)
    member(shop.reseller, Role.SUPPORT)
    member(shop.reseller, Role.CENTER_ADMIN, shop.center)
    shop.owe("10")
    dun(shop, EVE)
    assert {row.recipient for row in rows()} == {owner, billing}


def test_none_while_mazbot_fails(shop: Shop, owner: User) -> None:
    shop.owe("10")
    MazbotAccount.objects.update(failing_since=at(EVE))
    dun(shop, EVE)
    assert rows() == []
    MazbotAccount.objects.update(failing_since=None)
    dun(shop, EVE)
    MazbotAccount.objects.update(failing_since=at(EVE))
    assert deliver(shop) == []
    assert [row.state for row in rows()] == ["dropped"]


def test_none_while_a_safety_stop_waits_for_a_decision(shop: Shop, owner: User) -> None:
    owing_centers(shop, 6)
    dun(shop, EVE + 1)
    shop.owe("10", day=date(2026, 2, 12))
    dun(shop, EVE + 1)
    assert not Suspension.objects.exists()
    assert rows() == []


def test_more_than_may_be_suspended_at_once_wait_for_a_decision(shop: Shop, owner: User) -> None:
    owing_centers(shop, 12)
    dun(shop, EVE)
    (row,) = rows()
    message = compose(row, [row], at(EVE))
    assert message is not None
    assert "No more than 5 centers can be suspended at once without approval" in message.text
    assert message.text.count("• ") == 11
    assert "• and 2 more centers\n\nTotal unpaid: 120.00 USD" in message.text


@pytest.mark.parametrize("change", ["paid", "held", "late"])
def test_what_changed_before_it_left_counts(shop: Shop, owner: User, change: str) -> None:
    shop.owe("10")
    dun(shop, EVE)
    if change == "paid":
        shop.pay("10", now=at(EVE))
    if change == "held":
        until = at(EVE).date() + timedelta(days=9)
        hold(center=shop.center, until=until, because="Promised", by=None, now=at(EVE))
    assert deliver(shop, EVE + 1 if change == "late" else EVE) == []
    assert [row.state for row in rows()] == ["dropped"]


def test_a_hold_that_ends_tomorrow_is_reported(shop: Shop, owner: User) -> None:
    shop.owe("10")
    hold(center=shop.center, until=at(20).date(), because="Promised", by=None, now=at(EVE))
    dun(shop, EVE)
    assert rows() == []
    dun(shop, 19)
    assert len(rows()) == 1


def test_in_arabic(shop: Shop) -> None:
    owner = member(shop.reseller, language="ar")
    shop.owe("10")
    dun(shop, EVE)
    deliver_due(reseller=shop.reseller, now=at(EVE))
    (sent,) = [one for one in mail.outbox if one.to == [owner.email]]
    assert (
        re.sub("[\u2066-\u2069]", "", sent.subject)
        == "من المقرر إيقاف مركز واحد غدًا: المبلغ غير المسدَّد 10.00 USD"
    )
    assert "إن لم يسدّد هذا المركز اليوم فسيوقَف غدًا" in sent.body


def test_the_example_for_editing_its_text_is_the_next_day_of_suspensions(shop: Shop, owner: User) -> None:
    assert example(shop.reseller, at(0)) is None
    shop.owe("10")
    content = example(shop.reseller, at(0))
    assert content is not None
    assert content.subject == "1 center is due to be suspended tomorrow: 10.00 USD unpaid"
    assert "8 Mar 2026" in content.text


def test_in_the_log_and_in_digests_it_is_one_line(shop: Shop, owner: User) -> None:
    shop.owe("10")
    dun(shop, EVE)
    (row,) = rows()
    assert line_of(row) == "Suspensions on 8 Mar 2026"


def test_a_used_up_limit_is_said_unless_invoices_suspend_no_later(shop: Shop, owner: User) -> None:
    overdue = shop.new_center(name="Amal", currency="USD")
    shop.owe("10", day=date(2026, 3, 4))
    shop.owe("2.5", overdue)
    for center in (shop.center, overdue):
        set_credit_terms(center=center, kind=LIMIT, limit=Decimal(1), by=owner, now=at(EVE, 5))
        hold(center=center, until=at(EVE + 1).date(), because="Agreed", by=None, now=at(EVE, 5))
    limits_job(reseller=shop.reseller, now=at(EVE, 6))
    dun(shop, EVE)
    (row,) = rows()
    message = compose(row, [row], at(EVE))
    assert message is not None
    assert f"{shop.center}: 10.00 USD (limit used up)" in message.text
    assert f"Amal: 2.50 USD ({Invoice.objects.get(center=overdue)})" in message.text
