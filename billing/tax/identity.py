"""Legal identities: what documents say of the seller and the buyer, and saving it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models import LegalIdentity, TaxProfile
from billing.tax.numbers import checked_tax_number
from billing.tax.own import OWN_TAX, TaxEntry, own_tax
from billing.tax.rates import first_free_day, tax_profile
from billing.tax.reverse_charge import needs_number
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import check_fields
from centers.models import Center, Reseller, User

#: By the id of the center; that of the reseller itself under None.
Identities = Mapping[int | None, LegalIdentity]
#: The columns that people fill in: of the reseller, and of a center.
SELLER_FIELDS = (
    "legal_name",
    "address",
    "address_more",
    "city",
    "postal_code",
    "tax_number",
    "registration_number",
)
FIELDS = (*SELLER_FIELDS, "purchase_order")
#: The columns of a tax profile that people choose.
PROFILE_FIELDS = ("is_registered", "prices_include_tax", "top_ups", *OWN_TAX)


def identity_of(reseller: Reseller, center: Center | None = None) -> LegalIdentity:
    """The stored identity of the reseller or of its center, or an unsaved empty one."""
    row = LegalIdentity.objects.filter(reseller=reseller, center=center).first()
    return row or LegalIdentity(reseller=reseller, center=center)


def identities_of(reseller: Reseller, centers: Iterable[Center]) -> Identities:
    """The stored identities of the reseller (under None) and of these of its centers, by id; one query."""
    ids = [center.pk for center in centers]
    rows = LegalIdentity.objects.filter(Q(center=None) | Q(center__in=ids), reseller=reseller)
    return {row.center_id: row for row in rows}


def party_fields(identities: Identities, reseller: Reseller, center: Center | None = None) -> dict[str, str]:
    """What a document keeps of an identity: the fields that are filled in, and the country's code."""
    row = identities.get(center.pk if center else None) or LegalIdentity()
    found = {name: str(getattr(row, name)) for name in FIELDS if getattr(row, name)}
    country = (center.country or reseller.country) if center else reseller.country
    has_identity = any(name in found for name in SELLER_FIELDS)
    return found | {"country": country} if has_identity and country else found


def save_identity(
    *, reseller: Reseller, center: Center | None = None, by: User | None, now: datetime, **values: str
) -> LegalIdentity:
    """Change FIELDS of an identity. Issued documents keep what they say.

    OperationRefused with the field of an invalid value: a tax number is checked by the rules of its country, and stays
    while documents of a reverse charge have to show it.
    """
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        row = identity_of(reseller, center)
        for name, value in values.items():
            setattr(row, name, value)
        check_fields(row, exclude=("reseller", "center"))
        row.tax_number = checked_tax_number(row.tax_number, _country(reseller, center))
        if center is None and not row.tax_number and tax_profile(reseller).is_registered:
            raise _number_missing()
        if center is not None and not row.tax_number:
            _refuse_to_lose_number(reseller, center)
        row.save()
        entries.record(
            "legal_identity.changed",
            reseller=reseller,
            center=center,
            by=by,
            target=center or reseller,
            now=now,
            topics=("billing",),
            values={name: str(getattr(row, name)) for name in values},
        )
    return row


def _country(reseller: Reseller, center: Center | None) -> str:
    return (center.country if center else "") or reseller.country


def save_tax_profile(
    *,
    reseller: Reseller,
    is_registered: bool,
    prices_include_tax: bool,
    top_ups: str = "",
    late_fees: TaxEntry | None = None,
    by: User | None,
    now: datetime,
) -> TaxProfile:
    """Change whether the reseller charges tax. Issued documents stay as they are; the next ones follow it.

    `top_ups` is one of TaxProfile.TopUps, for payments recorded from now on, and `late_fees` the tax of those charged
    from now on; "" and None leave them. OperationRefused if a registered reseller has no tax number, which invoices
    have to show, and for a tax of late fees as for that of a plan.
    """
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        if is_registered and not identity_of(reseller).tax_number:
            raise _number_missing()
        profile = tax_profile(reseller)
        profile.is_registered, profile.prices_include_tax = is_registered, prices_include_tax
        profile.top_ups = top_ups or profile.top_ups
        for name, value in (own_tax(None, late_fees) if late_fees is not None else {}).items():
            setattr(profile, name, value)
        check_fields(profile, exclude=("reseller",))
        profile.save()
        entries.record(
            "tax_profile.changed",
            reseller=reseller,
            by=by,
            target=reseller,
            now=now,
            topics=("billing",),
            values={name: str(getattr(profile, name)) for name in PROFILE_FIELDS},
        )
    return profile


def _number_missing() -> OperationRefused:
    return OperationRefused(
        _("Enter your tax number: invoices with tax have to show it."), field="tax_number"
    )


def _refuse_to_lose_number(reseller: Reseller, center: Center) -> None:
    if needs_number(center, first_free_day(reseller, center)):
        raise OperationRefused(
            _("Enter the tax number: documents with a reverse charge have to show it."), field="tax_number"
        )


def save_tax_settings(
    *,
    reseller: Reseller,
    is_registered: bool,
    prices_include_tax: bool,
    top_ups: str = "",
    late_fees: TaxEntry | None = None,
    by: User | None,
    now: datetime,
    **identity: str,
) -> None:
    """Change the reseller's identity and its tax profile together; see save_identity() and save_tax_profile()."""

    def save_profile() -> None:
        save_tax_profile(
            reseller=reseller,
            is_registered=is_registered,
            prices_include_tax=prices_include_tax,
            top_ups=top_ups,
            late_fees=late_fees,
            by=by,
            now=now,
        )

    with transaction.atomic():
        if not is_registered:  # then the number may go with it
            save_profile()
        save_identity(reseller=reseller, center=None, by=by, now=now, **identity)
        if is_registered:
            save_profile()
