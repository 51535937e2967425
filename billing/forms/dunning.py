"""Holds: not suspending a center until a date."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from centers.values.fields import LineField


class HoldForm(forms.Form):
    """Until when, and why."""

    until = forms.DateField(
        label=gettext_lazy("Don't suspend before"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    because = LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Only your team sees this."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = today + timedelta(days=7)
        self.fields["until"].widget.attrs["min"] = (today + timedelta(days=1)).isoformat()
