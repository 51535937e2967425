"""Taking a shared pairing link back."""

from datetime import datetime

from django.db import transaction

from centers import audit, live
from centers.models import User
from whatsapp.models import Instance, PairingLink


def revoke_links(*, instance: Instance, by: User, now: datetime) -> int:
    """Let no open pairing link of the number work any more; the number of links that did."""
    with transaction.atomic():
        revoked = PairingLink.objects.filter(
            instance=instance, used_at=None, revoked_at=None, expires_at__gt=now
        ).update(revoked_at=now)
        if revoked:
            audit.record(
                "pairing_link.revoked",
                reseller=instance.reseller,
                by=by,
                target=instance,
                center=instance.center,
                now=now,
            )
            live.publish(instance.reseller_id, "pairing", centers=(instance.center_id,))
    return revoked
