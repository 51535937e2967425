"""Payments and their reversal."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.money import exact_amount
from centers.errors import Refused


class PaymentForm(forms.Form):
    """A payment of one center that is known already; `currencies` are those it has something to pay in."""

    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=80,
        help_text=gettext_lazy("The number of the transfer or receipt. Each counts once."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    received_on = forms.DateField(
        label=gettext_lazy("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, currencies: list[str], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["currency"]
        chooser.choices = [(code, code) for code in currencies]
        self.fields["received_on"].widget.attrs["max"] = today.isoformat()

    def clean(self) -> dict[str, Any]:
        """The amount in the digits of its currency, or a sentence saying what is wrong with it."""
        data: dict[str, Any] = super().clean() or {}
        if "amount" in data and "currency" in data:
            try:
                data["amount"] = exact_amount(data["amount"].strip(), data["currency"])
            except Refused as error:
                self.add_error("amount", error.sentence)
        return data

    @property
    def payable(self) -> tuple[Decimal, str] | None:
        """Amount and currency once both are right, even while the rest is not filled in."""
        self.is_valid()
        amount, currency = self.cleaned_data.get("amount"), self.cleaned_data.get("currency")
        return (amount, currency) if isinstance(amount, Decimal) and currency else None


class ReversalForm(forms.Form):
    """Why a payment is taken back."""

    because = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=300,
        help_text=gettext_lazy("For example: the transfer was returned by the bank."),
    )
