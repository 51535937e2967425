"""Which numbers' subscriptions a center is charged, and at which of MazBot's rates."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Q
from django.db.models.functions import TruncMonth

from billing.models import Rate, RateFetch, SubscriptionClaim, UsageDay
from billing.periods import local_day, month_of, zone_of
from billing.pricing import PriceBook
from centers.models import Center
from whatsapp.models import Instance


def subscribed(center: Center, months: list[date]) -> Iterator[tuple[Instance, date]]:
    """Numbers that were the center's and in use in a month (its first day), as far as nobody is charged for it yet."""
    if not months:
        return
    read_here = UsageDay.objects.filter(
        center=center, day__gte=months[0], day__lt=month_of(months[-1]).end_day
    )
    numbers = list(
        Instance.objects.filter(Q(center=center) | Q(pk__in=read_here.values("instance"))).order_by("pk")
    )
    owners = _owners(numbers, months)
    claimed = SubscriptionClaim.objects.filter(instance__in=numbers, month__in=months, voided_at=None)
    charged = set(claimed.values_list("instance_id", "month"))
    for month in months:
        for number in numbers:
            owner = owners.get((number.pk, month), number.center_id)
            if owner == center.pk and (number.pk, month) not in charged and _in_use(number, center, month):
                yield number, month


def rate_at(book: PriceBook, country_id: str, rate_type: str, moment: datetime) -> Rate | None:
    """What MazBot's list of the country (or the general one) said at `moment`; today's list where that is silent."""
    country = country_id if country_id in book.rates else ""
    lists = RateFetch.objects.filter(reseller=book.reseller, country_id=country)
    then = lists.filter(first_fetched_at__lt=moment).order_by("-pk").first() or lists.order_by("pk").first()
    found: Rate | None = Rate.objects.filter(fetch=then, type=rate_type).first() if then else None
    return found or next((row for row in book.rates_of(country_id) if row.type == rate_type), None)


def _owners(numbers: list[Instance], months: list[date]) -> dict[tuple[int, date], int]:
    """Who had each number last in each month, by its usage: (number, month) -> center; nobody where none was read."""
    rows = UsageDay.objects.filter(
        instance__in=numbers, day__gte=months[0], day__lt=month_of(months[-1]).end_day
    ).annotate(month=TruncMonth("day"))
    last = rows.order_by("instance_id", "month", "-day").distinct("instance_id", "month")
    return {
        (number, month): center
        for number, month, center in last.values_list("instance_id", "month", "center_id")
    }


def _in_use(number: Instance, center: Center, month: date) -> bool:
    zone = zone_of(center.reseller)
    whole = month_of(month)
    archived = local_day(number.archived_at, zone) if isinstance(number.archived_at, datetime) else None
    started = local_day(number.created_at, zone)
    return started < whole.end_day and (archived is None or archived >= whole.first_day)
