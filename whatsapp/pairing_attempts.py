"""The effect of a connection check on a number's pairing codes."""

from collections.abc import Collection
from datetime import datetime

from centers import live
from whatsapp.models import Instance, PairingAttempt, PairingLink

State = PairingAttempt.State
OPEN = (State.ASKING, State.SHOWN)


def end_connected(*, reseller_id: int, instances: Collection[int], now: datetime) -> None:
    """These numbers are connected: mark their open attempts as succeeded and the links behind them as used.

    Runs in the caller's transaction.
    """
    open_attempts = PairingAttempt.objects.select_for_update().filter(instance__in=instances, state__in=OPEN)
    attempts = list(open_attempts.order_by("pk"))
    if not attempts:
        return
    shown = PairingAttempt.objects.filter(pk__in=[attempt.pk for attempt in attempts])
    shown.update(state=State.CONNECTED, image=None, ended_at=now)
    links = [attempt.link_id for attempt in attempts if attempt.link_id]
    PairingLink.objects.filter(pk__in=links, used_at=None).update(used_at=now)
    tell(reseller_id, {attempt.instance_id for attempt in attempts})


def end_open(*, instance: Instance, now: datetime) -> None:
    """Hide the number's code, and discard one still being requested. Runs in the caller's transaction."""
    open_attempts = PairingAttempt.objects.filter(instance=instance, state__in=OPEN)
    if open_attempts.update(state=State.EXPIRED, image=None, ended_at=now):
        tell(instance.reseller_id, [instance.pk])


def tell(reseller_id: int, instances: Collection[int]) -> None:
    """Publish the hint that the pairing pages of these numbers changed."""
    centers = Instance.objects.filter(pk__in=instances).values_list("center_id", flat=True)
    live.publish(reseller_id, "pairing", "instances", centers=tuple(sorted(set(centers))))
