"""When a message may be delivered: quiet hours and digests by the clock on the wall, over changes of the clocks too."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from centers.models import NotificationPreference

_QUARTER = timedelta(minutes=15)
_SECOND = timedelta(seconds=1)
Digest = NotificationPreference.Digest


def due_at(rule: NotificationPreference, *, zone: tzinfo, urgent: bool, written: datetime) -> datetime:
    """When a message that was written at `written` is due: at the end of its digest's interval, outside quiet hours."""
    moment = written
    if rule.digest == Digest.QUARTER:
        moment = _next_quarter(written)
    elif rule.digest == Digest.DAILY:
        moment = _next_at(rule.daily_at, written, zone)
    return permitted_from(rule, zone=zone, urgent=urgent, moment=moment)


def permitted_from(rule: NotificationPreference, *, zone: tzinfo, urgent: bool, moment: datetime) -> datetime:
    """The first moment, `moment` or later, that lies outside the quiet hours; urgent messages may pass them."""
    begin, end = rule.quiet_from, rule.quiet_until
    if begin is None or end is None or begin == end or (urgent and rule.urgent_passes):
        return moment
    return _next_at(end, moment, zone) if _is_quiet(moment.astimezone(zone).time(), begin, end) else moment


def _is_quiet(now: time, begin: time, end: time) -> bool:
    return begin <= now < end if begin < end else now >= begin or now < end


def _next_quarter(moment: datetime) -> datetime:
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (((moment - midnight) // _QUARTER) + 1) * _QUARTER


def _next_at(wall: time, after: datetime, zone: tzinfo) -> datetime:
    """The first moment later than `after` at which the clocks in `zone` show `wall`, or skip it."""
    day = after.astimezone(zone).date() - timedelta(days=1)
    for ahead in range(4):
        for fold in (0, 1):  # clocks that were set back show a time twice
            local = datetime.combine(day + timedelta(days=ahead), wall.replace(fold=fold), zone)
            found = _real(local)
            if found > after:
                return found
    raise AssertionError("A time of day comes once a day.")


def _real(local: datetime) -> datetime:
    """The moment (UTC) of a local time; for one that the clocks skip, the moment of the skip."""
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    sides = [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    before, behind = min(sides), max(sides)
    offset = before.astimezone(local.tzinfo).utcoffset()
    while behind - before > _SECOND:
        middle = before + (behind - before) / 2
        if middle.astimezone(local.tzinfo).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind.replace(microsecond=0)
