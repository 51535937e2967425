"""What reports ask for."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy


class AsOfForm(forms.Form):
    """The day whose end a report shows."""

    on = forms.DateField(
        label=gettext_lazy("As of"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = today
        self.fields["on"].widget.attrs["max"] = today.isoformat()
