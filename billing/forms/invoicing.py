"""Issuing invoices and taking them back."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.periods import Period, checked_period
from centers.errors import Refused


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class PeriodForm(forms.Form):
    """First and last day, both billed, as people say it."""

    first = _day(gettext_lazy("First day"))
    last = _day(gettext_lazy("Last day"))

    def clean(self) -> dict[str, Any]:
        """The half-open period, as `period`."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("first") and data.get("last"):
            try:
                data["period"] = checked_period(data["first"], data["last"] + timedelta(days=1))
            except (Refused, OverflowError) as error:
                self.add_error("last", str(error))
        return data

    @property
    def period(self) -> Period | None:
        """The period once it is right."""
        found: Period | None = self.cleaned_data.get("period") if self.is_valid() else None
        return found


class VoidForm(forms.Form):
    """Why an invoice is taken back, and its number typed."""

    because = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, help_text=gettext_lazy("It is printed on the credit note.")
    )
    confirm = forms.CharField(
        label=gettext_lazy("Type the number of the invoice"),
        max_length=24,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = number

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if typed.strip().upper() != self.number.upper():
            raise forms.ValidationError(
                _("That is not the number of this invoice. It is %(number)s.") % {"number": self.number}
            )
        return typed
