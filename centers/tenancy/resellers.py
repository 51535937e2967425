"""Resellers: setting one up, and changing its settings."""

import hashlib
from datetime import datetime
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import check_fields
from centers.models import Membership, Reseller, Role, User
from centers.tenancy.address_proof import account_of
from centers.tenancy.scoping import tenant
from centers.values.images import safe_png

FIELDS = (
    "name",
    "language",
    "time_zone",
    "currency",
    "country",
    "support_contact",
    "payment_instructions",
    "colour",
    "mfa_required",
)
LOGO_SIDE = 320


def create_reseller(
    *,
    name: str,
    owner_email: str,
    owner_password: str,
    currency: str = "USD",
    language: str = "en",
    time_zone: str = "Asia/Riyadh",
    country: str = "",
    owner_name: str = "",
    slug: str = "",
    by: User | None = None,
    now: datetime | None = None,
) -> Reseller:
    """Set up a reseller with its first owner, and return it.

    An existing account of `owner_email` keeps its password; `owner_password` is then not used. Without a
    slug, one is derived from the name. Raises OperationRefused for wrong values, a weak password and a taken slug.
    """
    reseller = Reseller(
        name=name.strip(), slug=slug or free_slug(name), language=language, time_zone=time_zone
    )
    reseller.currency, reseller.country = currency.strip().upper(), country.strip().upper()
    check_fields(reseller)
    try:
        with transaction.atomic():
            reseller.save()
            owner = account_of(owner_email) or _new_owner(owner_email, owner_password, owner_name, language)
            Membership.objects.create(user=owner, reseller=reseller, role=Role.OWNER)
            with tenant(reseller):
                entries.record(
                    "reseller.created", reseller=reseller, by=by, target=reseller, now=now, owner=owner.email
                )
    except IntegrityError as error:
        raise OperationRefused(
            _("The address name “%(slug)s” is taken.") % {"slug": reseller.slug}
        ) from error
    return reseller


def edit_reseller(
    *, reseller: Reseller, by: User | None, now: datetime | None = None, **fields: Any
) -> Reseller:
    """Change the given FIELDS and return the reseller as it is now; the audit log keeps old and new values."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise TypeError(f"Not a reseller's field: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        reseller = Reseller.objects.select_for_update().defer("logo").get(pk=reseller.pk)
        changes = {}
        for name, value in fields.items():
            before, after = getattr(reseller, name), value.strip() if isinstance(value, str) else value
            if before != after:
                changes[name] = [before, after]
                setattr(reseller, name, after)
        if not changes:
            return reseller
        if changes.get("mfa_required", [None, False])[1] and by is not None and not is_mfa_enabled(by):
            raise OperationRefused(
                _("Set up two-factor sign-in for yourself first, then require it for the team."),
                field="mfa_required",
            )
        check_fields(reseller, exclude=("logo",))
        reseller.save(update_fields=list(changes))
        entries.record(
            "reseller.edited",
            reseller=reseller,
            by=by,
            target=reseller,
            now=now,
            topics=("centers",),
            changes=changes,
        )
    return reseller


def set_logo(
    *, reseller: Reseller, data: bytes | None, by: User | None, now: datetime | None = None
) -> Reseller:
    """Use the picture in `data` as the logo (checked, shrunk, re-encoded), or none. Raises ImageRefused."""
    picture = safe_png(data, max_side=LOGO_SIDE) if data else None
    with transaction.atomic():
        reseller = Reseller.objects.select_for_update().get(pk=reseller.pk)
        reseller.logo = picture
        reseller.logo_version = hashlib.sha256(picture).hexdigest()[:16] if picture else ""
        reseller.save(update_fields=["logo", "logo_version"])
        action = "reseller.logo_set" if picture else "reseller.logo_removed"
        entries.record(action, reseller=reseller, by=by, target=reseller, now=now)
    return reseller


def _new_owner(email: str, password: str, name: str, language: str) -> User:
    owner = User(email=email.strip(), name=name.strip(), language=language)
    try:
        validate_password(password, owner)
    except ValidationError as error:
        raise OperationRefused(" ".join(error.messages)) from error
    owner.set_password(password)
    check_fields(owner, exclude=("password",))
    owner.save()
    return owner


def free_slug(name: str) -> str:
    """A slug that is not taken; a name without Latin letters becomes `reseller`, `reseller-2`…"""
    root = slugify(name)[:50].strip("-") or "reseller"
    taken = set(Reseller.objects.filter(slug__startswith=root).values_list("slug", flat=True))
    number = 1
    while (slug := root if number == 1 else f"{root}-{number}") in taken:
        number += 1
    return slug
