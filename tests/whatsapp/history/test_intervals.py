"""The database keeps the history of each number, whatever writes its row."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from centers.tenancy.scoping import every_tenant
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.history.causes import Cause
from whatsapp.history.spans import spans_by_number, spans_of, unobserved_after
from whatsapp.instances import archive_instance, restore_instance
from whatsapp.models import Alert, Connection, DesiredReason, MazbotAccount, Service, StatusInterval
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.service.desired_state import set_desired_state

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
C = Connection


def seen(number, at, connection_status, raw=""):
    """Checked twice where it is a drop: one check alone is none."""
    twice = 1 if connection_status == C.CONNECTED else 2
    for when in [at, at + timedelta(seconds=1)][:twice]:
        outcome = Outcome(number.pk, when, when + MINUTE, connection_status, raw or connection_status.value)
        record_outcomes(reseller=number.reseller, outcomes=[outcome])


def switched(number, at, state, reason=DesiredReason.MANUAL):
    set_desired_state(instances=[number], state=state, reason=reason, by=None, now=at)


def history(number, start):
    """(minutes from `start`, connection, off) of each interval, checked to be without gaps."""
    rows = list(StatusInterval.objects.filter(instance=number).order_by("since"))
    assert [row.until for row in rows[:-1]] == [row.since for row in rows[1:]]
    assert all(row.until is not None for row in rows[:-1])
    assert not rows or rows[-1].until is None
    return [((row.since - start) / MINUTE, row.connection, row.off) for row in rows]


def spans(number, now, since=timedelta(days=1)):
    found = spans_of(number, since=now - since, until=now, now=now)
    return [(one.cause, round(one.seconds / 60)) for one in found]


def test_a_check_that_finds_the_same_writes_nothing(place, now):
    number = place.add()
    for minutes, status in enumerate([C.CONNECTED, C.CONNECTED, C.EXPIRED, C.EXPIRED, C.CONNECTED]):
        seen(number, now + minutes * MINUTE, status)
    assert history(number, now) == [(0, "connected", ""), (2, "expired", ""), (4, "connected", "")]


def test_a_number_never_checked_has_no_history(place, now):
    assert history(place.add(), now) == []


def test_switching_suspending_and_archiving_are_part_of_it(place, now):
    number = place.add()
    seen(number, now, C.CONNECTED)
    switched(number, now + 1 * MINUTE, Service.DISABLED, DesiredReason.NON_PAYMENT)
    seen(number, now + 2 * MINUTE, C.DISCONNECTED)
    switched(number, now + 3 * MINUTE, Service.ENABLED)
    seen(number, now + 4 * MINUTE, C.CONNECTED)
    archive_instance(instance=number, by=None, now=now + 5 * MINUTE)
    number.refresh_from_db()
    restore_instance(instance=number, by=None, now=now + 6 * MINUTE)
    assert history(number, now) == [
        (0, "connected", ""),
        (1, "connected", "non_payment"),
        (2, "disconnected", "non_payment"),
        (3, "disconnected", ""),
        (4, "connected", ""),
        (5, "connected", "archived"),
        (6, "connected", ""),
    ]
    assert spans(number, now + 7 * MINUTE) == [
        (Cause.CONNECTED, 1),
        (Cause.UNPAID, 2),
        (Cause.LOGGED_OUT, 1),
        (Cause.CONNECTED, 1),
        (Cause.OFF, 1),
        (Cause.CONNECTED, 1),
    ]


def test_a_number_added_as_connected_or_off_has_a_history_from_then_on(place, now):
    connected = place.add(connection=C.CONNECTED, connection_since=now - HOUR)
    off = place.add(desired_state=Service.DISABLED, desired_reason=DesiredReason.MANUAL)
    assert history(connected, now - HOUR) == [(0, "connected", "")]
    assert [row.off for row in StatusInterval.objects.filter(instance=off)] == ["manual"]


def test_a_change_dated_before_the_present_interval_leaves_no_gap_and_no_overlap(place, now):
    number = place.add()
    seen(number, now, C.CONNECTED)
    switched(number, now + 2 * MINUTE, Service.DISABLED)
    seen(number, now + 1 * MINUTE, C.EXPIRED)  # a slow process: it asked before the switch
    assert history(number, now) == [(0, "connected", ""), (2, "expired", "manual")]


def test_time_without_checks_is_not_known(place, now):
    number = place.add()
    seen(number, now, C.CONNECTED)
    seen(number, now + 10 * MINUTE, C.CONNECTED)
    seen(number, now + 10 * HOUR, C.CONNECTED)
    assert history(number, now) == [(0, "connected", ""), (10, "", ""), (600, "connected", "")]
    assert spans(number, now + 10 * HOUR + 5 * MINUTE) == [
        (Cause.CONNECTED, 10),
        (Cause.UNKNOWN, 590),
        (Cause.CONNECTED, 5),
    ]


def test_a_status_seen_once_before_a_gap_is_kept(place, now):
    number = place.add()
    seen(number, now, C.CONNECTED)
    seen(number, now + 2 * HOUR, C.DISCONNECTED)
    assert [row[1] for row in history(number, now)] == ["connected", "", "disconnected"]
    assert spans(number, now + 2 * HOUR + MINUTE)[-1] == (Cause.LOGGED_OUT, 1)


def test_a_gap_that_goes_on_is_not_known_either(place, now):
    number = place.add()
    seen(number, now, C.CONNECTED)
    seen(number, now + 10 * MINUTE, C.CONNECTED)
    assert spans(number, now + 30 * MINUTE) == [(Cause.CONNECTED, 30)]
    assert spans(number, now + 2 * HOUR) == [(Cause.CONNECTED, 10), (Cause.UNKNOWN, 110)]


def test_time_off_needs_no_checks(place, now):
    number = place.add()
    seen(number, now, C.CONNECTED)
    switched(number, now + MINUTE, Service.DISABLED)
    assert spans(number, now + 10 * HOUR) == [(Cause.CONNECTED, 1), (Cause.OFF, 599)]
    switched(number, now + 10 * HOUR, Service.ENABLED)
    seen(number, now + 10 * HOUR + MINUTE, C.CONNECTED)
    assert spans(number, now + 10 * HOUR + 2 * MINUTE)[1:] == [(Cause.OFF, 599), (Cause.CONNECTED, 2)]


def test_a_large_account_at_a_low_limit_is_allowed_its_sweep(place, now):
    assert unobserved_after(place.reseller.pk) == 30 * MINUTE
    MazbotAccount.objects.update(rate_limit=1)
    for _ in range(20):
        number = place.add()
    assert unobserved_after(place.reseller.pk) == 60 * MINUTE
    seen(number, now, C.CONNECTED)
    seen(number, now + 50 * MINUTE, C.CONNECTED)
    assert history(number, now) == [(0, "connected", "")]


def test_without_an_account_half_an_hour_counts(place):
    MazbotAccount.objects.all().delete()
    assert unobserved_after(place.reseller.pk) == 30 * MINUTE


def test_a_number_that_never_connected_has_no_outage(place, now):
    number = place.add()
    seen(number, now, C.DISCONNECTED)
    seen(number, now + 5 * MINUTE, C.CONNECTED)
    seen(number, now + 6 * MINUTE, C.DISCONNECTED)
    assert spans(number, now + 8 * MINUTE) == [
        (Cause.NOT_PAIRED, 5),
        (Cause.CONNECTED, 1),
        (Cause.LOGGED_OUT, 2),
    ]


def test_an_unknown_status_keeps_mazbots_text(place, now):
    number = place.add()
    seen(number, now, C.UNKNOWN, "half")
    seen(number, now + MINUTE, C.UNKNOWN, "half")
    seen(number, now + 2 * MINUTE, C.UNKNOWN, "whole")
    rows = StatusInterval.objects.filter(instance=number).order_by("since")
    assert list(rows.values_list("raw", flat=True)) == ["half", "whole"]


def test_an_outage_at_mazbot_is_not_the_numbers(place, now):
    number = place.add()
    seen(number, now, C.CONNECTED)
    seen(number, now + 10 * MINUTE, C.DISCONNECTED)
    Alert(
        reseller=place.reseller,
        kind=Alert.Kind.PROVIDER_FAILING,
        opened_at=now + 5 * MINUTE,
        resolved_at=now + 15 * MINUTE,
    ).save()
    assert spans(number, now + 20 * MINUTE) == [
        (Cause.CONNECTED, 10),
        (Cause.PROVIDER, 5),
        (Cause.LOGGED_OUT, 5),
    ]


def test_an_outage_at_mazbot_that_returned_explains_nothing_of_the_time_between(place, now):
    """Its alert is continued, but it was over."""
    number, kind = place.add(), Alert.Kind.PROVIDER_FAILING
    seen(number, now, C.CONNECTED)
    seen(number, now + 2 * MINUTE, C.DISCONNECTED)
    for begin, end in ((1, 3), (8, 9)):
        open_alert(reseller=place.reseller, kind=kind, now=now + begin * MINUTE)
        resolve_alert(reseller=place.reseller, kind=kind, now=now + end * MINUTE)
    open_alert(reseller=place.reseller, kind=kind, now=now + 12 * MINUTE)
    assert Alert.objects.get(kind=kind).times == 3
    assert spans(number, now + 15 * MINUTE) == [
        (Cause.CONNECTED, 2),
        (Cause.PROVIDER, 1),
        (Cause.LOGGED_OUT, 5),
        (Cause.PROVIDER, 1),
        (Cause.LOGGED_OUT, 3),
        (Cause.PROVIDER, 3),
    ]


def test_spans_by_number_are_those_of_each_number(place, new_place, now):
    numbers = [place.add() for _ in range(3)]
    for index, number in enumerate(numbers):
        seen(number, now, C.CONNECTED)
        seen(number, now + (index + 1) * MINUTE, C.EXPIRED)
    other = new_place()
    with every_tenant():
        seen(other.add(), now, C.CONNECTED)
    window = {"since": now, "until": now + 5 * MINUTE, "now": now + 5 * MINUTE}
    found = list(spans_by_number(place.reseller.pk, **window))
    assert found == [spans_of(number, **window) for number in numbers]


@pytest.mark.parametrize("until", [0, -1])
def test_the_database_refuses_an_interval_without_length_and_a_second_present(place, now, until):
    number = place.add(connection=C.CONNECTED)
    for end in (now + until * MINUTE, None):
        row = StatusInterval(reseller=place.reseller, instance=number, since=now, until=end)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()


def test_a_routine_check_writes_no_history(place, now):
    """Nearly every update of a number is one."""
    number = place.add()
    seen(number, now, C.CONNECTED)
    writes = (
        "SELECT pg_stat_get_xact_tuples_inserted(t) + pg_stat_get_xact_tuples_updated(t)"
        " FROM (SELECT 'whatsapp_statusinterval'::regclass AS t) AS one"
    )
    with connection.cursor() as cursor:
        before = cursor.execute(writes).fetchone()
        for minutes in range(1, 20):
            seen(number, now + minutes * MINUTE, C.CONNECTED)
        assert cursor.execute(writes).fetchone() == before
        seen(number, now + 20 * MINUTE, C.EXPIRED)
        assert cursor.execute(writes).fetchone() > before
