"""Usage of a center that is on no invoice yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    DecimalField,
    Exists,
    F,
    Field,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest

from billing.models import Billable, BillingPeriod, Margin, UsageClaim, UsageRecord, is_charged_to
from billing.periods import Period
from billing.pricing.price_list import billable_messages
from centers.models import Center
from whatsapp.models import Instance

_VALID = Q(claims__voided_at__isnull=True)
_FIELDS: dict[str, "Field[Any, Any]"] = {
    "sent": BigIntegerField(),
    "received": BigIntegerField(),
    "failed": BigIntegerField(),
    "cost": DecimalField(max_digits=24, decimal_places=10),
}
_ARRIVED = Greatest(
    F("claims__sent_before") + F("claims__sent") - F("claims__failed_before") - F("claims__failed"), 0
) - Greatest(F("claims__sent_before") - F("claims__failed_before"), 0)
_BY_SENT, _BY_ARRIVED = (Q(claims__line__billable=basis) for basis in (Billable.SENT, Billable.DELIVERED))
_NO_BASIS = Q(claims__line__isnull=True) | Q(claims__line__billable="")


def _sum(of: F | Combinable, only: Q) -> Coalesce:
    return Coalesce(Sum(of, filter=_VALID & only), Value(0), output_field=BigIntegerField())


_BILLABLE = {
    "charged": _sum(F("claims__sent"), _BY_SENT) + _sum(_ARRIVED, _BY_ARRIVED),
    "waived_sent": _sum(F("claims__sent"), _NO_BASIS),
    "waived_delivered": _sum(_ARRIVED, _NO_BASIS),
}
_NAMES = tuple(_FIELDS)
# One claim of a day, any of them, looked up day by day: joined, PostgreSQL would read all claims there are, and by the
# reseller, which is that of the day, those of the reseller.
_A_CLAIM = Subquery(
    UsageClaim._base_manager.filter(usage_record=OuterRef("pk"), voided_at=None).values("pk")[:1]
)
_PLAIN = ("pk", "day", *_NAMES, "currency")
_CHARGED = ("sent", "failed", "cost")  # received messages cost nothing


@dataclass(frozen=True, slots=True)
class Claimed:
    """What earlier claims took of a day, and how many billable messages that was at the time.

    `charged` counts by the basis of the lines; usage without a line counts by the requested basis.
    """

    sent: int
    failed: int
    charged: int
    waived_sent: int
    waived_delivered: int


_NOTHING_CLAIMED = Claimed(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Unbilled:
    """The difference between a day's accepted usage and what lines and waivers have claimed of it."""

    usage_record_id: int
    instance: Instance
    day: date
    revision: int
    sent: int
    received: int
    failed: int
    cost: Decimal
    currency: str
    claimed: Claimed
    before: UsageClaim | None = None  # of an adjustment: the claim it corrects
    read_at: datetime | None = None  # of an adjustment: when the difference was read

    def billable(self, basis: str) -> int:
        """How many billable messages the difference adds to the day; a day's total is never below zero."""
        own = self.claimed
        known = billable_messages(own.sent + self.sent, own.failed + self.failed, basis)
        return known - own.charged - (own.waived_sent if basis == Billable.SENT else own.waived_delivered)

    @property
    def margin_before(self) -> Margin | None:
        """The margin version the day was billed with."""
        return self.before.margin if self.before else None


def unbilled_days(center: Center, period: Period) -> list[Unbilled]:
    """Days of the period that belong on its invoice, including days without messages: they are closed with it."""
    return unbilled_of([center], period)[center.pk]


