"""Writing the trace of a deed."""

from datetime import datetime
from typing import Any

from django.db import models

from centers import clock
from centers.models import AuditEntry, Center, Reseller, User


def record(
    action: str,
    *,
    reseller: Reseller,
    by: User | None,
    target: models.Model | None = None,
    center: Center | None = None,
    now: datetime | None = None,
    **data: Any,
) -> AuditEntry:
    """Store one event. Call it inside the operation's transaction; `data` must be JSON and hold no secret."""
    return AuditEntry.objects.create(
        reseller=reseller,
        center=center if center is not None else (target if isinstance(target, Center) else None),
        at=now or clock.now(),
        actor=by,
        actor_label=by.email if by else "",
        action=action,
        target_type=target._meta.model_name or "" if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_label=str(target) if target is not None else "",
        data=data,
    )
