"""What reports ask for."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class AsOfForm(forms.Form):
    """The day whose end a report shows."""

    on = forms.DateField(
        label=gettext_lazy("As of"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["on"].initial = today
        self.fields["on"].widget.attrs["max"] = today.isoformat()

    def clean_on(self) -> date:
        """A day of the past, or today: no one knows what will be unpaid later."""
        day: date = self.cleaned_data["on"]
        if day > self._today:
            raise forms.ValidationError(_("Enter today or an earlier day."))
        return day