def unbilled_of(centers: Iterable[Center], period: Period) -> dict[int, list[Unbilled]]:
    """The same for each of several centers, by id; a fixed number of queries.

    Nearly all of the days were never claimed: there is nothing to add up for those.
    """
    found: dict[int, list[Unbilled]] = {center.pk: [] for center in centers}
    rows = UsageRecord.objects.filter(is_charged_to(found), day__gte=period.first_day, day__lt=period.end_day)
    days = list(
        rows.order_by("center_id", "instance_id", "day", "pk")
        .annotate(claim=_A_CLAIM)
        .values_list("claim", "center_id", "instance_id", *_PLAIN)
    )
    numbers = Instance.objects.only("reseller_id", "center_id", "instance_id", "label").in_bulk(
        {row[2] for row in days}
    )
    for claim, center_id, number, pk, day, sent, received, failed, cost, currency in days:
        if claim is None:
            counts = (sent, received, failed, cost, currency, _NOTHING_CLAIMED)
            found[center_id].append(Unbilled(pk, numbers[number], day, 0, *counts))
    again = _with_claims(UsageRecord.objects.filter(pk__in=[row[3] for row in days if row[0] is not None]))
    changed = [row for row in again if _differs(row)]
    for row in changed:
        found[row.center_id].append(_unbilled(row, None))
    for center_id in {row.center_id for row in changed}:
        found[center_id].sort(key=lambda one: (one.instance.pk, one.day))
    return found


def corrections(center: Center, before: date = date.max) -> list[Unbilled]:
    """Days earlier than `before` that were closed with other counts than are known now."""
    return corrections_of([center], before)[center.pk]


def corrections_of(centers: Iterable[Center], before: date = date.max) -> dict[int, list[Unbilled]]:
    """The same for each of several centers, by id."""
    found: dict[int, list[Unbilled]] = {center.pk: [] for center in centers}
    changed = list(_corrected(list(found), _NAMES).filter(day__lt=before))
    terms = _terms_before(row.pk for row in changed)
    for row in changed:
        found[row.center_id].append(_unbilled(row, terms.get(row.pk)))
    return found


def centers_with_corrections(centers: Iterable[Center]) -> set[int]:
    """Ids of those of the centers with corrections that can change what is charged; one query."""
    return set(_corrected(centers, _CHARGED).order_by().values_list("center_id", flat=True))


def _corrected(centers: Iterable[Center | int], names: tuple[str, ...]) -> QuerySet[Any]:
    """Days in closed periods where one of the columns `names` differs from what was claimed."""
    closed = BillingPeriod.objects.filter(
        center=OuterRef("center"), voided_at=None, first_day__lte=OuterRef("day"), end_day__gt=OuterRef("day")
    )
    rows = _with_claims(UsageRecord.objects.filter(is_charged_to(centers)))
    return rows.filter(Exists(closed)).exclude(_same(names))


def _with_claims(rows: QuerySet[UsageRecord]) -> QuerySet[Any]:
    """Each charged day with the sums of its non-void claims and the last one's revision; ordered by number and day."""
    billed = {
        f"billed_{name}": Coalesce(
            Sum(f"claims__{name}", filter=_VALID), Value(0), output_field=_FIELDS[name]
        )
        for name in _NAMES
    }
    counted = rows.annotate(latest=Max("claims__revision", filter=_VALID), **billed, **_BILLABLE)
    return counted.select_related("instance").order_by("instance_id", "day")


def _same(names: tuple[str, ...]) -> Q:
    same = Q()
    for name in names:
        same &= Q(**{name: F(f"billed_{name}")})
    return same


def _differs(row: UsageRecord) -> bool:
    return any(getattr(row, name) != getattr(row, f"billed_{name}") for name in _NAMES)


def _terms_before(usage_record_ids: Iterable[int]) -> dict[int, UsageClaim]:
    """The latest non-void claim of each day in a closed period: a correction keeps its terms; a waiver has none."""
    claims = UsageClaim.objects.filter(
        usage_record__in=list(usage_record_ids), voided_at=None, period__isnull=False
    )
    return {
        claim.usage_record_id: claim for claim in claims.select_related("line", "margin").order_by("revision")
    }


def _unbilled(row: Any, before: UsageClaim | None) -> Unbilled:
    rest = {name: getattr(row, name) - getattr(row, f"billed_{name}") for name in _NAMES}
    return Unbilled(
        usage_record_id=row.pk,
        instance=row.instance,
        day=row.day,
        revision=0 if row.latest is None else row.latest + 1,
        currency=row.currency,
        claimed=Claimed(
            row.billed_sent, row.billed_failed, row.charged, row.waived_sent, row.waived_delivered
        ),
        before=before,
        read_at=row.read_at,
        **rest,
    )
