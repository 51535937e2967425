"""Quiet hours and digests by the clock on the wall, where clocks are changed: nothing early, nothing lost."""

import itertools
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from centers.models import Notification, NotificationPreference
from centers.notifications.claims import REST_AFTER_LIST
from centers.notifications.timing import due_at, permitted_from
from tests.centers.notifications.conftest import Desk
from tests.thorough import THOROUGH

Digest = NotificationPreference.Digest
#: Days on which the clocks of a zone change (2026), and Riyadh, where they never do.
CHANGES = [
    ("Africa/Cairo", datetime(2026, 4, 24, tzinfo=UTC)),  # forward at 00:00
    ("Africa/Cairo", datetime(2026, 10, 30, tzinfo=UTC)),  # back at 00:00 of the day after the 29th
    ("Asia/Beirut", datetime(2026, 3, 29, tzinfo=UTC)),  # forward at 00:00
    ("Asia/Beirut", datetime(2026, 10, 25, tzinfo=UTC)),  # back at 00:00
    ("Africa/Casablanca", datetime(2026, 2, 15, tzinfo=UTC)),  # back for Ramadan at 03:00
    ("Africa/Casablanca", datetime(2026, 3, 22, tzinfo=UTC)),  # forward after Ramadan at 02:00
    ("Asia/Riyadh", datetime(2026, 3, 29, tzinfo=UTC)),
]
HOURS = [
    (time(22), time(7)),
    (time(23, 30), time(0, 30)),
    (time(21), time(23, 30)),
    (time(0), time(2, 30)),
    (time(2, 15), time(2, 45)),
    (time(13), time(15)),
]


def rule(**fields: object) -> NotificationPreference:
    return NotificationPreference(**fields)


def quiet(moment: datetime, begin: time, end: time, zone: ZoneInfo) -> bool:
    shown = moment.astimezone(zone).time()
    return begin <= shown < end if begin < end else shown >= begin or shown < end


def offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


@pytest.mark.parametrize(("name", "day"), CHANGES)
@pytest.mark.parametrize(("begin", "end"), HOURS)
def test_the_first_moment_outside_the_quiet_hours_to_the_minute(
    name: str, day: datetime, begin: time, end: time
) -> None:
    zone = ZoneInfo(name)
    kept = rule(quiet_from=begin, quiet_until=end)
    start = day - timedelta(hours=36)
    minutes = [start + timedelta(minutes=minute) for minute in range(72 * 60)]
    loud = [not quiet(moment, begin, end, zone) for moment in minutes]
    following = iter(itertools.compress(minutes, loud))
    expected = next(following)
    for place, moment in enumerate(minutes[: 48 * 60]):
        # Each minute at which quiet hours begin or end, and those beside it; of the others every seventh.
        if not (THOROUGH or place % 7 == 0 or len(set(loud[max(0, place - 1) : place + 2])) > 1):
            continue
        while expected < moment:
            expected = next(following)
        found = permitted_from(kept, zone=zone, urgent=False, moment=moment)
        assert not quiet(found, begin, end, zone)
        # Half an hour that is shown once more in the midst of the quiet hours is no time to call.
        set_back = offset(moment, zone) > offset(found, zone)
        assert found == expected or (set_back and timedelta() < found - expected <= timedelta(hours=2)), (
            moment
        )


@pytest.mark.parametrize(("name", "day"), CHANGES)
@pytest.mark.parametrize("at", [time(0), time(0, 30), time(2, 30), time(8), time(23, 30)])
def test_a_daily_digest_comes_every_day_at_its_time(name: str, day: datetime, at: time) -> None:
    zone = ZoneInfo(name)
    daily = rule(digest=Digest.DAILY, daily_at=at)
    moment = day - timedelta(days=2)
    days = []
    while len(days) < 5:
        moment = due_at(daily, zone=zone, urgent=True, written=moment)
        shown = moment.astimezone(zone)
        # A time that the clocks skip counts as the time they jump to.
        assert (
            timedelta()
            <= shown.replace(tzinfo=None) - datetime.combine(shown.date(), at)
            <= timedelta(hours=1)
        )
        days.append(shown.date())
    assert (days[-1] - days[0]).days >= 3
    assert sorted(set(days)) == [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]


def test_a_digest_of_quarters_begins_with_the_quarter() -> None:
    quarter = rule(digest=Digest.QUARTER)
    at = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)
    assert due_at(quarter, zone=UTC, urgent=False, written=at) == at.replace(minute=15)
    assert due_at(quarter, zone=UTC, urgent=False, written=at.replace(minute=15)) == at.replace(minute=30)


def test_urgent_messages_pass_for_those_who_allow_it() -> None:
    night = datetime(2026, 11, 23, 1, tzinfo=UTC)
    hours = {"quiet_from": time(22), "quiet_until": time(7)}
    morning = night.replace(hour=7)
    assert permitted_from(rule(**hours), zone=UTC, urgent=True, moment=night) == night
    assert permitted_from(rule(**hours), zone=UTC, urgent=False, moment=night) == morning
    strict = rule(**hours, urgent_passes=False)
    assert permitted_from(strict, zone=UTC, urgent=True, moment=night) == morning


def test_a_digest_that_ends_at_night_waits_for_the_morning() -> None:
    late = rule(digest=Digest.QUARTER, quiet_from=time(22), quiet_until=time(7))
    at = datetime(2026, 11, 23, 21, 50, tzinfo=UTC)
    assert due_at(late, zone=UTC, urgent=False, written=at) == datetime(2026, 11, 24, 7, tzinfo=UTC)


@pytest.mark.parametrize(("name", "day"), CHANGES if THOROUGH else CHANGES[:2])
def test_the_outbox_sends_nothing_early_and_loses_nothing_when_clocks_change(
    name: str, day: datetime, desk: Desk, record_property: Any
) -> None:
    """Two days with a message every hour; with MARKAZ_THOROUGH in every zone, whose moments the tests above compare."""
    zone, step = ZoneInfo(name), timedelta(hours=1)
    desk.reseller.time_zone = name
    desk.reseller.save()
    rule(
        reseller=desk.reseller, user=desk.owner, group="tests", channels=["test"], quiet_from=time(22),
        quiet_until=time(7),
    ).save()  # fmt: skip
    begin = day - timedelta(hours=24)
    for number in range(48):
        now = begin + number * step
        desk.tell(f"alert:{number}", kind="test.calm", now=now)
        desk.deliver(now)
    desk.deliver(begin + timedelta(hours=60))
    sent = list(Notification.objects.values_list("created_at", "sent_at"))
    assert all(at is not None for _written, at in sent)
    assert not [at for _written, at in sent if quiet(at, time(22), time(7), zone)]
    late = [at - written for written, at in sent if not quiet(written, time(22), time(7), zone)]
    assert max(late) <= REST_AFTER_LIST + step, "by day they leave at once"
    record_property(
        "figures", f"{len(sent)} messages, {len(sent) - len(late)} of them in quiet hours, all sent after"
    )
