"""A center's life cycle: added, edited, archived, restored.

Later apps attach to it with `on_archive`, `on_restore` and `on_email_changed`, called inside the transaction.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from centers import clock
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import check_fields
from centers.models import Center, Invitation, Reseller, User
from centers.values.phones import normalise_phone

#: What edit_center() changes.
FIELDS = (
    "name",
    "contact_name",
    "email",
    "phone",
    "country",
    "language",
    "notes",
)

#: (center, by, now): what else happens to the center, in the same transaction.
Hook = Callable[[Center, User | None, datetime], None]

#: (center, its address before, by, now): likewise.
EmailHook = Callable[[Center, str, User | None, datetime], None]

_archive_hooks: list[Hook] = []
_restore_hooks: list[Hook] = []
_email_hooks: list[EmailHook] = []


def on_archive(hook: Hook) -> Hook:
    """Call `hook` whenever a center is archived."""
    _archive_hooks.append(hook)
    return hook


def on_restore(hook: Hook) -> Hook:
    """Call `hook` whenever a center is restored."""
    _restore_hooks.append(hook)
    return hook


def on_email_changed(hook: EmailHook) -> EmailHook:
    """Call `hook` whenever the address of a center's contact changed."""
    _email_hooks.append(hook)
    return hook


def create_center(
    *, reseller: Reseller, by: User | None, name: str, now: datetime | None = None, **fields: Any
) -> Center:
    """Add a center. `fields` are those of FIELDS, `country_id` and `currency`; each but the first has a default.

    Raises OperationRefused when a value is wrong or another center has the name.
    """
    now = now or clock.now()
    center = Center(reseller=reseller)
    usual = {"currency": reseller.currency, "language": reseller.language, "country": reseller.country}
    _assign(center, usual | {"name": name} | fields)
    with _unique_name(center), transaction.atomic():
        center.save()
        entries.record(
            "center.created", reseller=reseller, by=by, target=center, now=now, topics=("centers",)
        )
    return center


def edit_center(*, center: Center, by: User | None, now: datetime | None = None, **fields: Any) -> Center:
    """Change the given FIELDS and return the center as it is now; the audit log keeps old and new values.

    The country at MazBot and the currency decide what days cost: billing changes them from a day on.
    """
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"Not a center's field: {', '.join(sorted(unknown))}")
    with _unique_name(center, fields.get("name")), transaction.atomic():
        center = _locked(center)
        before = {name: getattr(center, name) for name in fields}
        _assign(center, fields)
        changes = {name: [before[name], getattr(center, name)] for name in fields}
        changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
        if changes:
            center.version += 1
            center.save()
            entries.record(
                "center.edited",
                reseller=center.reseller,
                by=by,
                target=center,
                now=now,
                topics=("centers",),
                changes=changes,
            )
        if "email" in changes:
            for hook in _email_hooks:
                hook(center, changes["email"][0], by, now or clock.now())
    return center


def archive_center(*, center: Center, by: User | None, now: datetime | None = None) -> Center:
    """Archive a center: its people lose access, open invitations end, its numbers are disabled.

    Archiving twice changes nothing.
    """
    now = now or clock.now()
    with transaction.atomic():
        center = _locked(center)
        if center.archived_at:
            return center
        center.archived_at = now
        center.version += 1
        center.save(update_fields=["archived_at", "version"])
        for hook in _archive_hooks:
            hook(center, by, now)
        Invitation.objects.filter(center=center, accepted_at=None, revoked_at=None).update(revoked_at=now)
        entries.record(
            "center.archived",
            reseller=center.reseller,
            by=by,
            target=center,
            now=now,
            topics=("centers", "instances"),
        )
    return center


def restore_center(*, center: Center, by: User | None, now: datetime | None = None) -> Center:
    """Restore a center; its people regain access. Restoring one that is not archived changes nothing."""
    now = now or clock.now()
    with transaction.atomic():
        center = _locked(center)
        if not center.archived_at:
            return center
        center.archived_at = None
        center.version += 1
        center.save(update_fields=["archived_at", "version"])
        for hook in _restore_hooks:
            hook(center, by, now)
        entries.record(
            "center.restored",
            reseller=center.reseller,
            by=by,
            target=center,
            now=now,
            topics=("centers", "instances"),
        )
    return center


def _locked(center: Center) -> Center:
    return Center.objects.select_related("reseller").select_for_update(of=("self",)).get(pk=center.pk)


def _assign(center: Center, fields: dict[str, Any]) -> None:
    stored = center.phone
    for name, value in fields.items():
        setattr(center, name, value.strip() if isinstance(value, str) else value)
    try:
        if center.phone != stored:  # an older rule may have taken it
            center.phone = normalise_phone(center.phone, center.phone_country)
    except ValidationError as error:
        raise OperationRefused(error.messages[0], field="phone") from error
    check_fields(center, exclude=("reseller",))


class _unique_name:  # noqa: N801  # a context manager that reads as a phrase
    """Turn a violated name constraint into a message; the constraint, not a prior query, decides."""

    def __init__(self, center: Center, name: str | None = None) -> None:
        self.name = (name if name is not None else center.name).strip()
        self.reseller_id = center.reseller_id

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if not isinstance(error, IntegrityError) or "center_name_unique" not in str(error):
            return
        twin = Center.objects.filter(reseller=self.reseller_id, name__named=self.name).first()
        if twin is not None and twin.archived_at:
            raise OperationRefused(
                _("“%(name)s” is in the archive. Restore it, or choose another name.") % {"name": twin.name},
                field="name",
            ) from error
        raise OperationRefused(
            _("A center named “%(name)s” already exists.") % {"name": self.name}, field="name"
        ) from error
