"""Shared pairing links: which still work, and revoking them."""

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from centers.audit import entries
from centers.models import User
from whatsapp.models import Connection, Instance, PairingLink, StatusInterval

LINK_LIFE = timedelta(hours=24)


def token_hash(token: str) -> str:
    """What is stored of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_link(*, instance: Instance, token: str, by: User | None, now: datetime) -> PairingLink:
    """Store a link in the caller's transaction; `by` is None for one in an automatic message."""
    link = PairingLink.objects.create(
        reseller=instance.reseller,
        instance=instance,
        token_hash=token_hash(token),
        created_by=by,
        created_at=now,
        expires_at=now + LINK_LIFE,
    )
    entries.record(
        "pairing_link.created",
        reseller=instance.reseller,
        by=by,
        target=instance,
        center=instance.center,
        now=now,
    )
    return link


def is_used_up(link: PairingLink, now: datetime) -> bool:
    """Whether its number has stayed connected for settings.PAIRING_HOLD since it was paired by the link.

    WhatsApp undoes some scans right away, and the person must be able to scan again. Needs an open scope.
    """
    if link.used_at is None:
        return False
    # Time without checks counts as what it was before: the next person must not get the code of a later pairing.
    rows = StatusInterval.objects.filter(
        Q(until=None) | Q(until__gt=link.used_at),
        instance=link.instance,
        connection__in=(Connection.CONNECTED, ""),
    )
    begin: datetime | None = None
    end: datetime | None = None
    for since, until, connection in rows.order_by("since").values_list("since", "until", "connection"):
        if since != end:
            begin = max(since, link.used_at) if connection else None
        if begin is not None and (until or now) - begin >= settings.PAIRING_HOLD:
            return True
        end = until
    return False


def working_links(*, instance: Instance, now: datetime) -> list[PairingLink]:
    """The links by which the number can still be paired, newest first."""
    links = PairingLink.objects.filter(instance=instance, revoked_at=None, expires_at__gt=now)
    return [link for link in links.select_related("instance") if not is_used_up(link, now)]


def end_links(*, instance: Instance, now: datetime) -> int:
    """Revoke all links of the number in the caller's transaction; return how many worked."""
    working = [link.pk for link in working_links(instance=instance, now=now)]
    return PairingLink.objects.filter(pk__in=working, revoked_at=None).update(revoked_at=now)


def revoke_links(*, instance: Instance, by: User, now: datetime) -> int:
    """Revoke the number's open pairing links; return how many there were."""
    with transaction.atomic():
        revoked = end_links(instance=instance, now=now)
        if revoked:
            entries.record(
                "pairing_link.revoked",
                reseller=instance.reseller,
                by=by,
                target=instance,
                center=instance.center,
                now=now,
                topics=("pairing",),
            )
    return revoked
