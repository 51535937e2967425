"""Changing a center's country at MazBot or its currency from a day on."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from billing.ledger import lock
from billing.models import BillingPeriod, CenterVersion, UsageRecord
from billing.periods import ONE_DAY, month_of, today
from billing.pricing.history.backdating import Backdating, backdating, refuse_backdating
from billing.pricing.history.center_versions import CenterVersions, beginning_of
from billing.pricing.history.moved_charges import Pricing
from billing.pricing.losses import check_losses
from billing.pricing.price_list import PriceList
from centers import live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.values.formats import day_text

Name = CenterVersion.Name


def change_center(
    *,
    center: Center,
    name: str,
    value: str,
    valid_from: date,
    by: User | None,
    now: datetime,
    confirmation: str = "",
) -> CenterVersion:
    """Have a center's country (`name` COUNTRY) or currency apply from a day of the reseller's calendar.

    Days before it keep theirs, and so does what is invoiced. A currency begins where a month does, or where the last
    invoiced period ended. Raises Backdated if days that are over change their price and `confirmation` is not the
    required phrase.
    """
    with transaction.atomic():
        center = lock(center)
        new = unsaved_version(center, name, value, valid_from)
        if CenterVersions.of(center.reseller, center).value(center, name, valid_from) == new.value:
            raise OperationRefused(
                _("This already applies to “%(center)s” on %(day)s.")
                % {"center": center, "day": day_text(valid_from)},
                field="value",
            )
        if name == Name.CURRENCY:
            _refuse_split(center, valid_from)
        over = moved_days(new, now)
        refuse_backdating(over, confirmation)
        new.created_at, new.created_by = now, by
        if not CenterVersion.objects.filter(center=center, name=name).exists():
            beginning_of(new).save(force_insert=True)
        new.save(force_insert=True)
        _apply([center], today(center.reseller, now))
        entries.record(
            "center.price_basis_changed",
            reseller=center.reseller,
            center=center,
            by=by,
            target=center,
            now=now,
            topics=("billing", "centers"),
            price_basis=name,
            new_value=new.value,
            valid_from=valid_from.isoformat(),
            **(over.facts if over else {}),
        )
        check_losses(center.reseller, now)
    return new


def unsaved_version(center: Center, name: str, value: str, valid_from: date) -> CenterVersion:
    """The change as entered. OperationRefused if the value can't be that of a center."""
    field: Any = Center._meta.get_field(Name(name).column)
    try:
        clean: str = field.clean(value.strip().upper() if name == Name.CURRENCY else value, center)
    except ValidationError as error:
        raise OperationRefused(error.messages[0], field="value") from None
    return CenterVersion(
        reseller_id=center.reseller_id, center=center, name=name, value=clean, valid_from=valid_from
    )


def moved_days(new: CenterVersion, now: datetime) -> Backdating | None:
    """What an unsaved version makes different on days that are over."""
    center = new.center
    price_list = PriceList(center.reseller, today(center.reseller, now), center=center)
    after = price_list.margins.with_centers(price_list.centers.plus(new))
    first_day = new.valid_from or date.min
    return backdating(price_list, Pricing(after, price_list.exchange), first_day, now, center=center)


def suggested_day(center: Center, name: str, now: datetime) -> date:
    """The first day the form begins with: today; of a currency the next month, or this one while nothing is in it."""
    day = today(center.reseller, now)
    if name != Name.CURRENCY:
        return day
    month = month_of(day)
    used = UsageRecord.objects.filter(center=center, day__gte=month.first_day).exists()
    ended = _invoiced_until(center)
    return month.end_day if used or (ended and ended > month.first_day) else month.first_day


def _invoiced_until(center: Center) -> date | None:
    """The end of the last closed period, which is the first day that isn't invoiced."""
    closed = BillingPeriod.objects.filter(center=center, voided_at=None)
    end: date | None = closed.aggregate(end=Max("end_day"))["end"]
    return end


def _refuse_split(center: Center, valid_from: date) -> None:
    """A document has one currency, so another one begins with a period that isn't invoiced."""
    ended = _invoiced_until(center)
    if ended and valid_from < ended:
        raise OperationRefused(
            _("“%(center)s” is invoiced until %(last)s. Another currency can begin on %(day)s.")
            % {"center": center, "last": day_text(ended - ONE_DAY), "day": day_text(ended)},
            field="valid_from",
        )
    if valid_from.day != 1 and valid_from != ended:
        raise OperationRefused(
            _("An invoice has one currency. Choose the first day of a month."), field="valid_from"
        )


def _apply(centers: Iterable[Center], day: date) -> int:
    """Write what applies on the day to the columns; return how many centers changed."""
    changed = 0
    for center in centers:
        versions = CenterVersions.of(center.reseller, center)
        values = {name.column: versions.value(center, name, day) for name in Name}
        if any(getattr(center, name) != value for name, value in values.items()):
            Center.objects.filter(pk=center.pk).update(version=F("version") + 1, **values)
            changed += 1
    return changed


def apply_versions(reseller: Reseller, now: datetime) -> int:
    """Give centers the country and currency that apply from today; return how many changed."""
    with transaction.atomic():
        own = CenterVersion.objects.filter(reseller=reseller, valid_from__isnull=False)
        rows = Center.objects.filter(pk__in=own.values("center")).select_related("reseller")
        changed = _apply(
            rows.select_for_update(of=("self",), no_key=True).order_by("pk"), today(reseller, now)
        )
    if changed:
        live.publish(reseller.pk, "centers", "billing")
    return changed
