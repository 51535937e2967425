"""Centers are informed of price changes by email: some days before, or at once; each change once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.charges import add_discount
from billing.jobs import run_if_due
from billing.models import CenterVersion
from billing.plans import add_plan, add_terms, choose_plan
from billing.policies import save_policy
from billing.pricing.history import announcements
from billing.pricing.history.announcements import announce_price_changes
from billing.pricing.history.center_changes import change_center
from billing.pricing.history.price_history import PriceHistory
from billing.pricing.rate_types.classes import set_class
from centers.models import Center, Notification
from centers.notifications.compose import compose
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates

APRIL_1 = date(2026, 4, 1)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    rates(shop, JANUARY_1, marketing="0.05", subscription_monthly="10")
    rates(shop, JANUARY_1, country="2", marketing="0.20", subscription_monthly="10")
    shop.margin("10", now=JANUARY_1)
    save_policy(reseller=shop.reseller, by=None, now=NOW, price_notice_days=14)
    return shop


def texts(now: Any = NOW) -> list[str]:
    found = []
    for row in Notification.objects.filter(kind="prices.changed").order_by("pk"):
        message = compose(row, [row], now)
        found.append(message.text if message else "")
    return found


def test_a_scheduled_margin_is_announced_two_weeks_before_once(shop: Shop) -> None:
    shop.margin("20", valid_from=APRIL_1)
    assert announce_price_changes(shop.reseller, NOW) == 0
    due = NOW.replace(day=18)
    assert announce_price_changes(shop.reseller, due) == 1
    assert announce_price_changes(shop.reseller, due + timedelta(hours=1)) == 0
    assert announce_price_changes(shop.reseller, NOW.replace(month=4, day=2)) == 0
    (text,) = texts(due)
    assert "1 April 2026" in text or "2026" in text
    assert "Marketing messages (Per message): 0.055" in text
    assert "0.06" in text
    assert "Monthly subscription" not in text
    assert "0.05 USD" not in text  # the cost


def test_a_country_that_changes_today_is_announced_at_once(shop: Shop) -> None:
    change_center(
        center=shop.center,
        name=CenterVersion.Name.COUNTRY,
        value="2",
        valid_from=NOW.date(),
        by=None,
        now=NOW,
    )
    assert announce_price_changes(shop.reseller, NOW) == 1
    assert "0.22" in texts()[0]


def test_another_rate_list_is_announced_and_the_first_one_is_not(shop: Shop) -> None:
    assert announce_price_changes(shop.reseller, JANUARY_1 + timedelta(days=1)) == 0
    rates(shop, NOW, marketing="0.06", subscription_monthly="10")
    assert announce_price_changes(shop.reseller, NOW + timedelta(hours=1)) == 1
    assert "0.066" in texts(NOW + timedelta(hours=1))[0]


def test_a_change_that_is_off_or_other_by_now_is_said_as_it_is(shop: Shop) -> None:
    due = NOW.replace(day=20)
    shop.margin("20", valid_from=APRIL_1)
    assert announce_price_changes(shop.reseller, due) == 1
    shop.margin("30", valid_from=APRIL_1, now=due)
    assert announce_price_changes(shop.reseller, due) == 1
    shop.margin("10", valid_from=APRIL_1, now=due)
    assert announce_price_changes(shop.reseller, due) == 0
    assert texts(due) == ["", ""]


def test_prices_are_read_only_when_something_they_follow_from_changed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every ten minutes, for a week: each center's history, or six short queries."""
    read: list[int] = []

    class Counted(PriceHistory):
        def __init__(self, center: Center, now: Any) -> None:
            read.append(center.pk)
            super().__init__(center, now)

    monkeypatch.setattr(announcements, "PriceHistory", Counted)
    shop.margin("20", valid_from=APRIL_1)
    at = NOW.replace(day=20)

    def run() -> int:
        nonlocal at
        at += timedelta(minutes=11)
        read.clear()
        assert run_if_due("prices", reseller_id=shop.reseller.pk, now=at)
        return len(read)

    def other() -> None:
        shop.new_center(email="b@c.example")

    def address() -> None:
        Center.objects.filter(pk=shop.center.pk).update(email="")

    assert (run(), run(), run()) == (1, 0, 0)
    changes: list[tuple[Any, int]] = [
        (lambda: shop.margin("30", valid_from=APRIL_1, now=at), 1),
        (lambda: rates(shop, at, marketing="0.07", subscription_monthly="10"), 1),
        (
            lambda: set_class(
                reseller=shop.reseller, rate_type="marketing", counts_as="month", by=None, now=at
            ),
            1,
        ),
        (lambda: save_policy(reseller=shop.reseller, by=None, now=at, price_notice_days=15), 0),
        (other, 2),
        (address, 1),
    ]
    for change, centers in changes:
        change()
        assert (run(), run()) == (centers, 0)
    at = at.replace(day=21)
    assert (run(), run()) == (1, 0), "another day"


