"""Setting and withdrawing margins: each is a new version; one that sells below cost must be confirmed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Category, Margin
from billing.periods import today
from billing.pricing.below_cost import BelowCost, loss_of
from billing.pricing.history.backdating import Backdating, backdating, refuse_backdating
from billing.pricing.history.moved_charges import Pricing
from billing.pricing.losses import check_losses
from billing.pricing.price_list import PriceList
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.values.formats import day_text

ZERO = Decimal(0)
MOST_PERCENT = Decimal(10_000)
MOST_FIXED = Decimal(1_000_000)


def set_margin(
    *,
    reseller: Reseller,
    category: str,
    percent: Decimal,
    fixed: Decimal,
    valid_from: date,
    by: User | None,
    now: datetime,
    center: Center | None = None,
    country_id: str = "",
    confirmation: str = "",
    confirmed_days: str = "",
) -> Margin:
    """Add a version valid from a day of the reseller's calendar; repeating the current terms changes nothing.

    `percent` may be negative down to -100; `fixed` is per message or subscription in the currency of MazBot's
    costs. Issued invoices keep their version; days not yet invoiced follow `valid_from`.
    Raises BelowCost if a price would be below its cost and `confirmation` is not the required phrase, Backdated if
    days that are over change their price and `confirmed_days` is not.
    """
    _check(category, center, country_id)
    _check_terms(percent, fixed)
    with transaction.atomic():
        place = _place(reseller, category, center, country_id)
        terms = {"percent": percent, "fixed": fixed, "valid_from": valid_from, "withdrawn": False}
        return _add(place, by, now, (confirmation, confirmed_days), **terms)


def withdraw_margin(
    *,
    reseller: Reseller,
    category: str,
    valid_from: date,
    by: User | None,
    now: datetime,
    center: Center | None = None,
    country_id: str = "",
    confirmation: str = "",
    confirmed_days: str = "",
) -> Margin:
    """Withdraw the margin of a center or country from `valid_from` on: the wider one applies again.

    A version entered for a later day still starts on its day. OperationRefused if no own margin is in force on that
    day; BelowCost and Backdated as in set_margin().
    """
    _check(category, center, country_id)
    if center is None and not country_id:
        raise OperationRefused(
            _(
                "The margin for all centers can't be removed, because no other margin would apply. Set "
                "it to 0 instead."
            )
        )
    with transaction.atomic():
        place = _place(reseller, category, center, country_id)
        rows = Margin.objects.filter(**place, valid_from__lte=valid_from).order_by("-valid_from", "-pk")
        now_valid = rows.first()
        if now_valid is None or (now_valid.withdrawn and now_valid.valid_from != valid_from):
            raise OperationRefused(
                _("“%(place)s” has no margin of its own on %(day)s to remove.")
                % {"place": center or country_id, "day": day_text(valid_from)}
            )
        terms = {"percent": ZERO, "fixed": ZERO, "valid_from": valid_from, "withdrawn": True}
        return _add(place, by, now, (confirmation, confirmed_days), **terms)


def _place(reseller: Reseller, category: str, center: Center | None, country_id: str) -> dict[str, Any]:
    """The fields that all versions of one margin share; locks the reseller's row, so versions are added one by one."""
    Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
    level = Margin.Level.CENTER if center else Margin.Level.COUNTRY if country_id else Margin.Level.RESELLER
    return {
        "reseller": reseller,
        "category": category,
        "level": level,
        "center": center,
        "country_id": country_id,
    }


def _add(
    place: dict[str, Any], by: User | None, now: datetime, typed: tuple[str, str], **terms: Any
) -> Margin:
    """Add a version with `terms` (percent, fixed, valid_from, withdrawn), unless the last one has the same.

    `typed` confirms prices below cost, and prices of days that are over.
    """
    before = Margin.objects.filter(**place).order_by("-pk").first()
    if before and all(getattr(before, name) == value for name, value in terms.items()):
        return before
    loss = loss_of(Margin(**place, **terms), now)
    if loss and not loss.is_confirmed_by(typed[0]):
        raise BelowCost(loss)
    over = _moved_days(Margin(**place, **terms), now)
    refuse_backdating(over, typed[1])
    margin: Margin = Margin.objects.create(**place, **terms, created_at=now, created_by=by)
    entries.record(
        "margin.withdrawn" if margin.withdrawn else "margin.set",
        reseller=margin.reseller,
        center=margin.center,
        by=by,
        target=margin,
        now=now,
        topics=("billing",),
        category=margin.category,
        country_id=margin.country_id,
        before=str(before or ""),
        after=str(margin),
        valid_from=margin.valid_from.isoformat(),
        **({"loss_of_centers": loss.centers, "loss_per_month": loss.amount} if loss else {}),
        **(over.facts if over else {}),
    )
    check_losses(margin.reseller, now)
    return margin


def _moved_days(new: Margin, now: datetime) -> Backdating | None:
    """What an unsaved version makes different on days that are over."""
    price_list = PriceList(new.reseller, today(new.reseller, now))
    after = Pricing(price_list.margins.plus(new), price_list.exchange)
    return backdating(price_list, after, new.valid_from, now, center=new.center)


def _check(category: str, center: Center | None, country_id: str) -> None:
    if category not in Category.values:
        raise OperationRefused(_("A margin is for messages or for subscriptions."))
    if center is not None and country_id:
        raise OperationRefused(_("A margin is for one center or for one country, not for both."))


def _check_terms(percent: Decimal, fixed: Decimal) -> None:
    if not percent.is_finite() or not -100 <= percent <= MOST_PERCENT or percent != round(percent, 4):
        raise OperationRefused(_("The percentage must be between -100 and 10,000, with at most 4 decimals."))
    if not fixed.is_finite() or abs(fixed) > MOST_FIXED or fixed != round(fixed, 8):
        raise OperationRefused(
            _("The fixed amount must be between -1,000,000 and 1,000,000, with at most 8 decimals.")
        )
