"""Named rules: behind a center's own exceptions, before the general ones; and what archived debtors get."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.dunning.named_policies import MOST, delete_dunning_policy, save_dunning_policy
from billing.jobs import dunning_job
from billing.models import BillingPolicy, CenterPolicy, DunningPolicy, Reminder, Suspension
from billing.policies import policies_for, policy_for, save_center_policy, save_policy
from centers.errors import OperationRefused
from centers.models import AuditEntry
from centers.tenancy.lifecycle import archive_center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop
from tests.factories import ResellerFactory

DUE = date(2026, 2, 26)
GENTLE: dict[str, Any] = {
    "name": "Gentle", "reminder_days": [7], "warning_days": None, "suspend": False, "grace_days": 30,
    "minimum_amount": 0, "quiet_weekdays": [5], "quiet_dates": [],
}  # fmt: skip


def at(offset: int) -> datetime:
    """That many days from the due date."""
    return datetime(DUE.year, DUE.month, DUE.day, 9, tzinfo=UTC) + timedelta(days=offset)


def named(shop: Shop, policy: DunningPolicy | None = None, **values: Any) -> DunningPolicy:
    return save_dunning_policy(reseller=shop.reseller, policy=policy, by=None, now=NOW, **(GENTLE | values))


def follow(shop: Shop, policy: DunningPolicy | None, **values: Any) -> None:
    save_center_policy(center=shop.center, by=None, now=NOW, dunning_policy=policy, **values)


def steps() -> list[str]:
    return list(Reminder.objects.order_by("pk").values_list("step", flat=True))


def test_the_narrowest_rule_applies(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, grace_days=5, payment_terms_days=9)
    follow(shop, named(shop))
    own = policy_for(shop.center)
    assert (own.reminder_days, own.suspend, own.grace_days, own.quiet_weekdays) == ((7,), False, 30, {5})
    assert own.payment_terms_days == 9, "what named rules don't have stays as it is"
    follow(shop, DunningPolicy.objects.get(), suspend=True)
    assert policy_for(shop.center).suspend
    other = shop.new_center()
    assert policies_for(shop.reseller, [shop.center, other])[other.pk].grace_days == 5


def test_reminders_and_suspension_follow_them(shop: Shop) -> None:
    follow(shop, named(shop))
    shop.owe("10")
    for offset in (-3, 0, 3, 7, 30):
        dunning_job(reseller=shop.reseller, now=at(offset))
    assert steps() == ["due+7"]
    assert not Suspension.objects.exists()


def test_deleted_rules_leave_their_centers_with_the_general_ones(shop: Shop) -> None:
    policy = named(shop)
    follow(shop, policy)
    assert delete_dunning_policy(policy=policy, by=None, now=NOW) == 1
    assert policy_for(shop.center).grace_days == BillingPolicy(reseller=shop.reseller).grace_days
    actions = AuditEntry.objects.filter(action__startswith="dunning_policy.").order_by("pk")
    assert [entry.action for entry in actions] == ["dunning_policy.changed", "dunning_policy.deleted"]
    assert (actions[1].data["count"], actions[1].data["centers"]) == (1, [shop.center.pk])


def test_deleting_locks_the_centers_first_and_lets_their_rows_name_the_reseller(shop: Shop) -> None:
    """As saving a center's rules does: neither waits for what the other holds."""
    policy = named(shop)
    follow(shop, policy)
    with CaptureQueriesContext(connection) as queries:
        delete_dunning_policy(policy=policy, by=None, now=NOW)
    locks = [query["sql"] for query in queries if "FOR " in query["sql"]]
    assert ['"centers_center"' in lock for lock in locks] == [True, False]
    assert all("FOR NO KEY UPDATE" in lock for lock in locks)


def test_rules_that_a_center_gets_at_the_same_moment_are_not_deleted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: DunningPolicy) -> None:
        raise IntegrityError("still referenced")

    policy = named(shop)
    monkeypatch.setattr(DunningPolicy, "delete", fails)
    with pytest.raises(OperationRefused, match="same moment"):
        delete_dunning_policy(policy=policy, by=None, now=NOW)


def test_a_change_is_recorded_and_none_is_not(shop: Shop) -> None:
    policy = named(shop)
    named(shop, policy)
    named(shop, policy, grace_days=40)
    entry, *others = AuditEntry.objects.filter(action="dunning_policy.changed").order_by("-pk")
    assert len(others) == 1
    assert entry.data["changes"] == {"grace_days": [30, 40]}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " gentle "}, "name"),
        ({"name": ""}, "name"),
        ({"grace_days": 999, "name": "B"}, "grace_days"),
    ],
)
def test_what_is_refused(shop: Shop, values: dict[str, Any], field: str) -> None:
    named(shop)
    with pytest.raises(OperationRefused) as refused:
        named(shop, **values)
    assert refused.value.field == field
    assert DunningPolicy.objects.count() == 1


def test_there_is_a_limit(shop: Shop) -> None:
    DunningPolicy.objects.bulk_create(
        DunningPolicy(reseller=shop.reseller, name=f"Rules {number}") for number in range(MOST)
    )
    with pytest.raises(OperationRefused, match="at most"):
        named(shop)


def test_an_archived_debtor_is_reminded_but_neither_warned_nor_reminded_of_what_is_long_ago(
    shop: Shop,
) -> None:
    shop.owe("10")
    archive_center(center=shop.center, by=None, now=at(1))
    shop.center.refresh_from_db()
    for offset in (3, 7, 10):
        dunning_job(reseller=shop.reseller, now=at(offset))
    assert steps() == ["due-3", "due+0", "due+3"]
    assert not Suspension.objects.exists()


def test_an_old_debt_of_an_archived_center_brings_no_mail(shop: Shop) -> None:
    shop.owe("10")
    archive_center(center=shop.center, by=None, now=at(1))
    dunning_job(reseller=shop.reseller, now=at(400))
    assert steps() == []


def test_the_database_refuses_rules_of_another_reseller(shop: Shop) -> None:
    follow(shop, named(shop))
    other = ResellerFactory()
    with tenant(other):
        foreign = DunningPolicy.objects.create(reseller=other, name="Foreign")
    CenterPolicy.objects.filter(center=shop.center).update(dunning_policy=foreign)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.check_constraints()
    CenterPolicy.objects.update(dunning_policy=None)
