"""Issuing and voiding invoices."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.confirmation import ConfirmedForm
from billing.periods import Period, checked_period
from centers.errors import OperationRefused
from centers.values.fields import LineField


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class PeriodForm(forms.Form):
    """First and last day of a period, both billed."""

    first = _day(gettext_lazy("First day"))
    last = _day(gettext_lazy("Last day"))

    def clean(self) -> dict[str, Any]:
        """The half-open period, as `period`."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("first") and data.get("last"):
            try:
                data["period"] = checked_period(data["first"], data["last"] + timedelta(days=1))
            except (OperationRefused, OverflowError) as error:
                self.add_error("last", str(error))
        return data

    @property
    def period(self) -> Period | None:
        """The period, once it is valid."""
        found: Period | None = self.cleaned_data.get("period") if self.is_valid() else None
        return found


class VoidForm(ConfirmedForm):
    """Why an invoice is voided, and its number to confirm."""

    because = LineField(
        label=gettext_lazy("Reason"), max_length=300, help_text=gettext_lazy("Printed on the credit note.")
    )
    field_order = ("because", "confirm")
    wrong = gettext_lazy("The number doesn't match. Type %(name)s exactly as shown here.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirm"].label = _("Type the number of the invoice")
        self.fields["confirm"].widget.attrs["dir"] = "ltr"


def _why() -> LineField:
    return LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Your team sees it in the audit log. The center doesn't see it."),
    )


class WaiveForm(forms.Form):
    """Why days of a number are closed without MazBot's usage, and whether what was read of them is charged."""

    because = _why()
    also_read = forms.BooleanField(
        label=gettext_lazy("Also waive the usage already recorded for these days"), required=False
    )


class WaiveUsageForm(ConfirmedForm):
    """Why usage of a center is waived: irreversible, so the center's name confirms it."""

    because = _why()
    field_order = ("because", "confirm")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirm"].label = _("Type the name of the center")
