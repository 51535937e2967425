"""From which day on a center is billed for a number."""

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.models import Reseller
from centers.values.formats import day_text
from whatsapp.accounts import mazbot_zone
from whatsapp.models import Instance, InstanceAssignment

FURTHEST = timedelta(days=366)


def mazbot_today(reseller: Reseller, now: datetime) -> date:
    """The running day of MazBot's calendar, which usage is counted by."""
    return now.astimezone(mazbot_zone(reseller)).date()


def present_assignment(instance: Instance) -> InstanceAssignment | None:
    """The span in which its center holds the number; None for an archived one."""
    return InstanceAssignment.objects.filter(instance=instance, until=None).first()


def set_billing_start(*, instance: Instance, day: date, now: datetime) -> date | None:
    """Bill the center from this day on; the earlier day, or None if it was this one.

    A day in the past has MazBot's usage since then fetched. Raises OperationRefused for a day more than a year away,
    while another center held the number, or after days of it were invoiced.
    """
    present = present_assignment(instance)
    if present is None or present.billed_from == day:
        return None
    if abs(day - mazbot_today(instance.reseller, now)) > FURTHEST:
        raise _refused(_("Choose a day at most one year from today."))
    others = InstanceAssignment.objects.filter(Q(last_day__gt=day), mazbot_id=present.mazbot_id)
    before = others.exclude(pk=present.pk).select_related("center").order_by("-last_day").first()
    if before is not None and before.last_day is not None:
        text = _("“%(center)s” held this number until %(day)s. Choose that day or a later one.")
        raise _refused(text % {"center": before.center, "day": day_text(before.last_day)})
    try:
        with transaction.atomic():
            InstanceAssignment.objects.filter(pk=present.pk).update(billed_from=day)
    except IntegrityError as error:
        raise _refused(
            _("Days of this number are invoiced, so its first billed day can no longer change.")
        ) from error
    return present.billed_from


def _refused(message: str) -> OperationRefused:
    return OperationRefused(message, field="billed_from")
