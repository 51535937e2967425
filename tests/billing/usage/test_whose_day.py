"""Whose day is it: each message is charged to the center that had the number when it was sent."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.invoicing import blockers, due_periods, issue_invoice, preview_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage, waive_days
from billing.jobs import invoice_job, usage_job
from billing.models import FlaggedUsage, Invoice, UsageClaim, UsageRecord
from billing.periods import Period
from billing.usage.fetching import read_usage
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.lifecycle import archive_center
from tests.billing.conftest import FEBRUARY, NOW, Shop, span_of
from tests.billing.usage.conftest import Place
from whatsapp.instances import add_instance, archive_instance, edit_instance, move, restore_instance
from whatsapp.mazbot import Usage
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount
from whatsapp.moving import hand_over
from whatsapp.ownership.billing_start import set_billing_start
from whatsapp.ownership.todays_usage import TodayUnknown

D = Decimal
TODAY = NOW.date()
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def used(place: Shop) -> dict[str, Decimal]:
    """Cost stored per center."""
    sums: dict[str, Decimal] = {}
    for row in UsageRecord.objects.select_related("center"):
        sums[row.center.name] = sums.get(row.center.name, D(0)) + row.cost
    return sums


def fresh(number: Instance) -> Instance:
    return Instance.objects.select_related("center", "reseller").get(pk=number.pk)


def use(place: Place, number: Instance, cost: int, day: date = TODAY) -> None:
    place.control.add_usage(number.instance_id, day, sent=cost, cost=D(cost))


def read_today(place: Place, number: Instance, *, minutes: int) -> None:
    at = NOW + timedelta(minutes=minutes)
    read_usage(reseller=place.reseller, instances=[number], days=[TODAY], now=at)


# --- What was seen --------------------------------------------------------------------------------


def test_unread_days_of_a_number_that_moved_are_the_old_centers(place: Place) -> None:
    """A used 40 that was read, 20 yesterday that was not; B uses 3 after the move."""
    a, b = place.center, place.new_center()
    place.clock[0] = datetime(2026, 2, 24, 9, tzinfo=UTC)
    number = add_instance(center=a, instance_id="moves", by=None, now=place.clock[0])
    place.control.add_instance("demo-key", "moves", daily_messages=0)
    place.control.add_usage("moves", date(2026, 2, 24), sent=40, cost=D(40))
    usage_job(reseller=place.reseller, now=place.clock[0])
    place.clock[0] = datetime(2026, 2, 25, 9, tzinfo=UTC)
    place.control.add_usage("moves", date(2026, 2, 25), sent=20, cost=D(20))
    place.clock[0] = datetime(2026, 2, 26, 9, tzinfo=UTC)
    move(instance=number, center=b, by=None, now=place.clock[0])
    place.control.add_usage("moves", date(2026, 2, 26), sent=3, cost=D(3))
    place.clock[0] = datetime(2026, 2, 27, 9, tzinfo=UTC)
    usage_job(reseller=place.reseller, now=place.clock[0])
    assert used(place) == {a.name: 60, b.name: 3}


def test_a_new_number_is_not_billed_for_days_before_it_was_entered(place: Place) -> None:
    place.control.add_instance("demo-key", "old-at-mazbot", daily_messages=0)
    for day in (2, 3, 4, 5):
        place.control.add_usage("old-at-mazbot", date(2026, 3, day), sent=1, cost=D(10))
    add_instance(center=place.center, instance_id="old-at-mazbot", by=None, now=place.clock[0])
    usage_job(reseller=place.reseller, now=place.clock[0])
    assert used(place) == {place.center.name: 10}, "today's"


def test_after_a_corrected_id_the_other_phones_past_is_not_billed(place: Place) -> None:
    number = place.here_and_there()
    place.control.add_instance("demo-key", "right", daily_messages=0)
    day = date(2026, 2, 28)
    use(place, number, 15, day)
    place.control.add_usage("right", day, sent=100, cost=D(100))
    place.clock[0] = datetime(2026, 3, 1, 9, tzinfo=UTC)
    place.read(number, day, sent=15, cost="15", at=place.clock[0])
    issue_invoice(center=place.center, period=FEBRUARY, by=None, now=place.clock[0])
    edit_instance(instance=number, instance_id="right", by=None, now=place.clock[0])
    place.clock[0] += timedelta(days=1)
    usage_job(reseller=place.reseller, now=place.clock[0])
    assert preview_invoice(place.center, MARCH).total == 0


# --- The day of a move ----------------------------------------------------------------------------


def test_a_move_splits_the_day_by_what_mazbot_says_at_that_moment(place: Place) -> None:
    number, other = place.here_and_there(), place.new_center()
    use(place, number, 5)
    read_today(place, number, minutes=0)
    use(place, number, 2)
    assert hand_over(instance=number, center=other, by=None, now=NOW + timedelta(minutes=5))
    use(place, number, 4)
    read_today(place, number, minutes=10)
    assert used(place) == {place.center.name: 7, other.name: 4}
    use(place, number, 1)
    usage_job(reseller=place.reseller, now=NOW + timedelta(days=1))
    rows = UsageRecord.objects.filter(instance=number, day=TODAY).order_by("pk")
    assert [(row.center, row.sent) for row in rows] == [(place.center, 7), (other, 5)]
    assert not FlaggedUsage.objects.exclude(flag="").exists()


def test_a_number_that_moves_twice_in_a_day_is_split_in_three(place: Place) -> None:
    number, other = place.here_and_there(), place.new_center()
    use(place, number, 5)
    hand_over(instance=number, center=other, by=None, now=NOW + timedelta(minutes=1))
    use(place, number, 3)
    hand_over(instance=fresh(number), center=place.center, by=None, now=NOW + timedelta(minutes=2))
    use(place, number, 2)
    read_today(place, number, minutes=3)
    rows = UsageRecord.objects.order_by("pk").values_list("center", "sent")
    assert list(rows) == [(place.center.pk, 5), (other.pk, 3), (place.center.pk, 2)]


def test_an_answer_that_was_requested_before_the_move_changes_nothing_after_it(place: Place) -> None:
    number, other = place.here_and_there(), place.new_center()
    span = span_of(number, TODAY)
    use(place, number, 5)
    hand_over(instance=number, center=other, by=None, now=NOW)
    stale = UsageAnswer(span, TODAY, Usage(3, 0, 0, D(3)), NOW - timedelta(minutes=1))
    late = UsageAnswer(span, TODAY, Usage(9, 0, 0, D(9)), NOW + timedelta(minutes=1))
    merge(place.account, [stale], now=NOW)
    assert used(place) == {place.center.name: 5}
    merge(place.account, [late], now=NOW + timedelta(minutes=1))
    assert used(place) == {place.center.name: 5, other.name: 4}
    assert not FlaggedUsage.objects.exists()


def test_less_than_the_old_centers_part_is_flagged_and_not_billed(place: Place) -> None:
    number, other = place.here_and_there(), place.new_center()
    use(place, number, 5)
    hand_over(instance=number, center=other, by=None, now=NOW)
    use(place, number, -2)
    read_today(place, number, minutes=5)
    assert used(place) == {place.center.name: 5, other.name: 0}
    flagged = FlaggedUsage.objects.get()
    assert (flagged.center, flagged.sent, flagged.flag) == (other, -2, FlaggedUsage.Flag.IMPOSSIBLE)
    with pytest.raises(OperationRefused, match="Negative"):
        accept_flagged_usage(flagged=flagged, by=None, now=NOW)
    use(place, number, 3)
    read_today(place, number, minutes=10)
    flagged.refresh_from_db()
    assert (used(place)[other.name], flagged.resolution) == (1, FlaggedUsage.Resolution.SUPERSEDED)


@pytest.mark.parametrize(("known", "stays"), [(False, 0), (True, 5)])
def test_without_an_answer_the_number_moves_only_if_someone_says_so(
    place: Place, known: bool, stays: int
) -> None:
    number, other = place.here_and_there(), place.new_center()
    use(place, number, 5)
    if known:
        read_today(place, number, minutes=0)
    use(place, number, 2)
    place.control.set_fault("usage", "500", times=1)
    at = NOW + timedelta(minutes=5)
    with pytest.raises(TodayUnknown) as refused:
        hand_over(instance=number, center=other, by=None, now=at)
    assert ("5 sent" in refused.value.message) == known
    assert ("hasn't been fetched yet" in refused.value.message) != known
    assert fresh(number).center == place.center
    place.control.set_fault("usage", "500", times=1)
    assert not hand_over(instance=number, center=other, by=None, now=at, anyway=True)
    read_today(place, number, minutes=10)
    assert used(place) == {other.name: 7 - stays} | ({place.center.name: stays} if known else {})


def test_an_answer_without_a_billed_figure_is_none(place: Place) -> None:
    number = place.here_and_there()
    place.control.set_fault("usage", "odd_field", field="total_cost", value="", times=1)
    with pytest.raises(TodayUnknown, match="can't be read"):
        hand_over(instance=number, center=place.new_center(), by=None, now=NOW)


def test_without_an_account_a_number_just_moves(shop: Shop) -> None:
    MazbotAccount.objects.update(api_key="")
    number, other = shop.number(), shop.new_center()
    assert hand_over(instance=number, center=other, by=None, now=NOW)
    assert fresh(number).center == other


def test_nothing_of_the_move_is_open_while_mazbot_is_asked(place: Place) -> None:
    number = place.here_and_there()
    open_blocks = len(connection.savepoint_ids)
    seen: list[int] = []

    def look(*call: object) -> object:
        seen.append(len(connection.savepoint_ids))
        return call[0](*call[1:])  # type: ignore[operator]

    place.control.set_fault("usage", "500", times=1)
    with connection.execute_wrapper(look), pytest.raises(TodayUnknown):
        hand_over(instance=number, center=place.center, by=None, now=NOW)
    assert set(seen) == {open_blocks}


# --- Periods --------------------------------------------------------------------------------------


def test_a_period_waits_for_the_days_of_numbers_that_moved_on(place: Place) -> None:
    Center.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    number, other = place.here_and_there(), place.new_center()
    Instance.objects.update(held_since=datetime(2026, 2, 26, 9, tzinfo=UTC))
    use(place, number, 4, date(2026, 2, 26))
    use(place, number, 9, date(2026, 2, 28))
    move(instance=fresh(number), center=other, by=None, now=datetime(2026, 2, 27, 9, tzinfo=UTC))
    assert "hasn't been fetched" in blockers(place.center, FEBRUARY, NOW)[0]
    run = invoice_job(reseller=place.reseller, now=NOW)
    assert run.state == "done", run.failures
    assert {row.center: row.total for row in Invoice.objects.all()} == {place.center: 4, other: 9}


def test_the_last_days_of_an_archived_center_are_read_and_billed(place: Place) -> None:
    """Its last usage was read in February; what followed was not, because MazBot was away."""
    Center.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    number = place.here_and_there()
    Instance.objects.update(held_since=datetime(2026, 2, 28, 9, tzinfo=UTC))
    place.read(number, date(2026, 2, 28), sent=1, cost="1")
    use(place, number, 1, date(2026, 2, 28))
    use(place, number, 6, date(2026, 3, 2))
    archive_center(center=place.center, by=None, now=datetime(2026, 3, 2, 12, tzinfo=UTC))
    later = datetime(2026, 4, 5, 9, tzinfo=UTC)
    assert [period for _center, period in due_periods(place.reseller, later)] == [FEBRUARY, MARCH]
    place.clock[0] = later
    invoice_job(reseller=place.reseller, now=later)
    assert [row.total for row in Invoice.objects.order_by("pk")] == [1, 6]


def test_days_of_a_number_that_moved_on_are_waived_for_who_held_it(place: Place) -> None:
    number, other = place.number(), place.new_center()  # MazBot does not know it
    Instance.objects.update(held_since=datetime(2026, 2, 27, 9, tzinfo=UTC))
    move(instance=fresh(number), center=other, by=None, now=NOW)
    waive_days(instance=fresh(number), center=place.center, period=FEBRUARY, because="lost", by=None, now=NOW)
    assert blockers(place.center, FEBRUARY, NOW) == []
    assert {row.center for row in UsageRecord.objects.all()} == {place.center}


# --- The first billed day -------------------------------------------------------------------------


def test_days_before_the_first_billed_one_are_read_and_not_charged(place: Place) -> None:
    place.margin("10")
    place.control.add_instance("demo-key", "trial", daily_messages=0)
    number = add_instance(
        center=place.center, instance_id="trial", billed_from=TODAY + timedelta(days=2), by=None, now=NOW
    )
    for ahead in range(3):
        place.clock[0] = NOW + timedelta(days=ahead)
        place.control.add_usage("trial", place.clock[0].date(), sent=10, cost=D(10))
        usage_job(reseller=place.reseller, now=place.clock[0] + timedelta(hours=1))
    assert used(place) == {place.center.name: 30}
    draft = preview_invoice(place.center, MARCH)
    assert [(line.instance, line.quantity, line.amount) for line in draft.lines] == [(number, 10, 11)]


def test_a_day_in_the_past_has_its_usage_fetched(place: Place) -> None:
    place.control.add_instance("demo-key", "old", daily_messages=0)
    for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 20)):
        place.control.add_usage("old", day, sent=1, cost=D(1))
    add_instance(
        center=place.center, instance_id="old", billed_from=date(2026, 2, 1), by=None, now=place.clock[0]
    )
    usage_job(reseller=place.reseller, now=NOW)
    assert used(place) == {place.center.name: 2}
    assert issue_invoice(center=place.center, period=FEBRUARY, by=None, now=NOW).total == 2


def test_the_first_billed_day_stays_once_days_are_invoiced(shop: Shop) -> None:
    number = shop.number(held_since=datetime(2026, 2, 28, 9, tzinfo=UTC))
    shop.read(number, date(2026, 2, 28), sent=1, cost="1")
    assert set_billing_start(instance=number, day=date(2026, 2, 27), now=NOW) == date(2026, 2, 28)
    shop.read(number, date(2026, 2, 27))
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="invoiced"):
        set_billing_start(instance=number, day=date(2026, 2, 1), now=NOW)
    with pytest.raises(OperationRefused, match="one year"):
        set_billing_start(instance=number, day=date(2024, 2, 1), now=NOW)


def test_the_first_billed_day_is_never_another_centers(shop: Shop) -> None:
    number, other = shop.number(held_since=NOW - timedelta(days=9)), shop.new_center(name="Elsewhere")
    move(instance=number, center=other, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="held this number until"):
        set_billing_start(instance=fresh(number), day=TODAY - timedelta(days=1), now=NOW)
    with pytest.raises(IntegrityError, match="assignment_days_apart"), transaction.atomic():
        InstanceAssignment.objects.filter(until=None).update(billed_from=TODAY - timedelta(days=1))


# --- The database ---------------------------------------------------------------------------------


def test_usage_is_stored_only_for_who_held_the_number(shop: Shop) -> None:
    number, other = shop.number(held_since=NOW - timedelta(days=1)), shop.new_center()
    shop.read(number, TODAY, sent=1, cost="1", at=NOW)
    with pytest.raises(IntegrityError, match="did not hold the number"), transaction.atomic():
        UsageRecord.objects.update(day=TODAY - timedelta(days=2))
    with transaction.atomic():
        UsageRecord.objects.update(center=other)
        with pytest.raises(IntegrityError, match="of_assignment"), transaction.atomic():
            connection.check_constraints()
        transaction.set_rollback(True)


def test_the_dates_of_an_invoiced_span_stay(shop: Shop) -> None:
    number = shop.number(held_since=datetime(2026, 2, 28, 9, tzinfo=UTC))
    shop.read(number, date(2026, 2, 28), sent=1, cost="1")
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    assert UsageClaim.objects.exists()
    with pytest.raises(IntegrityError, match="invoiced"), transaction.atomic():
        Instance.objects.update(held_since=NOW)
    with pytest.raises(IntegrityError, match="invoiced"), transaction.atomic():
        InstanceAssignment.objects.update(billed_from=date(2026, 2, 20))


def test_archived_and_restored_on_one_day_is_one_span_and_on_another_two(place: Place) -> None:
    number = place.here_and_there()
    archive_instance(instance=number, by=None, now=NOW)
    restore_instance(instance=fresh(number), by=None, now=NOW + timedelta(hours=1))
    assert InstanceAssignment.objects.get().until is None
    archive_instance(instance=fresh(number), by=None, now=NOW + timedelta(hours=2))
    restore_instance(instance=fresh(number), by=None, now=NOW + timedelta(days=3))
    assert [(span.first_day, span.last_day) for span in InstanceAssignment.objects.order_by("since")] == [
        (date(2026, 3, 2), TODAY),
        (date(2026, 3, 8), None),
    ]
    use(place, number, 8)
    place.clock[0] = NOW + timedelta(days=3)
    for day in (6, 7, 8):
        place.control.add_usage(number.instance_id, date(2026, 3, day), sent=1, cost=D(1))
    usage_job(reseller=place.reseller, now=place.clock[0])
    assert {row.day.day: row.sent for row in UsageRecord.objects.filter(sent__gt=0)} == {5: 8, 8: 1}
