"""The fields of late fees, which the general rules and named ones have in common."""

import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.charges.changing import LARGEST_CHARGE
from billing.money import rounded
from centers.values.amount_fields import AmountField, CountField
from centers.values.amounts import Reading, read_amount
from centers.values.choices import currency_choices
from centers.values.text import one_line

HELP = {
    "late_fee_percent": gettext_lazy(
        "Of the invoice's unpaid amount, without earlier late fees. With 0 and no fixed amount, no late "
        "fees are charged."
    ),
    "late_fee_days": gettext_lazy("Counted from the due date. Fees from more than 7 days ago aren't added."),
    "late_fee_monthly": gettext_lazy("Otherwise once for each invoice."),
    "late_fee_ceiling": gettext_lazy("All late fees of an invoice together."),
}
CLASSES = {
    "late_fee_percent": AmountField,
    "late_fee_days": CountField,
    "late_fee_ceiling": CountField,
}
#: Commas separate amounts, unless one stands inside a number.
_BETWEEN = re.compile(r"[;؛،]|(?<=[A-Za-z]),|,(?!\d)")
_MOST = 10


class AmountsField(forms.Field):
    """Amounts in several currencies, such as `SAR 25, KWD 2.5`; the value is {"SAR": "25.00", "KWD": "2.500"}."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs.update({"dir": "ltr", "autocomplete": "off", "maxlength": 300})

    def prepare_value(self, value: Any) -> Any:
        """The text of a stored value; what a person typed stays as it is."""
        if isinstance(value, dict):
            return ", ".join(f"{currency} {amount}" for currency, amount in sorted(value.items()))
        return value

    def to_python(self, value: Any) -> dict[str, str]:
        """Raises ValidationError for what is no amount, has no currency or one twice, or can be read in two ways."""
        if not isinstance(value, str):
            return dict(value or {})
        texts = [text for part in _BETWEEN.split(one_line(value)) if (text := part.strip())]
        if len(texts) > _MOST:
            raise ValidationError(_("Enter at most %(count)s amounts.") % {"count": _MOST})
        amounts: dict[str, str] = {}
        for text in texts:
            currency, amount = _read(text)
            if currency in amounts:
                raise ValidationError(_("%(currency)s has two amounts.") % {"currency": currency})
            amounts[currency] = f"{amount:f}"
        return amounts


def late_fee_amounts() -> AmountsField:
    """The form field of the fixed amounts."""
    return AmountsField(
        label=gettext_lazy("Late fee, fixed amounts"),
        help_text=gettext_lazy(
            "With their currencies, separated by commas: SAR 25, KWD 2.5. Added to the percentage for invoices in that "
            "currency."
        ),
    )


def _read(text: str) -> tuple[str, Decimal]:
    reading: Reading | None = None
    with suppress(ValueError):
        reading = read_amount(text)
    if reading is None or reading.currency not in dict(currency_choices()):
        raise ValidationError(
            _("“%(text)s” isn't an amount with its currency. Write it like SAR 25.") % {"text": text[:40]}
        )
    value = reading.values[0]
    if reading.is_ambiguous and reading.mark == ",":
        raise ValidationError(
            _("“%(text)s” can be read in two ways. Write it with a point before the decimals.")
            % {"text": text[:40]}
        )
    if not 0 < value < LARGEST_CHARGE or value != rounded(value, reading.currency):
        raise ValidationError(
            _("“%(text)s” isn't an amount in %(currency)s.")
            % {"text": text[:40], "currency": reading.currency}
        )
    return reading.currency, rounded(value, reading.currency)
