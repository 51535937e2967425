"""Which tax applies on a day, and entering a rate."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from billing.models import BillingPeriod, OwnTax, TaxCategory, TaxProfile, TaxRate, TaxTerms
from billing.tax.computing import UNTAXED
from billing.tax.reverse_charge import refuse_without_number
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, Reseller, User
from centers.values.formats import day_text

ZERO = Decimal(0)
#: Categories without tax that documents have to explain (EN 16931, BR-E-10, BR-O-10 and BR-AE-10).
NEED_REASON = frozenset({TaxCategory.EXEMPT, TaxCategory.OUTSIDE, TaxCategory.REVERSE})


def tax_profile(reseller: Reseller) -> TaxProfile:
    """The reseller's row, or an unsaved one: not registered."""
    return TaxProfile.objects.filter(reseller=reseller).first() or TaxProfile(reseller=reseller)


class Taxes:
    """The tax of each day for a reseller's centers: two queries, one if not registered.

    With `center` it is known for that one alone, with `among` for these.
    """

    def __init__(
        self, reseller: Reseller, center: Center | None = None, *, among: Iterable[Center] | None = None
    ) -> None:
        self._profile = tax_profile(reseller)
        self._rows: dict[int | None, list[TaxRate]] = {}
        if not self._profile.is_registered:
            return
        rows = TaxRate.objects.filter(reseller=reseller)
        only = among if center is None else [center]
        rows = rows if only is None else rows.filter(Q(center=None) | Q(center__in=list(only)))
        for row in rows.order_by("-valid_from", "-pk"):
            self._rows.setdefault(row.center_id, []).append(row)

    @property
    def is_registered(self) -> bool:
        """Whether the reseller charges tax."""
        return self._profile.is_registered

    def on(self, day: date, center: Center | None = None, sold: OwnTax | None = None) -> TaxTerms:
        """The tax on what is used on that day by the center, or by one without a rate of its own.

        A charge or plan (`sold`) may have its own instead. UNTAXED before the first rate, and if not registered.
        """
        if self.is_registered and sold is not None and sold.own_tax is not None:
            return replace(sold.own_tax, included=self._profile.prices_include_tax)
        row = self._valid(center.pk, day) if center else None
        if row is None or row.withdrawn:
            row = self._valid(None, day)
        if row is None:
            return UNTAXED
        return replace(row.terms, included=self._profile.prices_include_tax)

    @property
    def center_ids(self) -> set[int]:
        """The centers that have, or had, a rate of their own."""
        return {center_id for center_id in self._rows if center_id is not None}

    def first_days(self) -> set[date]:
        """Every day on which a rate begins to apply."""
        return {row.valid_from for rows in self._rows.values() for row in rows}

    def _valid(self, center_id: int | None, day: date) -> TaxRate | None:
        return next((row for row in self._rows.get(center_id, ()) if row.valid_from <= day), None)


def set_tax_rate(
    *,
    reseller: Reseller,
    category: str,
    percent: Decimal,
    reason: str,
    valid_from: date,
    by: User | None,
    now: datetime,
    center: Center | None = None,
) -> TaxRate:
    """Add the rate that applies from `valid_from`, a day of the reseller's calendar, to all centers or to one.

    OperationRefused if a day from then on is invoiced already, if a percentage doesn't fit its category, without the
    reason that an exemption needs, and for a reverse charge of all centers or of one without a tax number.
    """
    said = checked_line(reason, 200)
    check_terms(category, percent, said)
    percent = percent if category == TaxCategory.STANDARD else ZERO
    return _add(
        reseller, center, by, now, category=category, percent=percent, reason=said, valid_from=valid_from
    )


def withdraw_tax_rate(*, center: Center, valid_from: date, by: User | None, now: datetime) -> TaxRate:
    """From `valid_from` on, let the center follow the rate of all centers again. OperationRefused as above."""
    terms = {"category": TaxCategory.OUTSIDE, "percent": ZERO, "reason": "", "withdrawn": True}
    return _add(center.reseller, center, by, now, valid_from=valid_from, **terms)


def check_terms(category: str, percent: Decimal, reason: str, *, prefix: str = "") -> None:
    """Raise OperationRefused (`category`, `percent` or `reason` after the `prefix`) for what fits no category."""
    if category not in TaxCategory.values:
        raise OperationRefused(_("Choose a category."), field=f"{prefix}category")
    is_standard = category == TaxCategory.STANDARD
    if is_standard and not (percent.is_finite() and 0 < percent <= 100 and percent == round(percent, 4)):
        raise OperationRefused(
            _("A standard rate is above 0 and at most 100%, with up to 4 decimals."),
            field=f"{prefix}percent",
        )
    if category in NEED_REASON and not reason:
        raise OperationRefused(
            _("Enter the reason, such as the article of the law. It's printed on invoices."),
            field=f"{prefix}reason",
        )


def _add(reseller: Reseller, center: Center | None, by: User | None, now: datetime, **terms: Any) -> TaxRate:
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        refuse_invoiced(reseller, center, terms["valid_from"])
        if terms["category"] == TaxCategory.REVERSE:  # under the lock, which also keeps the number
            refuse_without_number(center, "category")
        rate: TaxRate = TaxRate.objects.create(
            reseller=reseller, center=center, created_at=now, created_by=by, **terms
        )
        entries.record(
            "tax_rate.withdrawn" if rate.withdrawn else "tax_rate.set",
            reseller=reseller,
            center=center,
            by=by,
            target=rate,
            now=now,
            topics=("billing",),
            valid_from=rate.valid_from.isoformat(),
            reason=rate.reason,
        )
    return rate


def refuse_invoiced(reseller: Reseller, center: Center | None, valid_from: date) -> None:
    """Raise OperationRefused if a day from `valid_from` on is on an invoice that is not void."""
    end = first_free_day(reseller, center)
    if end is not None and valid_from < end:
        raise OperationRefused(
            _("Days up to %(last)s are invoiced already. Choose %(first)s or a later day.")
            % {"last": day_text(end.fromordinal(end.toordinal() - 1)), "first": day_text(end)},
            field="valid_from",
        )


def first_free_day(reseller: Reseller, center: Center | None) -> date | None:
    """The day after the last invoiced one, of all centers or of one; None if there is no invoice."""
    rows = BillingPeriod.objects.filter(reseller=reseller, invoice__isnull=False, voided_at=None)
    rows = rows if center is None else rows.filter(center=center)
    end: date | None = rows.aggregate(end=Max("end_day"))["end"]
    return end
