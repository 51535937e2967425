"""Crediting parts of an invoice, and converting credit."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.invoicing import LineLeft, Part
from billing.money import digits, format_amount
from billing.payments.conversion import Convertible
from centers.values.amount_fields import AmountField
from centers.values.fields import LineField

ALL, QUANTITY, AMOUNT = "all", "quantity", "amount"
PARTS = [
    ("", gettext_lazy("Nothing")),
    (ALL, gettext_lazy("All that is left")),
    (QUANTITY, gettext_lazy("A quantity")),
    (AMOUNT, gettext_lazy("An amount")),
]


class CreditNoteForm(forms.Form):
    """What to credit of each line of an invoice: `line-<id>-part` says which part, `line-<id>` how much."""

    because = LineField(
        label=gettext_lazy("Reason"), max_length=300, help_text=gettext_lazy("Printed on the credit note.")
    )
    everything = forms.BooleanField(label=gettext_lazy("Credit all that is left"), required=False)

    def __init__(self, *args: Any, left: Iterable[LineLeft], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = [row for row in left if row.amount > 0]
        for row in self._left:
            label = {"line": row.line.heading}
            parts = [one for one in PARTS if row.quantity or one[0] != QUANTITY]
            part = forms.ChoiceField(label=_("Part"), choices=parts, required=False)
            part.widget.attrs["aria-label"] = _("Part of “%(line)s” to credit") % label
            self.fields[f"line-{row.line.pk}-part"] = part
            value = AmountField(label=_("How much"), required=False, printed=frozenset({row.amount}))
            value.widget.attrs["aria-label"] = _("How much of “%(line)s” to credit") % label
            value.in_currency(row.line.currency, digits(row.line.currency))
            self.fields[f"line-{row.line.pk}"] = value

    @property
    def rows(self) -> Iterator[tuple[LineLeft, BoundField, BoundField]]:
        """Each line that can be credited, with its two fields."""
        for row in self._left:
            yield row, self[f"line-{row.line.pk}-part"], self[f"line-{row.line.pk}"]

    def clean(self) -> dict[str, Any]:
        """The chosen parts by id of the line, as `parts`."""
        data: dict[str, Any] = super().clean() or {}
        parts: dict[int, Part] = {}
        for row in self._left:
            name = f"line-{row.line.pk}"
            part, value = data.pop(f"{name}-part", ""), data.pop(name, None)
            if part == ALL:
                parts[row.line.pk] = Part()
            elif part and value is None and not self.has_error(name):
                self.add_error(name, _("Enter how much to credit."))
            elif part == QUANTITY and value is not None and value != int(value):
                self.add_error(name, _("Enter a whole number."))
            elif part and value is not None:
                parts[row.line.pk] = Part(quantity=int(value)) if part == QUANTITY else Part(amount=value)
            elif value is not None:
                self.add_error(f"{name}-part", _("Choose whether this is a quantity or an amount."))
        return {**data, "parts": parts}


class ConversionForm(forms.Form):
    """How much of the credit to convert, which pair of currencies (`USD-SAR`), and another rate than the dated one.

    A rate far from the dated one has to be typed twice, as where exchange rates are entered.
    """

    pair = forms.ChoiceField(label=gettext_lazy("Convert"))
    amount = AmountField(label=gettext_lazy("Amount"))
    rate = AmountField(
        label=gettext_lazy("Another exchange rate"),
        max_digits=20,
        decimal_places=10,
        required=False,
        help_text=gettext_lazy("Leave it empty to use the rate under Prices."),
    )
    rate_again = AmountField(
        label=gettext_lazy("Rate (again)"), max_digits=20, decimal_places=10, required=False
    )
    because = LineField(
        label=gettext_lazy("Reason for another rate"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For example: the rate of the bank on the transfer."),
    )
    #: Whether the page shows the field for the second time.
    asks_again = False

    def __init__(
        self,
        data: Any = None,
        *,
        pairs: list[Convertible],
        unusual: Callable[[str, str, Decimal], Decimal | None],
    ) -> None:
        self._unusual = unusual
        first = pairs[0] if pairs else None
        initial = (
            {"pair": _pair(first), "amount": f"{first.suggested:f}"} if first and first.suggested else {}
        )
        super().__init__(data, initial=initial)
        chooser: Any = self.fields["pair"]
        chooser.choices = [
            (
                _pair(row),
                _("%(credit)s credit to %(currency)s")
                % {"credit": format_amount(row.credit, row.from_currency), "currency": row.to_currency},
            )
            for row in pairs
        ]
        chosen = self.data.get(self.add_prefix("pair")) if self.is_bound else initial.get("pair")
        row = next((one for one in pairs if _pair(one) == chosen), None)
        if row:
            amount: Any = self.fields["amount"]
            amount.printed = frozenset({row.credit, row.suggested})
            amount.in_currency(row.from_currency, digits(row.from_currency))

    def clean(self) -> dict[str, Any]:
        """Ask once more for a rate that may be a slip, and for the reason of any."""
        data: dict[str, Any] = super().clean() or {}
        rate, again = data.get("rate"), data.pop("rate_again", None)
        if rate is None or "pair" not in data:
            return data
        if not data.get("because"):
            self.add_error("because", _("Enter the reason for another rate, such as the bank's."))
        base, _to, quote = data["pair"].partition("-")
        known = self._unusual(base, quote, rate) if rate > 0 else None
        if known is not None:
            self.asks_again = True
            if again != rate:
                text = _("The rate under Prices is %(known)s. If %(rate)s is right, type it once more.")
                shown = {"known": f"{known.normalize():f}", "rate": f"{rate:f}"}
                self.add_error("rate_again", text % shown)
        return data

    @property
    def chosen(self) -> dict[str, Any]:
        """What to convert at which rate, also what the form begins with; empty until that is valid."""
        data: Any = self.initial
        if self.is_bound:
            self.is_valid()
            data = self.cleaned_data if not {"pair", "amount", "rate"} & self.errors.keys() else {}
        if not {"pair", "amount"} <= data.keys():
            return {}
        base, quote = data["pair"].split("-")
        rate = {"rate": data["rate"]} if data.get("rate") is not None else {}
        return {"amount": data["amount"], "from_currency": base, "to_currency": quote, **rate}


class ConversionReversalForm(forms.Form):
    """Why a conversion is reversed."""

    because = LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("For example: the wrong exchange rate."),
    )


def _pair(row: Convertible) -> str:
    return f"{row.from_currency}-{row.to_currency}"
