"""What happens to one number: pairing, scanning, logging out, expiring, service on and off.

Every function expects the caller to hold the state's lock and takes sandbox time as `now`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from devstack.sandbox import qr

from .records import Instance, Interval, PairingCode, Status

CODE_LIFETIME = timedelta(seconds=60)


class PhoneError(Exception):
    """The number's state does not allow this; the message is for the caller."""


def settle(instance: Instance, now: datetime) -> None:
    """Let an unscanned code expire: the number returns to its state before pairing."""
    if instance.qr and now >= instance.qr.expires_at:
        instance.status = instance.qr.previous
        instance.qr = None


def connect(instance: Instance, now: datetime) -> PairingCode:
    """Start pairing with a fresh code that is valid for 60 seconds; an older one becomes invalid."""
    settle(instance, now)
    if not instance.enabled:
        raise PhoneError("This instance is disabled. Enable it before connecting.")
    if instance.status == "connected":
        raise PhoneError("This instance is already connected.")
    previous = instance.qr.previous if instance.qr else instance.status
    if previous == "pairing":
        previous = "disconnected"
    instance.qr = PairingCode(qr.new_code(), now + CODE_LIFETIME, previous)
    instance.status = "pairing"
    return instance.qr


def scan(instance: Instance, now: datetime, code: str | None = None) -> None:
    """Scan as the phone does: only a valid code connects, and only the current one when `code` is given."""
    settle(instance, now)
    if instance.qr is None:
        raise PhoneError(f"{instance.instance_id} shows no code to scan; it is {instance.status}.")
    if code is not None and code != instance.qr.text:
        raise PhoneError(f"This is not the code that {instance.instance_id} shows now.")
    set_status(instance, "connected", now)


def set_status(instance: Instance, status: Status, now: datetime, last_seen: datetime | None = None) -> None:
    """Put the number into a state; leaving `connected` ends its usage at `last_seen` (default now)."""
    settle(instance, now)
    if last_seen is not None and last_seen > now:
        raise PhoneError("last_seen lies in the future.")
    was_connected = instance.status == "connected"
    instance.qr = None
    instance.status = status
    if status == "connected":
        instance.last_seen = last_seen
        _start_usage(instance, now)
        return
    if was_connected or last_seen is not None:
        instance.last_seen = last_seen or now
        _end_usage(instance, instance.last_seen)


def switch(instance: Instance, enabled: bool, now: datetime) -> None:
    """Service on or off. The phone stays paired; while off nothing is sent and no usage accrues."""
    settle(instance, now)
    instance.enabled = enabled
    if not enabled:
        _end_usage(instance, now)
    elif instance.status == "connected":
        _start_usage(instance, now)


def last_seen(instance: Instance, now: datetime) -> datetime | None:
    """When the phone was last seen: this minute while connected, None when it never was."""
    if instance.status == "connected" and instance.last_seen is None:
        return now.replace(second=0, microsecond=0)
    return instance.last_seen


def _start_usage(instance: Instance, now: datetime) -> None:
    is_open = bool(instance.intervals) and instance.intervals[-1].end is None
    if instance.enabled and not is_open:
        instance.intervals.append(Interval(now))


def _end_usage(instance: Instance, at: datetime) -> None:
    earlier = [interval for interval in instance.intervals if interval.start < at]
    for interval in earlier:
        interval.end = min(interval.end or at, at)
    instance.intervals = earlier
