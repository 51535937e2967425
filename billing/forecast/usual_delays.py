"""By how many days centers pay after the due date."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Avg, DurationField, ExpressionWrapper, F
from django.db.models.functions import TruncDate

from billing.models import Invoice
from billing.periods import ONE_DAY, day_start, zone_of
from centers.models import Reseller

#: Older payments say little about the next one.
_LOOK_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class UsualDelays:
    """Whole days after the due date, rounded up, never negative."""

    by_center: dict[int, int]
    general: int  # of all centers, for those that paid nothing yet

    def of(self, center_id: int) -> int:
        """The center's delay."""
        return self.by_center.get(center_id, self.general)


def usual_delays(reseller: Reseller, day: date) -> UsualDelays:
    """The average delay of the invoices that were paid in the year before `day`, in two queries."""
    zone = zone_of(reseller)
    paid = Invoice.objects.filter(
        reseller=reseller,
        kind=Invoice.Kind.INVOICE,
        voided_at=None,
        credited__lt=F("total"),
        settled_at__gte=day_start(day - _LOOK_BACK, zone),
    ).order_by()
    late: Any = Avg(
        ExpressionWrapper(TruncDate("settled_at", tzinfo=zone) - F("due_on"), output_field=DurationField())
    )
    by_center = paid.values_list("center").annotate(late=late)
    return UsualDelays(
        {center: _whole(average) for center, average in by_center}, _whole(paid.aggregate(late=late)["late"])
    )


def _whole(average: timedelta | None) -> int:
    return max(0, -(-(average or timedelta()) // ONE_DAY))
