"""Amounts as gateways count them: whole numbers of the currency's smallest unit."""

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.money import digits, format_amount
from centers.errors import OperationRefused

#: ISO 4217's decimals where they are not two. The CLDR, by which we show amounts, has fewer for some of them.
_DECIMALS = {
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(
        (
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
            "XAF", "XOF", "XPF",
        ),
        0,
    ),
}  # fmt: skip


def decimals(currency: str) -> int:
    """How many decimals the smallest unit has (ISO 4217)."""
    return _DECIMALS.get(currency, 2)


def to_minor(amount: Decimal, currency: str, *, step: int = 1) -> int:
    """The amount in smallest units. OperationRefused if it is not a multiple of `step` of them."""
    units = amount.scaleb(decimals(currency))
    if units != units.to_integral_value() or int(units) % step:
        least = from_minor(step, currency)
        raise OperationRefused(
            _("This gateway accepts %(currency)s in steps of %(step)s, so %(amount)s can't be paid there.")
            % {"currency": currency, "step": f"{least:f}", "amount": format_amount(amount, currency)}
        )
    return int(units)


def from_minor(units: int, currency: str) -> Decimal:
    """The amount that this many smallest units are, exactly."""
    places = decimals(currency)
    return Decimal(units).scaleb(-places) if places else Decimal(units)


def fits(amount: Decimal, currency: str) -> bool:
    """Whether the amount has no more decimals than we record of the currency."""
    return amount == round(amount, digits(currency))
