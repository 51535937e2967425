"""Reverse charge: the buyer accounts for the tax, so its documents charge none and have to show its tax number."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from billing.models import Charge, ChargeClaim, LegalIdentity, TaxCategory, TaxRate
from centers.errors import OperationRefused
from centers.models import Center


def refuse_without_number(center: Center | None, field: str) -> None:
    """Raise OperationRefused (`field`) for all centers (None), or a center without a tax number (BR-AE-02)."""
    if center is None:
        raise OperationRefused(
            _("A reverse charge is chosen for single centers: each of them accounts for the tax itself."),
            field=field,
        )
    for refusal in without_number([center], field=field).values():
        raise refusal


def without_number(centers: Iterable[Center], *, field: str = "") -> dict[int, OperationRefused]:
    """Why these centers can have no document with a reverse charge: by id, those without a tax number."""
    own = {center.pk: center for center in centers}
    numbered = LegalIdentity.objects.filter(center__in=list(own)).exclude(tax_number="")
    known = set(numbered.values_list("center_id", flat=True))
    text = _("Enter the tax number of “%(center)s” first: a document with a reverse charge has to show it.")
    return {
        pk: OperationRefused(text % {"center": center}, field=field)
        for pk, center in own.items()
        if pk not in known
    }


def needs_number(center: Center, since: date | None) -> bool:
    """Whether documents of days from `since` on (None: of any day) may have a reverse charge of the center."""
    end: date | None = None  # of the version before, as they are read from the newest one on
    for row in TaxRate.objects.filter(center=center).order_by("-valid_from", "-pk"):
        is_open = end is None or (row.valid_from < end and (since is None or end > since))
        if row.category == TaxCategory.REVERSE and is_open:
            return True
        end = row.valid_from
    return _has_open_charge(center, since)


def _has_open_charge(center: Center, since: date | None) -> bool:
    """Whether something may still be invoiced of a charge with a reverse charge."""
    own = Charge.objects.filter(center=center, withdrawn_at=None, tax_category=TaxCategory.REVERSE)
    if since is not None:
        own = own.filter(Q(end_day=None) | Q(end_day__gt=since))
    claims = ChargeClaim.objects.filter(charge=OuterRef("pk"), voided_at=None)
    is_once = Q(every=Charge.Every.ONCE, per_number=False)
    return own.exclude(is_once & Exists(claims)).exists()
