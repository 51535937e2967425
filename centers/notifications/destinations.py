"""Setting up, pausing and removing the places where people are reached."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from centers.audit import entries
from centers.models import Center, Destination, Notification, Reseller, User

EMAIL = "email"
PauseListener = Callable[[Destination, datetime], None]
_listeners: list[PauseListener] = []


def on_pause_or_resume(listener: PauseListener) -> PauseListener:
    """Call `listener(destination, now)` in the transaction that pauses, resumes or removes a destination."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def fingerprint(address: str) -> str:
    """What tells two addresses apart in the database, where they are encrypted."""
    return salted_hmac("markaz.destination", address, algorithm="sha256").hexdigest()


def add_destination(
    *,
    reseller: Reseller,
    user: User | None,
    channel: str,
    address: str,
    label: str,
    by: User | None,
    now: datetime,
    verified: bool,
    groups: tuple[str, ...] = (),
) -> Destination:
    """Store where a person, or the team (`user` None), is reached; `label` is what people see of the address.

    An address that is known is set up again: verified if `verified` says so, and no longer paused.
    """
    with transaction.atomic():
        place, _created = Destination.objects.update_or_create(
            reseller=reseller,
            user=user,
            channel=channel,
            fingerprint=fingerprint(address),
            defaults={
                "address": address,
                "label": label[:120],
                "groups": list(groups),
                "verified_at": now if verified else None,
                "paused_at": None,
                "failures": 0,
            },
        )
        _changed(place, "destination.added", by, now)
    return place


def resume_destination(*, destination: Destination, by: User, now: datetime) -> None:
    """Send to a paused destination again."""
    with transaction.atomic():
        Destination.objects.filter(pk=destination.pk).update(paused_at=None, pause_reason="", failures=0)
        _changed(destination, "destination.resumed", by, now)


def remove_destination(*, destination: Destination, by: User | None, now: datetime) -> None:
    """Send nothing to it any longer; what waits for it goes by email."""
    with transaction.atomic():
        Destination.objects.filter(pk=destination.pk).delete()
        _changed(destination, "destination.removed", by, now)


def pause_destination(*, destination: Destination, reason: str, now: datetime) -> None:
    """Send nothing to it until a person resumes it, because it takes nothing; in the caller's transaction."""
    rows = Destination.objects.filter(pk=destination.pk, paused_at=None)
    if rows.update(paused_at=now, pause_reason=reason):
        _changed(destination, "destination.paused", None, now)


def pause_address(*, reseller: Reseller, user: User | None, address: str, reason: str, now: datetime) -> None:
    """Write no more email to an address that takes none, a person's own or one without an account, until resumed.

    In the caller's transaction. An address needs no destination to be written to; the paused one stands for it.
    """
    place, _created = Destination.objects.get_or_create(
        reseller=reseller,
        user=user,
        channel=EMAIL,
        fingerprint=fingerprint(address.casefold()),
        defaults={"address": address, "label": address[:120], "verified_at": now},
    )
    pause_destination(destination=place, reason=reason, now=now)


def contact_address_changed(center: Center, before: str, by: User | None, now: datetime) -> None:
    """Forget that the address of a center's contact was paused once no center has it; in the caller's transaction."""
    old, new = (paused_address(center.reseller, one) for one in (before, center.email))
    in_use = Center.objects.filter(reseller=center.reseller, email__iexact=before).exists()
    if old is not None and old.user_id is None and not in_use:
        remove_destination(destination=old, by=by, now=now)
    elif (place := old or new) is not None:
        _inform_listeners(place, now)


def trouble_of(destination: Destination) -> str:
    """Why the latest message to it hasn't arrived, or nothing if it has, or waits for its first try."""
    latest = Notification.objects.filter(destination=destination).order_by("-created_at", "-pk").first()
    return latest.error if latest is not None else ""


def paused_address(reseller: Reseller, address: str) -> Destination | None:
    """The destination that stands for an email address that isn't written to, if it is paused."""
    rows = Destination.objects.filter(reseller=reseller, channel=EMAIL, paused_at__isnull=False)
    return rows.filter(fingerprint=fingerprint(address.casefold())).first()


def paused_addresses(reseller: Reseller) -> QuerySet[Destination]:
    """All that `pause_address` paused, the latest first."""
    rows = Destination.objects.filter(reseller=reseller, channel=EMAIL, paused_at__isnull=False)
    return rows.defer("address").select_related("user").order_by("-paused_at")


def centers_at(addresses: Iterable[Destination]) -> list[tuple[Center, Destination]]:
    """The centers whose contact has one of these addresses, with it. Needs the scope of the reseller."""
    by_address = {str(place).lower(): place for place in addresses}
    rows = Center.objects.annotate(lower=Lower("email")).filter(lower__in=by_address).order_by("name", "pk")
    return [(center, by_address[center.lower]) for center in rows]


def _changed(place: Destination, action: str, by: User | None, now: datetime) -> None:
    entries.record(
        action, reseller=place.reseller, by=by, now=now, what=str(place), topics=("notifications",)
    )
    _inform_listeners(place, now)


def _inform_listeners(place: Destination, now: datetime) -> None:
    for listener in _listeners:
        listener(place, now)
