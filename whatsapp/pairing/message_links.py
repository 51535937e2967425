"""The pairing link in messages: all messages about one outage carry the same link, and its token is stored nowhere."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from whatsapp.models import Connection, Instance, PairingLink, Service
from whatsapp.pairing.links import is_used_up, new_link, token_hash

#: A message gets a link that works for at least this long.
_LEAST_LIFE = timedelta(hours=12)


def message_link(*, instance: Instance, now: datetime) -> str | None:
    """The token of a link by which the number can be paired; None if there is nothing to pair.

    It is computed from the link's own row, so that a message that is written again, or for someone else, carries the
    same link and revokes no one's.
    """
    if not may_be_paired(instance):
        return None
    with transaction.atomic():
        Instance.objects.select_for_update().only("pk").get(pk=instance.pk)
        links = PairingLink.objects.filter(
            instance=instance, created_by=None, revoked_at=None, expires_at__gt=now + _LEAST_LIFE
        )
        for link in links.select_related("instance"):
            token = _token(instance, link.created_at)
            if link.token_hash == token_hash(token) and not is_used_up(link, now):
                return token
        token = _token(instance, now)
        new_link(instance=instance, token=token, by=None, now=now)
        return token


def may_be_paired(instance: Instance) -> bool:
    """Whether a phone could be paired: the number is in use, enabled and without one."""
    in_use = instance.archived_at is None and instance.center.archived_at is None
    switched_off = Service.DISABLED in (instance.desired_state, instance.service)
    return in_use and not switched_off and instance.connection != Connection.CONNECTED


def _token(instance: Instance, created_at: datetime) -> str:
    about = f"{instance.pk}:{created_at.timestamp():.6f}"
    return salted_hmac("markaz.pairing-link", about, algorithm="sha256").hexdigest()