def test_plans_are_announced_when_they_begin_change_and_end(shop: Shop) -> None:
    """With the discounts on them; only centers whose plan it is are read."""
    other = shop.new_center(email="b@c.example")
    Center.objects.update(created_at=JANUARY_1)
    with_plan = {"center": shop.center, "by": None, "now": NOW}
    plan = add_plan(
        reseller=shop.reseller, name="Basic", currency="USD", amount="280", included=1000, day=NOW.date(), by=None,
        now=NOW,
    )  # fmt: skip
    (charge,) = choose_plan(plan=plan, day=APRIL_1, until=date(2026, 4, 30), **with_plan)
    assert announce_price_changes(shop.reseller, NOW) == 0
    due = NOW.replace(day=18)
    assert announce_price_changes(shop.reseller, due) == 1
    assert announce_price_changes(shop.reseller, due) == 0
    first = "Plan: no plan → “Basic”, 280.00 USD a month with 1,000 messages (beyond them the price list)"
    assert first in texts(due)[0]
    assert "Marketing" not in texts(due)[0], "prices of messages stay"
    add_discount(charge=charge, day=APRIL_1, percent=Decimal(10), **with_plan)
    add_terms(
        plan=plan,
        amount="300",
        included=1500,
        beyond=Decimal("0.0625"),
        day=date(2026, 4, 16),
        by=None,
        now=NOW,
    )
    assert announce_price_changes(shop.reseller, due) == 1, "at another price"
    later = NOW.replace(month=4, day=20)
    assert announce_price_changes(shop.reseller, later) == 2
    changed, ended = texts(later)[-2:]
    assert "“Basic”, 252.00 USD a month with 1,000 messages" in changed
    assert "→ “Basic”, 270.00 USD a month with 1,500 messages (beyond them 0.0625 USD each)" in changed
    assert "→ no plan" in ended
    assert announce_price_changes(shop.reseller, later + timedelta(hours=1)) == 0
    assert not Notification.objects.filter(center=other).exists()


def test_the_end_of_a_plan_is_announced_whenever_it_was(shop: Shop) -> None:
    """Entered late, as a margin is: more than a week after the plan's last day."""
    Center.objects.update(created_at=JANUARY_1)
    first = date(2026, 2, 1)
    values: dict[str, Any] = {"by": None, "now": JANUARY_1}
    plan = add_plan(
        reseller=shop.reseller, name="Basic", currency="USD", amount="280", included=1000, day=first, **values
    )
    choose_plan(center=shop.center, plan=plan, day=first, **values)
    at = NOW.replace(day=24)
    assert announce_price_changes(shop.reseller, at) == 0
    choose_plan(center=shop.center, plan=None, day=date(2026, 3, 10), by=None, now=at)
    assert announce_price_changes(shop.reseller, at + timedelta(minutes=1)) == 1
    assert announce_price_changes(shop.reseller, at + timedelta(days=3)) == 0
    (text,) = texts(at)
    assert "Plan: “Basic”, 280.00 USD a month" in text
    assert "→ no plan" in text
    assert "From 10 Mar 2026" in text
    assert announce_price_changes(shop.reseller, at + timedelta(days=8)) == 0


def test_a_plan_with_which_a_center_begins_is_no_change(shop: Shop) -> None:
    plan = add_plan(
        reseller=shop.reseller, name="Basic", currency="USD", amount="280", included=1000, day=NOW.date(), by=None,
        now=NOW,
    )  # fmt: skip
    Center.objects.update(created_at=NOW)
    choose_plan(center=shop.center, plan=plan, day=NOW.date(), by=None, now=NOW)
    assert announce_price_changes(shop.reseller, NOW) == 0


def test_no_one_without_an_address_or_in_the_archive_or_by_default(shop: Shop) -> None:
    shop.margin("20", valid_from=NOW.date())
    shop.center.email = ""
    shop.center.save()
    assert announce_price_changes(shop.reseller, NOW) == 0
    shop.center.email, shop.center.archived_at = "a@b.example", NOW
    shop.center.save()
    assert announce_price_changes(shop.reseller, NOW) == 0
    shop.center.archived_at = None
    shop.center.save()
    save_policy(reseller=shop.reseller, by=None, now=NOW, price_notice_days=None)
    assert announce_price_changes(shop.reseller, NOW) == 0


def test_the_job_applies_what_begins_today_and_announces_it(shop: Shop) -> None:
    change_center(
        center=shop.center,
        name=CenterVersion.Name.COUNTRY,
        value="2",
        valid_from=date(2026, 3, 15),
        by=None,
        now=NOW,
    )
    assert run_if_due("prices", reseller_id=shop.reseller.pk, now=NOW.replace(day=15))
    shop.center.refresh_from_db()
    assert shop.center.country_id == "2"
    assert Notification.objects.filter(kind="prices.changed", center=shop.center).count() == 1
