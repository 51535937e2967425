"""Writing audit entries."""

from collections.abc import Iterable
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
    entry = entry_of(action, reseller=reseller, by=by, target=target, center=center, now=now, **data)
    if topics:
        about = entry.center_id
        live.publish(reseller.pk, *topics, centers=(about,) if about is not None else ())
    entry.save()
    return entry


def record_all(entries: Iterable[AuditEntry], *, reseller: Reseller, topics: tuple[str, ...]) -> None:
    """The same for many entries of `entry_of` at once, with one hint to open pages."""
    rows = list(entries)
    if rows:
        centers = {row.center_id for row in rows if row.center_id is not None}
        live.publish(reseller.pk, *topics, centers=tuple(sorted(centers)))
        AuditEntry.objects.bulk_create(rows)


def entry_of(
    action: str,
    *,
    reseller: Reseller,
    by: User | None,
    target: models.Model | None = None,
    center: Center | None = None,
    now: datetime | None = None,
    **data: Any,
) -> AuditEntry:
    """An unsaved entry, for `record_all`."""
    if center is None and isinstance(target, Center):
        center = target
    return AuditEntry(
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
