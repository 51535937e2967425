"""A difference is an item with a life: found, given to someone, explained, settled, opened again; the alert follows."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.models import COST_TOLERANCE, AccountUsageRecord, GapItem, UsageCheck
from billing.reports.gap_items import decide, leave_items, possible_owners
from billing.reports.gaps import check_gap
from centers.errors import OperationRefused
from centers.models import AuditEntry, Role, User
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.reports.conftest import TODAY, account, february
from tests.factories import member
from whatsapp.models import Alert

Kind, State, Reason = GapItem.Kind, GapItem.State, GapItem.Reason
MARCH_3, MARCH_4 = date(2026, 3, 3), date(2026, 3, 4)
DAY = timedelta(days=1)


def gap_of(shop: Shop, day: date, cost: str) -> None:
    """The main account was charged this, the numbers 4."""
    if not shop.center.instances.exists():
        shop.number()
    number = shop.center.instances.get()
    shop.read(number, day, sent=1, cost="4")
    account(shop, day, cost)


def found(shop: Shop, now: datetime = NOW) -> GapItem:
    check_gap(shop.reseller, now)
    return GapItem.objects.get()


def is_alarmed() -> bool:
    return Alert.objects.filter(kind=Alert.Kind.USAGE_GAP, resolved_at=None).exists()


@pytest.fixture
def owner(shop: Shop) -> User:
    person: User = member(shop.reseller, Role.BILLING)
    return person


def decided(item: GapItem, by: User, state: str = State.EXPLAINED, **values: object) -> GapItem:
    asked: dict[str, object] = {
        "reason": Reason.OTHER_NUMBERS,
        "note": "",
        "owner": None,
        "version": item.version,
    }
    return decide(item=item, by=by, now=NOW, state=state, **(asked | values))  # type: ignore[arg-type]


def test_a_difference_opens_an_item_and_an_alert_that_stay(shop: Shop) -> None:
    gap_of(shop, MARCH_4, "10")
    item = found(shop)
    assert (item.kind, item.first_day, item.amount, item.currency, item.state) == (
        Kind.DAY,
        MARCH_4,
        6,
        "USD",
        "open",
    )
    assert is_alarmed()
    for days in range(1, 4):  # the next days are not read yet, then match: it never closes automatically
        gap_of(shop, MARCH_4 + days * DAY, "4")
        check_gap(shop.reseller, NOW + days * DAY)
        assert GapItem.objects.get().state == State.OPEN
        assert is_alarmed()


def test_days_before_the_first_number_are_no_items(shop: Shop) -> None:
    """An account that is connected has used something already."""
    account(shop, MARCH_3, "289.33")
    check_gap(shop.reseller, NOW)
    number = shop.number(held_since=datetime(2026, 3, 4, 6, tzinfo=NOW.tzinfo))
    shop.read(number, MARCH_4, sent=1, cost="4")
    account(shop, MARCH_4, "4")
    check_gap(shop.reseller, NOW)
    assert not GapItem.objects.exists()
    assert not is_alarmed()
    account(shop, MARCH_4, "10")
    assert found(shop).first_day == MARCH_4


def test_the_running_day_is_no_item(shop: Shop) -> None:
    gap_of(shop, TODAY, "10")
    check_gap(shop.reseller, NOW)
    assert not GapItem.objects.exists()
    assert not is_alarmed()


def test_explained_closes_the_alert_and_the_same_figures_never_open_it(shop: Shop, owner: User) -> None:
    gap_of(shop, MARCH_4, "10")
    decided(found(shop), owner, note="Phone of the office", owner=owner)
    assert not is_alarmed()
    item = found(shop, NOW + DAY)
    assert (item.state, item.reason, item.note, item.owner) == (
        "explained",
        "other_numbers",
        "Phone of the office",
        owner,
    )
    assert not is_alarmed()


def test_other_figures_open_it_again(shop: Shop, owner: User) -> None:
    gap_of(shop, MARCH_4, "10")
    decided(found(shop), owner, note="Phone of the office", owner=owner)
    account(shop, MARCH_4, "10.01")  # within what MazBot rounds
    assert found(shop).state == State.EXPLAINED
    account(shop, MARCH_4, "12")
    item = found(shop)
    assert (item.state, item.reason, item.amount, item.owner) == ("open", "", 8, owner)
    assert item.note == "Phone of the office"
    assert is_alarmed()


def test_a_difference_that_is_gone_settles_itself(shop: Shop) -> None:
    gap_of(shop, MARCH_4, "10")
    found(shop)
    account(shop, MARCH_4, "4")
    item = found(shop)
    assert (item.state, item.reason, item.amount) == ("settled", "gone", 0)
    assert not is_alarmed()
    account(shop, MARCH_4, "5")
    assert (found(shop).state, found(shop).amount) == ("open", 1)
    assert is_alarmed()


def test_a_day_that_waits_for_the_main_account_opens_nothing_and_is_settled_once_it_matches(
    shop: Shop,
) -> None:
    gap_of(shop, MARCH_3, "10")
    AccountUsageRecord.objects.update(numbers_changed_at=NOW + timedelta(minutes=1))
    assert check_gap(shop.reseller, NOW) == []
    assert not GapItem.objects.exists()
    AccountUsageRecord.objects.update(numbers_changed_at=NOW - timedelta(minutes=1))
    assert found(shop).is_open
    shop.read(shop.center.instances.get(), MARCH_3, sent=2, cost="10", at=NOW + timedelta(minutes=1))
    assert found(shop).state == State.SETTLED


def test_what_can_no_longer_be_compared_stays_open(shop: Shop) -> None:
    gap_of(shop, MARCH_4, "10")
    found(shop)
    account(shop, MARCH_4, None)
    assert found(shop).state == State.OPEN
    assert is_alarmed()


def test_an_old_item_is_compared_until_it_is_settled(shop: Shop) -> None:
    gap_of(shop, MARCH_4, "10")
    found(shop)
    later = NOW + 200 * DAY
    assert found(shop, later).state == State.OPEN
    account(shop, MARCH_4, "4")
    assert found(shop, later).state == State.SETTLED


def test_an_old_item_that_a_person_settled_opens_when_its_figures_change(shop: Shop, owner: User) -> None:
    gap_of(shop, MARCH_4, "10")
    decided(found(shop), owner, State.SETTLED, reason=Reason.MAZBOT)
    later = NOW + 200 * DAY
    assert found(shop, later).state == State.SETTLED
    account(shop, MARCH_4, "20")
    assert found(shop, later).is_open


def test_usage_of_a_month_that_no_invoice_took(shop: Shop, owner: User) -> None:
    shop.read(shop.number(), february(3), sent=1, cost="9")
    check_gap(shop.reseller, NOW)
    assert not GapItem.objects.exists()  # it may still be invoiced
    item = found(shop, NOW + 5 * DAY)
    assert (item.kind, item.first_day, item.amount) == (Kind.UNBILLED, FEBRUARY.first_day, 9)
    decided(item, owner, reason=Reason.NO_INVOICE)
    assert not is_alarmed()
    shop.read(shop.center.instances.get(), february(3), sent=2, cost="11", at=NOW + 6 * DAY)
    assert found(shop, NOW + 7 * DAY).is_open


def test_a_month_that_is_not_its_days(shop: Shop) -> None:
    check = UsageCheck.objects.create(
        reseller=shop.reseller,
        month=FEBRUARY.first_day,
        asked_at=NOW,
        checked_at=NOW,
        cost_gap=COST_TOLERANCE,
    )
    check_gap(shop.reseller, NOW)
    assert not GapItem.objects.exists()
    UsageCheck.objects.filter(pk=check.pk).update(cost_gap=Decimal(7))
    assert (found(shop).kind, found(shop).amount) == (Kind.MONTH, 7)


def test_who_saw_other_figures_is_refused(shop: Shop, owner: User) -> None:
    gap_of(shop, MARCH_4, "10")
    item = found(shop)
    account(shop, MARCH_4, "20")
    check_gap(shop.reseller, NOW)
    with pytest.raises(OperationRefused, match="changed in the meantime"):
        decided(item, owner)
    assert GapItem.objects.get().is_open


def test_what_is_missing_is_said(shop: Shop, owner: User) -> None:
    gap_of(shop, MARCH_4, "10")
    item = found(shop)
    with pytest.raises(OperationRefused, match="reason"):
        decided(item, owner, reason="")
    with pytest.raises(OperationRefused, match="note"):
        decided(item, owner, reason=Reason.OTHER)
    with pytest.raises(OperationRefused, match="options"):
        decided(item, owner, state="hidden")
    with pytest.raises(OperationRefused, match="team"):
        decided(item, owner, owner=member(shop.reseller, Role.SUPPORT))
    with pytest.raises(OperationRefused, match="2000"):
        decided(item, owner, note="x" * 2001)
    with pytest.raises(OperationRefused):
        decided(item, owner, note="a\0b")
    assert GapItem.objects.get().version == item.version
    with pytest.raises(IntegrityError), transaction.atomic():
        GapItem.objects.update(state="explained", reason="")


def test_every_change_is_in_the_audit_log(shop: Shop, owner: User) -> None:
    gap_of(shop, MARCH_4, "1240.123456")
    decided(found(shop), owner, owner=owner)
    account(shop, MARCH_4, "1242.1")
    found(shop)
    account(shop, MARCH_4, "4")
    found(shop)
    rows = AuditEntry.objects.filter(target_type="gapitem").order_by("pk")
    assert [(row.action, row.actor, row.data["amount"]) for row in rows] == [
        ("gap.opened", None, "1,236.123456 USD"),
        ("gap.decided", owner, "1,236.123456 USD"),
        ("gap.reopened", None, "1,238.10 USD"),
        ("gap.settled", None, "0.00 USD"),
    ]


def test_who_leaves_the_team_owns_nothing(shop: Shop, owner: User) -> None:
    gap_of(shop, MARCH_4, "10")
    decided(found(shop), owner, State.OPEN, reason="", owner=owner)
    assert list(possible_owners(shop.reseller)) == [owner]
    leave_items(shop.reseller, owner, None, NOW)
    assert GapItem.objects.get().owner is None


def test_the_alert_names_what_is_open(shop: Shop) -> None:
    gap_of(shop, MARCH_4, "10")
    check_gap(shop.reseller, NOW)
    detail = Alert.objects.get(kind=Alert.Kind.USAGE_GAP).detail
    assert "the cost of the main account doesn't match" in str(detail)
    gap_of(shop, MARCH_3, "10")
    check_gap(shop.reseller, NOW)
    assert "explanation: 2" in str(Alert.objects.get(kind=Alert.Kind.USAGE_GAP).detail)
