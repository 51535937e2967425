"""How long the main account's quota lasts, and the alert when it runs out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import Sum

from billing.models import AccountUsageRecord, UsageRecord
from billing.periods import month_of, previous_month, today
from billing.reports.kept import Kept, is_large, load, store
from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from centers.values.formats import number_text
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert

ZERO = Decimal(0)
BURN_DAYS = 7
LOW_DAYS = 7
_SENDERS, _SENDERS_AGE = "senders", timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Runway:
    """The remaining quota, its recent use per day, and how many days it lasts.

    `odd` is what MazBot last sent instead of a quota; `quota` is then the last one that could be read.
    """

    quota: Decimal | None
    read_at: datetime | None
    per_day: Decimal
    days_left: int | None
    unlimited: bool = False
    odd: str = ""
    was_asked: bool = False

    @property
    def legible_quota(self) -> Decimal | None:
        """The quota, from 100 on without decimals."""
        return None if self.quota is None else round(self.quota, 0 if self.quota >= 100 else 2)


def quota_runway(reseller: Reseller, now: datetime) -> Runway:
    """How long the quota lasts at the recent use.

    MazBot does not document what its quota counts, so the use is how much the quota itself went down from day to day
    (a top-up counts as none); only if that is unknown it is the number of messages sent.
    """
    readings = list(AccountUsageRecord.objects.filter(reseller=reseller).order_by("-day")[: BURN_DAYS + 1])
    latest = next(
        (row for row in readings if row.quota_is_unlimited or row.available_quota is not None), None
    )
    unlimited = latest is not None and latest.quota_is_unlimited
    quota = latest.available_quota if latest and not unlimited else None
    per_day = _burn(readings, with_quota=not unlimited)
    return Runway(
        quota=quota,
        read_at=latest.read_at if latest else None,
        per_day=per_day.quantize(Decimal(1)),
        days_left=int(quota / per_day) if quota is not None and per_day > 0 else None,
        unlimited=unlimited,
        odd=next((row.odd_quota for row in readings[:1]), ""),
        was_asked=bool(readings),
    )


def check_quota(reseller: Reseller, now: datetime) -> Runway:
    """Open or close the alert that the quota is running out; without a known quota it stays as it is."""
    runway = quota_runway(reseller, now)
    low = runway.quota is not None and (
        runway.quota <= 0 or (runway.days_left is not None and runway.days_left < LOW_DAYS)
    )
    if low and runway.quota is not None:
        detail = _("%(quota)s left. Days left at the current usage: about %(days)s.") % {
            "quota": number_text(runway.legible_quota or 0),
            "days": runway.days_left or 0,
        }
        open_alert(reseller=reseller, kind=Alert.Kind.QUOTA_LOW, detail=detail, now=now)
    elif runway.unlimited or runway.quota is not None:
        resolve_alert(reseller=reseller, kind=Alert.Kind.QUOTA_LOW, now=now)
    return runway


def _burn(records: list[AccountUsageRecord], *, with_quota: bool) -> Decimal:
    """Use per day; `records` newest first. Days without a record count: their use is part of the next drop.

    `with_quota` False counts messages: an unlimited quota does not go down.
    """
    rows = records if with_quota else []
    known = [(row.day, row.available_quota) for row in rows if row.available_quota is not None]
    drops = [max(ZERO, older - newer) for (_new, newer), (_old, older) in pairwise(known)]
    if any(drops):
        return round(sum(drops, ZERO) / (known[0][0] - known[-1][0]).days, 4)
    past = [row.sent for row in records[1:] if row.sent is not None]
    sent = past or [row.sent for row in records if row.sent is not None]
    return round(Decimal(sum(sent)) / len(sent), 4) if sent else ZERO


def top_senders(reseller: Reseller, now: datetime) -> tuple[tuple[str, int], ...]:
    """The centers that sent most in the last BURN_DAYS, each with how many messages."""
    since = now.date() - timedelta(days=BURN_DAYS)
    rows = UsageRecord.objects.filter(reseller=reseller, day__gte=since).order_by().values("center__name")
    top = rows.annotate(sum=Sum("sent")).filter(sum__gt=0).order_by("-sum", "center__name")[:5]
    return tuple((row["center__name"], row["sum"]) for row in top)


@dataclass(frozen=True, slots=True)
class Senders:
    """The centers that sent most, each with how many messages; added up at `made_at`, or just now (None)."""

    rows: tuple[tuple[str, int], ...]
    made_at: datetime | None = None


def senders_shown(reseller: Reseller, now: datetime) -> Senders:
    """`top_senders`, of a reseller with many centers as they were last added up: not just now, and at first none."""
    if not is_large(reseller):
        return Senders(top_senders(reseller, now))
    kept = _kept_senders(reseller, now)
    return Senders(tuple((name, sent) for name, sent in kept.content), kept.made_at) if kept else Senders(())


def keep_top_senders(reseller: Reseller, now: datetime) -> None:
    """Keep who sent most until now."""
    store(reseller, _SENDERS, Kept(_month(reseller, now), now, top_senders(reseller, now)))


def are_senders_due(reseller: Reseller, now: datetime) -> bool:
    """Whether who sent most is not kept of this month, or too old."""
    kept = load(reseller, _SENDERS, [_month(reseller, now)])
    return not kept or any(now - one.made_at >= _SENDERS_AGE for one in kept.values())


def _kept_senders(reseller: Reseller, now: datetime) -> Kept | None:
    """Of this month; of the one before it as long as there are none."""
    month = _month(reseller, now)
    kept = load(reseller, _SENDERS, [previous_month(month).first_day, month])
    return kept[max(kept)] if kept else None


def _month(reseller: Reseller, now: datetime) -> date:
    return month_of(today(reseller, now)).first_day
