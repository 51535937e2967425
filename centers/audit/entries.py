"""Writing audit entries."""

from datetime import datetime
from typing import Any

from django.db import models

from centers import clock, live
from centers.models import AuditEntry, Center, Reseller, User


def record(
    action: str,
    *,
    reseller: Reseller,
    by: User | None,
    target: models.Model | None = None,
    center: Center | None = None,
    now: datetime | None = None,
    topics: tuple[str, ...] = (),
    **data: Any,
) -> AuditEntry:
    """Store one entry. Call it inside the operation's transaction; `data` must be JSON and hold no secret.

    With `topics` the reseller's open pages, and those of the event's center, get a hint after the commit.
    """
    if center is None and isinstance(target, Center):
        center = target
    if topics:
        live.publish(reseller.pk, *topics, centers=(center.pk,) if center is not None else ())
    return AuditEntry.objects.create(
        reseller=reseller,
        center=center,
        at=now or clock.now(),
        actor=by,
        actor_label=by.email if by else "",
        action=action,
        target_type=target._meta.model_name or "" if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_label=str(target) if target is not None else "",
        data=data,
    )
