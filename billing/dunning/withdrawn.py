"""Reminders that still wait to be sent when a pause begins: they are withdrawn, and due again after it."""

from collections.abc import Collection

from django.db.models import Q

from billing.mail import REMINDERS, mails_waiting
from billing.models import Invoice, Reminder
from centers.models import Center


def withdraw_reminders(center: Center, invoices: Collection[Invoice]) -> None:
    """Delete the reminders and warnings of these invoices of the center that weren't sent yet, with their steps.

    Dropping the mails alone would lose their steps: no one would be reminded, or warned, again. The caller holds the
    center's lock.
    """
    waiting = list(mails_waiting(center.reseller, invoices, kinds=REMINDERS))
    steps = Q(pk__in=[])
    for mail in waiting:
        steps |= Q(invoice=int(mail.about.split(":")[1]), step=mail.event)
        mail.delete()
    if waiting:
        Reminder.objects.filter(steps, center=center).delete()
