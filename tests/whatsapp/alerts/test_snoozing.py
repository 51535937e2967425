"""Snoozing: until when, and waking again."""

from datetime import UTC, datetime, timedelta

import pytest

from centers.tenancy.scoping import every_tenant
from whatsapp.alerts.acts import one, resolve, snooze
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.alerts.snoozing import snooze_end, wake_due
from whatsapp.models import Alert

Kind = Alert.Kind
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        (datetime(2026, 11, 28, 20, 30, tzinfo=UTC), "Asia/Riyadh", datetime(2026, 11, 29, 6, 0, tzinfo=UTC)),
        (datetime(2026, 11, 28, 21, 30, tzinfo=UTC), "Asia/Riyadh", datetime(2026, 11, 30, 6, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), "Europe/Berlin", datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
    ],
)
def test_tomorrow_is_nine_in_the_resellers_zone(now, zone, expected):
    assert snooze_end("tomorrow", now=now, zone_name=zone) == expected
    assert snooze_end("4h", now=now, zone_name=zone) == now + 4 * HOUR
    assert snooze_end("next year", now=now, zone_name=zone) is None


def test_a_snoozed_alert_wakes_automatically_once(team, fresh):
    alert, later = team.alert(), team.alert()
    snooze(chosen=one(alert), until=team.now + HOUR, by=team.by, now=team.now)
    snooze(chosen=one(later), until=team.now + 2 * HOUR, by=team.by, now=team.now)
    with every_tenant():
        assert wake_due(now=team.now + HOUR - timedelta(seconds=1)) == 0
        assert wake_due(now=team.now + HOUR) == 1
        assert wake_due(now=team.now + HOUR) == 0
    assert fresh(alert).snoozed_until is None
    assert team.story(alert) == ["opened", "snoozed", "woke"]
    assert fresh(later).is_snoozed(team.now + HOUR)


def test_a_snoozed_alert_that_is_resolved_does_not_wake(team):
    automatic, by_hand = team.alert(), team.alert()
    for alert in (automatic, by_hand):
        snooze(chosen=one(alert), until=team.now + HOUR, by=team.by, now=team.now)
    resolve_alert(reseller=team.reseller, kind=Kind.DISCONNECTED, instance=automatic.instance, now=team.now)
    resolve(chosen=one(by_hand), by=team.by, now=team.now)
    with every_tenant():
        assert wake_due(now=team.now + 2 * HOUR) == 0


def test_an_unstable_number_stays_snoozed(team, fresh):
    alert = team.alert()
    snooze(chosen=one(alert), until=team.now + HOUR, by=team.by, now=team.now)
    for minute in (1, 3, 5):
        at = team.now + timedelta(minutes=minute)
        resolve_alert(reseller=team.reseller, kind=Kind.DISCONNECTED, instance=alert.instance, now=at)
        open_alert(reseller=team.reseller, kind=Kind.DISCONNECTED, instance=alert.instance, now=at)
    assert fresh(alert).is_snoozed(team.now + timedelta(minutes=6))
    assert fresh(alert).times == 4
