"""The history shows an outage during maintenance as maintenance, for the numbers it was about."""

from datetime import timedelta

import pytest

from tests.factories import CenterFactory
from whatsapp.alerts.maintenance import times_between
from whatsapp.history.causes import Cause
from whatsapp.history.spans import spans_by_number, spans_of
from whatsapp.models import Connection, MaintenanceWindow
from whatsapp.monitoring.results import Outcome, record_outcomes

MINUTE = timedelta(minutes=1)


def window(place, begin, end, **more):
    row = MaintenanceWindow(
        reseller=place.reseller, begins_at=begin, ends_at=end, reason="New phones", settled_at=end, **more
    )
    row.save()
    return row


def down(number, since, now):
    """Connected for an hour, disconnected from `since` on, checked every five minutes until `now`."""
    for minutes in range(-60, int((now - since) / MINUTE) + 1, 5):
        at, status = (
            since + minutes * MINUTE,
            Connection.DISCONNECTED if minutes >= 0 else Connection.CONNECTED,
        )
        seen = Outcome(number.pk, at, at + MINUTE, status, status.value)
        record_outcomes(reseller=number.reseller, outcomes=[seen])


def causes(number, now):
    found = spans_of(number, since=now - 60 * MINUTE, until=now, now=now)
    return [(one.cause, round(one.seconds / 60)) for one in found]


@pytest.mark.parametrize("of", ["all", "center", "number"])
def test_an_outage_during_maintenance_is_maintenance(place, now, of):
    number, begin = place.add(), now - 30 * MINUTE
    down(number, begin, now)
    target = {"all": {}, "center": {"center": place.center}, "number": {"instance": number}}[of]
    window(place, begin, begin + 20 * MINUTE, **target)
    expected = [(Cause.CONNECTED, 30), (Cause.MAINTENANCE, 20), (Cause.LOGGED_OUT, 10)]
    assert causes(number, now) == expected
    assert [
        [(one.cause, round(one.seconds / 60)) for one in spans]
        for spans in spans_by_number(place.reseller.pk, since=now - 60 * MINUTE, until=now, now=now)
    ] == [expected]


def test_maintenance_of_others_explains_nothing(place, now):
    number, other = place.add(), place.add()
    down(number, now - 30 * MINUTE, now)
    window(place, now - 30 * MINUTE, now, instance=other)
    window(place, now - 30 * MINUTE, now, center=CenterFactory(reseller=place.reseller))
    assert causes(number, now) == [(Cause.CONNECTED, 30), (Cause.LOGGED_OUT, 30)]


def test_what_ended_early_or_was_canceled_counts_only_as_long_as_it_ran(place, now):
    about = {"since": now - 60 * MINUTE, "until": now, "now": now}
    begin = now - 30 * MINUTE
    window(place, begin, now + 60 * MINUTE, ended_at=now - 10 * MINUTE)
    window(place, begin, now + 60 * MINUTE, ended_at=begin - MINUTE)
    window(place, now + MINUTE, now + 2 * MINUTE)
    running = window(place, now - MINUTE, now + 60 * MINUTE)
    assert sorted(times_between(place.reseller, **about)) == [
        (begin, now - 10 * MINUTE, None),
        (running.begins_at, now, None),
    ]
