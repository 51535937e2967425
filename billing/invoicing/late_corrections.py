"""Corrections and charges after an archived center's last invoice: no invoice will include them, so an alert opens.

Staff issue one more invoice or waive the corrections with a reason (see waivers.py).
"""

from datetime import datetime, timedelta

from django.db.models import Max, Min

from billing.invoicing.charges import centers_with_open_charges
from billing.invoicing.issue import NothingToCharge, issue_invoice
from billing.invoicing.monthly import still_to_invoice
from billing.invoicing.unbilled import centers_with_corrections
from billing.invoicing.waivers import waive_corrections
from billing.models import BillingPeriod, Charge, Invoice, Waiver
from billing.periods import LONGEST_DAYS, ONE_DAY, Period, month_of
from billing.usage.completeness import first_open_day
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.stored_messages import StoredMessage as _
from whatsapp.alerts.lifecycle import open_alerts, resolve_alert
from whatsapp.models import Alert

KIND = Alert.Kind.LEFT_OVER


def late_corrections(reseller: Reseller) -> list[Center]:
    """Archived centers with corrections that no future invoice will include; a fixed number of queries."""
    archived = Center.objects.filter(reseller=reseller).exclude(archived_at=None)
    corrected = centers_with_corrections(archived) | centers_with_open_charges(archived)
    return _without_an_invoice_to_come(
        reseller, list(archived.filter(pk__in=corrected).select_related("reseller").order_by("name", "pk"))
    )


def is_late_correction(center: Center) -> bool:
    """Whether corrections of this center need a decision."""
    if center.archived_at is None:
        return False
    if not (centers_with_corrections([center]) or centers_with_open_charges([center])):
        return False
    return bool(_without_an_invoice_to_come(center.reseller, [center]))


def check_late_corrections(reseller: Reseller, now: datetime) -> list[Center]:
    """Open an alert for each center with late corrections and close those of the others."""
    affected = late_corrections(reseller)
    corrected = centers_with_corrections(affected)
    details = {
        True: _("MazBot corrected usage after the last invoice of this archived center."),
        False: _("Charges of this archived center are on no invoice yet."),
    }
    open_alerts(
        reseller=reseller,
        alerts=[
            Alert(
                reseller=reseller,
                kind=KIND,
                center=center,
                detail=details[center.pk in corrected],
                opened_at=now,
            )
            for center in affected
        ],
    )
    over = Alert.objects.filter(reseller=reseller, kind=KIND, resolved_at=None).exclude(center__in=affected)
    for alert in over.select_related("center"):
        resolve_alert(reseller=reseller, kind=KIND, center=alert.center, now=now)
    return affected


def last_period(center: Center, now: datetime) -> Period:
    """From the last closed day to yesterday: the period of an invoice that includes the corrections.

    Without a closed day it begins with the month of the first charge. Raises OperationRefused for a center that has
    neither: there is nothing to correct.
    """
    closed = BillingPeriod.objects.filter(center=center, voided_at=None).aggregate(end=Max("end_day"))["end"]
    if closed is None:
        charges = Charge.objects.filter(center=center, withdrawn_at=None)
        first_day = charges.aggregate(first=Min("first_day"))["first"]
        closed = month_of(first_day).first_day if first_day else None
    if closed is None:
        raise OperationRefused(_("“%(center)s” has never been invoiced.") % {"center": center})
    end = first_open_day(center.reseller, now)
    first = max(closed, end - timedelta(days=LONGEST_DAYS))
    return Period(first, max(end, first + ONE_DAY))


def issue_last_invoice(*, center: Center, by: User | None, now: datetime) -> Invoice:
    """Invoice the corrections of an archived center; refusals are those of issue_invoice()."""
    try:
        invoice = issue_invoice(center=center, period=last_period(center, now), by=by, now=now)
    except NothingToCharge:
        check_late_corrections(center.reseller, now)
        raise
    check_late_corrections(center.reseller, now)
    return invoice


def waive_late_corrections(*, center: Center, because: str, by: User | None, now: datetime) -> Waiver:
    """Waive the corrections of a center, with a reason."""
    waiver = waive_corrections(center=center, because=because, by=by, now=now)
    check_late_corrections(center.reseller, now)
    return waiver


def _without_an_invoice_to_come(reseller: Reseller, centers: list[Center]) -> list[Center]:
    coming = still_to_invoice(reseller, centers) if centers else set()
    return [center for center in centers if center.pk not in coming]
