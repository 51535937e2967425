"""Charges that staff enter, discounts, and their ends."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.forms.tax import OwnTaxForm
from billing.models import Charge, Discount
from billing.money import digits, format_amount
from centers.models import Center
from centers.values.amount_fields import AmountField, PercentField
from centers.values.fields import LineField

_DAY = {"type": "date"}


class ChargeForm(OwnTaxForm):
    """What is charged, how much, how often, and from which day on."""

    description = LineField(
        label=gettext_lazy("Description"),
        max_length=120,
        help_text=gettext_lazy("Printed on invoices."),
    )
    amount = AmountField(label=gettext_lazy("Amount"))
    every = forms.ChoiceField(label=pgettext_lazy("how often", "Charged"), choices=Charge.Every.choices)
    per_number = forms.BooleanField(
        label=gettext_lazy("For each number"),
        help_text=gettext_lazy(
            "“Once for each number” is a setup fee, charged for numbers that are added later."
        ),
        required=False,
    )
    day = forms.DateField(
        label=gettext_lazy("First day"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        help_text=gettext_lazy("For a one-off charge, the day named on the invoice."),
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        required=False,
        help_text=gettext_lazy("Leave it empty if the charge has no end."),
    )

    field_order = ("description", "amount", "every", "per_number", "day", "until")

    def __init__(self, *args: Any, center: Center, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask_tax(center.reseller, for_one=True)
        self.fields["day"].initial = today
        amount: Any = self.fields["amount"]
        amount.in_currency(center.currency, digits(center.currency))


class ChosenChargeForm(ChargeForm):
    """A charge for several centers: an amount for each of their currencies."""

    def __init__(self, *args: Any, centers: Sequence[Center], today: date, **kwargs: Any) -> None:
        super().__init__(*args, center=centers[0], today=today, **kwargs)
        del self.fields["amount"]
        currencies = sorted({center.currency for center in centers})
        for currency in currencies:
            field = AmountField(label=_("Amount (%(currency)s)") % {"currency": currency})
            field.in_currency(currency, digits(currency))
            self.fields[_amount_in(currency)] = field
        self.order_fields(["description", *map(_amount_in, currencies)])

    def values_for(self, center: Center) -> dict[str, Any]:
        """The arguments of the operation."""
        shared = {
            name: value for name, value in self.cleaned_data.items() if not name.startswith(_amount_in(""))
        }
        return {**shared, "amount": self.cleaned_data[_amount_in(center.currency)]}


def _amount_in(currency: str) -> str:
    return f"amount_{currency.lower()}"


class ChargeEndForm(forms.Form):
    """The last day of a charge."""

    last_day = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, last_day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = last_day


def _priced(charge: Charge) -> str:
    """A charge to choose, with its price: its currency is not the center's, if that changed since."""
    return f"{charge}, {format_amount(charge.amount, charge.currency)}"


class DiscountForm(forms.Form):
    """What costs less, by how much, and on which days."""

    what = forms.ChoiceField(label=gettext_lazy("Discount on"))
    percent = PercentField()
    amount = AmountField(
        label=gettext_lazy("Or an amount"),
        required=False,
        help_text=gettext_lazy("For one charge only, in its currency. It costs that much less each time."),
    )
    day = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        required=False,
        help_text=gettext_lazy("Leave it empty if the discount has no end."),
    )

    def __init__(
        self, *args: Any, center: Center, today: date, charges: Iterable[Charge], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._charges = {str(charge.pk): charge for charge in charges}
        self.fields["day"].initial = today
        what: Any = self.fields["what"]
        plain = [(on.value, on.label) for on in (Discount.On.ALL, Discount.On.MESSAGES)]
        what.choices = [*plain, *((pk, _priced(charge)) for pk, charge in self._charges.items())]
        chosen = self._charges.get(str(self["what"].value()))
        currency = chosen.currency if chosen else center.currency
        amount: Any = self.fields["amount"]
        amount.in_currency(currency, digits(currency))
        if chosen:
            amount.label = _("Or an amount (%(currency)s)") % {"currency": currency}

    @property
    def values(self) -> dict[str, Any]:
        """The arguments of the operation."""
        data = dict(self.cleaned_data)
        what = data.pop("what")
        charge = self._charges.get(what)
        return {**data, "charge": charge, **({} if charge else {"on": what})}


class ChosenDiscountForm(forms.Form):
    """A percentage off for several centers."""

    on = forms.ChoiceField(
        label=gettext_lazy("Discount on"),
        choices=[(on.value, on.label) for on in (Discount.On.ALL, Discount.On.MESSAGES)],
    )
    percent = PercentField(required=True)
    day = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        required=False,
        help_text=gettext_lazy("Leave it empty if the discount has no end."),
    )

    def __init__(self, *args: Any, centers: Sequence[Center], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = today

    def values_for(self, center: Center) -> dict[str, Any]:
        """The arguments of the operation."""
        return dict(self.cleaned_data)
