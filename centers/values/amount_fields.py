"""Form fields for amounts, percents, rates and counts. Forms use these, never Django's DecimalField or IntegerField."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.values.amounts import Reading, read_amount
from centers.values.formats import money_text, number_text
from centers.values.text import one_line, typed_code

READING = "-reading"  # suffix of the field's name: which of two interpretations the person chose
_THOUSAND = 1000
_DIGITS_OF_A_GROUP = 3
_COMMAS = str.maketrans({"\u2212": "-", "\u060c": ",", ";": ","})
# Text, not a number field: there a browser may drop the comma of "1,5" and send 15.
_ATTRS = {"inputmode": "decimal", "autocomplete": "off", "dir": "ltr", "maxlength": 60}


class AmountInput(forms.TextInput):
    """A text input, and below it the interpretations of an ambiguous text."""

    #: The interpretations to choose from; set by the field.
    offered: Callable[[str], list[Decimal]] = staticmethod(lambda text: [])
    currency = ""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(_ATTRS | (attrs or {}))

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        text, chosen = data.get(name), data.get(name + READING)
        return (text, chosen) if text is not None and chosen else text

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        text, chosen = value if isinstance(value, tuple) else (value, "")
        entry = super().render(name, text, attrs, renderer)
        values = self.offered(text) if isinstance(text, str) else []
        if not values:
            return entry
        choices = [
            {
                "value": f"{one:f}",
                "text": self._text(one),
                "hint": _hint(one),
                "checked": f"{one:f}" == chosen or len(values) == 1,
            }
            for one in values
        ]
        context = {
            "name": name + READING,
            "id": (attrs or {}).get("id", name),
            "choices": choices,
            "typed": text.strip(),
        }
        return SafeString(entry + render_to_string("components/forms/amount_readings.html", context))

    def _text(self, value: Decimal) -> str:
        return money_text(value, self.currency) if self.currency else number_text(value)


class AmountField(forms.DecimalField):
    """A decimal in any common notation; `1,234` comes back with its interpretations to choose from.

    `currency` sets the decimals and is what a code typed with the number must be. In a currency with three decimals
    `1.234` is ambiguous as well, unless it is one of the amounts the page has `printed`.
    """

    widget = AmountInput
    default_error_messages = {"invalid": gettext_lazy("“%(value)s” isn't a number. Write it like 1234.5.")}

    def __init__(
        self, *, currency: str = "", printed: frozenset[Decimal] = frozenset(), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.currency, self.printed = currency, printed
        self._connect()

    def __deepcopy__(self, memo: dict[int, Any]) -> "AmountField":
        copied: AmountField = super().__deepcopy__(memo)
        copied.validators = deepcopy(self.validators, memo)
        copied._connect()
        return copied

    def in_currency(self, currency: str, places: int) -> None:
        """Parse the amount with the decimals of `currency`."""
        self.currency, self.decimal_places = currency, places
        self._connect()

    def to_python(self, value: Any) -> Any:
        """The value; raises ValidationError with code `ambiguous` until one of two interpretations is chosen."""
        text: Any
        text, chosen = value if isinstance(value, tuple) else (value, "")
        if text in self.empty_values:
            return None
        if not isinstance(text, str):
            return Decimal(text)
        one_line(text)
        reading = self._read(text)
        if reading.currency and self.currency and reading.currency != self.currency:
            params = {"typed": reading.currency, "currency": self.currency}
            raise ValidationError(_("The amount is in %(typed)s, but the currency is %(currency)s.") % params)
        offered = self._offered(reading)
        if not offered:
            return reading.values[0]
        for one in offered:
            if f"{one:f}" == chosen:
                return one
        raise ValidationError(_question(text, offered), code="ambiguous")

    def _connect(self) -> None:
        entry: Any = self.widget
        if isinstance(entry, AmountInput):  # rendering the hidden inputs is optional
            entry.offered, entry.currency = self._offered_for, self.currency

    def _read(self, text: str) -> Reading:
        try:
            return read_amount(text)
        except ValueError as error:
            raise ValidationError(
                self.error_messages["invalid"] % {"value": text[:40]}, code="invalid"
            ) from error

    def _offered_for(self, text: str) -> list[Decimal]:
        try:
            return self._offered(read_amount(text))
        except ValueError:
            return []

    def _offered(self, reading: Reading) -> list[Decimal]:
        """The interpretations to choose from: those that are valid. None where there is nothing to ask."""
        if not reading.is_ambiguous:
            return []
        if reading.mark == "." and not self._asks_about_points(reading):
            return []
        return [value for value in reading.values if self._fits(value)]

    def _asks_about_points(self, reading: Reading) -> bool:
        """Only in money with three decimals: our own pages, mails and files write decimals with a point."""
        ours = reading.is_ours or reading.values[0] in self.printed
        return bool(self.currency) and self.decimal_places == _DIGITS_OF_A_GROUP and not ours

    def _fits(self, value: Decimal) -> bool:
        exponent = value.normalize().as_tuple().exponent
        places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        low: Any = self.min_value
        high: Any = self.max_value
        return (
            (self.decimal_places is None or places <= self.decimal_places)
            and (low is None or value >= low)
            and (high is None or value <= high)
        )


class PercentField(AmountField):
    """A percentage of 0 to 100, with four decimals; not required unless said so."""

    def __init__(self, **kwargs: Any) -> None:
        given = {"label": gettext_lazy("Percent"), "required": False, **kwargs}
        super().__init__(max_digits=7, decimal_places=4, min_value=0, max_value=100, **given)


class CountField(forms.IntegerField):
    """A whole number, such as days, in the digits of any script."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update({"inputmode": "numeric", "autocomplete": "off", "dir": "ltr"})

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            value = one_line(typed_code(value))
        return super().to_python(value)


class ListField(SimpleArrayField):
    """Several values in one line, separated by commas of either script."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.widget.attrs.setdefault("dir", "ltr")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            plain = one_line(typed_code(value)).translate(_COMMAS)
            value = plain.strip(", ")
        return super().to_python(value)


def _question(text: str, offered: list[Decimal]) -> str:
    if len(offered) == 1:
        message = _("“%(value)s” can be misread. Check the amount below, then continue.")
    else:
        message = _("“%(value)s” can be read in two ways. Choose the one you mean, then continue.")
    return message % {"value": text.strip()[:40]}


def _hint(value: Decimal) -> str:
    """The magnitude of an interpretation, in text that cannot be mistaken for the other one."""
    size = abs(value)
    if size >= _THOUSAND:
        count = number_text(int(size // _THOUSAND))
        if size % _THOUSAND:
            return _("more than %(count)s thousand") % {"count": count}
        return _("exactly %(count)s thousand") % {"count": count}
    low = int(size)
    if size == low:
        return _("exactly %(number)s") % {"number": low}
    return _("between %(low)s and %(high)s") % {"low": low, "high": low + 1}
