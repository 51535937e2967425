"""Holds, promises to pay, and disputes."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.forms.payments import AmountForm
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


class PromiseForm(AmountForm):
    """What a center promised to pay, and by when."""

    pays_by = forms.DateField(
        label=gettext_lazy("Pays by"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Until the end of this day there are no reminders and no suspension."),
    )
    because = LineField(
        label=gettext_lazy("Note"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Who promised it, and how. Only your team sees this."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pays_by"].initial = today + timedelta(days=7)
        self.fields["pays_by"].widget.attrs["min"] = today.isoformat()


class DisputeForm(forms.Form):
    """What a center contests."""

    because = LineField(
        label=gettext_lazy("What does the center contest?"),
        max_length=300,
        help_text=gettext_lazy("Only your team sees this."),
    )


class DisputeClosedForm(forms.Form):
    """What was decided."""

    decision = LineField(
        label=gettext_lazy("Decision"),
        max_length=300,
        help_text=gettext_lazy("Only your team sees this."),
    )
