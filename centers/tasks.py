"""Celery tasks of notifications: ticks that enqueue due work, and thin wrappers around operations."""

from celery import shared_task

from centers import clock
from centers.models import Reseller
from centers.notifications import followups
from centers.notifications.claims import resellers_with_due
from centers.notifications.delivery import deliver_due
from centers.notifications.outbox import DELIVER
from centers.notifications.reports import write_due
from centers.queue.ticks import hand_out, tick
from centers.tenancy.scoping import every_tenant, tenant

#: A task gives its thread to others after this; the next tick goes on.
_LONGEST_SECONDS = 60.0


@tick("centers.tick_notifications")
def tick_notifications() -> None:
    """Hand out what is due: messages that a crash or a wait left behind, repeats, escalations."""
    now = clock.now()
    with every_tenant():
        due, following = resellers_with_due(now), followups.due(now)
    hand_out("centers.follow_up", following)
    hand_out(DELIVER, due)


@tick("centers.tick_reports", every=900.0)
def tick_reports() -> None:
    """Write the weekly and monthly reports of the resellers whose morning it is."""
    for reseller in Reseller.objects.all():
        with tenant(reseller):
            write_due(reseller=reseller, now=clock.now())


@shared_task(name="centers.deliver")
def deliver(*, reseller_id: int) -> None:
    """Send what is due for one reseller."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        deliver_due(reseller=reseller, seconds=_LONGEST_SECONDS)


@shared_task(name="centers.follow_up")
def follow_up(*, reseller_id: int) -> None:
    """Repeat and escalate what is due for one reseller."""
    reseller = Reseller.objects.filter(pk=reseller_id).first()
    if reseller is not None:
        followups.follow_up(reseller=reseller, now=clock.now())
