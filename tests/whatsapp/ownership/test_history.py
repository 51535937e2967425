"""The history of who held a number: written by the number's row alone, without gaps, overlaps or changes."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from centers.models import AuditEntry
from tests.factories import CenterFactory, InstanceFactory
from tests.whatsapp.conftest import Place
from whatsapp.instances import add_instance, archive_instance, edit_instance, move, restore_instance
from whatsapp.models import Instance, InstanceAssignment
from whatsapp.ownership.billing_start import mazbot_today, set_billing_start


def spans(number: Instance) -> list[tuple[str, str, datetime, datetime | None]]:
    rows = InstanceAssignment.objects.filter(instance=number).select_related("center").order_by("since", "pk")
    return [(span.center.name, span.mazbot_id, span.since, span.until) for span in rows]


def fresh(number: Instance) -> Instance:
    return Instance.objects.select_related("center", "reseller").get(pk=number.pk)


def test_every_change_of_hands_ends_a_span_and_begins_the_next(place: Place, now: datetime) -> None:
    other = CenterFactory(reseller=place.reseller, name="Other")
    number = add_instance(center=place.center, instance_id="x-1", by=None, now=now)
    times = [now + timedelta(days=days) for days in range(1, 5)]
    move(instance=fresh(number), center=other, by=None, now=times[0])
    edit_instance(instance=fresh(number), instance_id="x-2", label="New", by=None, now=times[1])
    archive_instance(instance=fresh(number), by=None, now=times[2])
    restore_instance(instance=fresh(number), by=None, now=times[3])
    assert spans(number) == [
        (place.center.name, "x-1", now, times[0]),
        ("Other", "x-1", times[0], times[1]),
        ("Other", "x-2", times[1], times[2]),
        ("Other", "x-2", times[3], None),
    ]
    days = InstanceAssignment.objects.order_by("since").values_list("first_day", "last_day", "billed_from")
    today = [mazbot_today(place.reseller, moment) for moment in (now, *times)]
    assert list(days) == [
        (today[0], today[1], today[0]),
        (today[1], today[2], today[1]),
        (today[2], today[3], today[2]),
        (today[4], None, today[4]),
    ]
    connection.check_constraints()


def test_other_changes_begin_nothing(place: Place, now: datetime) -> None:
    number = place.add()
    edit_instance(instance=number, label="New", whatsapp_number="", by=None, now=now)
    move(instance=fresh(number), center=place.center, by=None, now=now)
    Instance.objects.update(version=7, center=place.center)
    fresh(number).save()
    assert len(spans(number)) == 1


def test_plain_sql_and_earlier_versions_begin_a_span_now(place: Place) -> None:
    number, other = (
        place.add(held_since=datetime.fromisoformat("2026-01-01T00:00+00:00")),
        CenterFactory(reseller=place.reseller),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment = cursor.fetchone()[0]
        cursor.execute("UPDATE whatsapp_instance SET center_id = %s WHERE id = %s", [other.pk, number.pk])
    assert [(name, since) for name, _id, since, _until in spans(number)][1:] == [(other.name, moment)]


def test_a_number_that_comes_archived_is_held_by_no_one_until_it_is_restored(
    place: Place, now: datetime
) -> None:
    number = place.add(archived_at=now)
    assert spans(number) == []
    restore_instance(instance=number, by=None, now=now)
    assert [(since, until) for _center, _id, since, until in spans(number)] == [(now, None)]


def test_a_swap_of_two_ids_keeps_both_histories(place: Place, now: datetime) -> None:
    began = now - timedelta(days=1)
    one, two = (
        add_instance(center=place.center, instance_id=name, by=None, now=began) for name in ("a", "b")
    )
    edit_instance(instance=one, instance_id="between", by=None, now=now)
    edit_instance(instance=two, instance_id="a", by=None, now=now + timedelta(seconds=1))
    edit_instance(instance=fresh(one), instance_id="b", by=None, now=now + timedelta(seconds=2))
    assert [mazbot_id for _center, mazbot_id, *_times in spans(one)] == ["a", "between", "b"]
    assert [mazbot_id for _center, mazbot_id, *_times in spans(two)] == ["b", "a"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", 99_999_999),
        ("reseller_id", None),
        ("center_id", None),
        ("instance_id", None),
        ("mazbot_id", "other"),
        ("since", datetime.fromisoformat("2020-01-01T00:00+00:00")),
        ("until", datetime.fromisoformat("2030-01-01T00:00+00:00")),
        ("first_day", date(2020, 1, 1)),
        ("last_day", date(2030, 1, 1)),
    ],
)
def test_no_column_is_changed_by_hand(place: Place, column: str, value: object) -> None:
    place.add()
    stranger = InstanceFactory(center=CenterFactory())
    other = {"reseller_id": stranger.reseller_id, "center_id": stranger.center_id, "instance_id": stranger.pk}
    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE whatsapp_instanceassignment SET {column} = %s", [other.get(column, value)])


def test_no_row_is_removed_and_none_contradicts_its_number(place: Place, now: datetime) -> None:
    number, archived = place.add(), place.add(archived_at=now)
    attempts = [
        ("DELETE FROM whatsapp_instanceassignment", "never removed"),
        (
            "INSERT INTO whatsapp_instanceassignment (reseller_id, center_id, instance_id, mazbot_id, since,"
            " first_day, billed_from) SELECT reseller_id, center_id, id, instance_id, now(), now(), now()"
            f" FROM whatsapp_instance WHERE id = {archived.pk}",
            "held by its center",
        ),
        (
            "INSERT INTO whatsapp_instanceassignment (reseller_id, center_id, instance_id, mazbot_id, since, until,"
            " first_day, last_day, billed_from) SELECT reseller_id, center_id, id, instance_id,"
            " held_since - interval '1 day', held_since + interval '1 day', '2020-01-01', '2020-01-02', '2020-01-01'"
            f" FROM whatsapp_instance WHERE id = {number.pk}",
            "assignment_apart",
        ),
        ("TRUNCATE whatsapp_instanceassignment CASCADE", "never emptied"),
    ]
    connection.check_constraints()
    for statement, refused in attempts:
        with transaction.atomic():
            with pytest.raises(IntegrityError, match=refused), transaction.atomic():
                _execute("SET LOCAL markaz.may_truncate = 'off'", statement)
            transaction.set_rollback(True)


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.check_constraints()


def test_no_two_numbers_have_one_id_on_the_same_days(place: Place, now: datetime) -> None:
    number = place.add(held_since=now - timedelta(days=9))
    edit_instance(instance=number, instance_id="free-again", by=None, now=now)
    old_id = spans(number)[0][1]
    again = add_instance(center=place.center, instance_id=old_id, by=None, now=now + timedelta(hours=1))
    with pytest.raises(IntegrityError, match="assignment_days_apart"), transaction.atomic():
        InstanceAssignment.objects.filter(instance=again).update(billed_from=date(2020, 1, 1))


def test_the_first_billed_day_is_in_the_audit_log_and_stays_when_the_id_is_corrected(
    place: Place, now: datetime
) -> None:
    number, day = place.add(held_since=now), mazbot_today(place.reseller, now) + timedelta(days=5)
    edit_instance(instance=number, billed_from=day, by=None, now=now)
    present = InstanceAssignment.objects.get()
    assert (present.billed_from, present.first_day) == (day, day - timedelta(days=5))
    assert AuditEntry.objects.latest("pk").data["changes"]["billed_from"][1] == day.isoformat()
    # The form of the page repeats the day it shows, which is the old id's.
    edit_instance(instance=fresh(number), instance_id="right", billed_from=day, by=None, now=now)
    assert InstanceAssignment.objects.get(until=None).billed_from == day - timedelta(days=5)
    assert set_billing_start(instance=fresh(number), day=day, now=now) == day - timedelta(days=5)
