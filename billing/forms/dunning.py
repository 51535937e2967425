"""Holds, promises to pay, disputes and write-offs."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.forms.payments import AmountForm
from billing.models import Invoice
from billing.money import format_amount
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
        label=gettext_lazy("What does the center dispute?"),
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


class WriteOffForm(forms.Form):
    """Which of a center's open invoices are given up, and why."""

    invoices = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Invoices to write off"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one invoice."),
            "invalid_choice": gettext_lazy("Choose an open invoice of this center."),
        },
    )
    because = LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("For example: the business closed. Only your team sees this."),
    )

    def __init__(self, *args: Any, open_invoices: Iterable[Invoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["invoices"]
        chooser.choices = [
            (row.pk, f"{row.number} · {format_amount(row.open_amount, row.currency)}")
            for row in open_invoices
        ]


class WriteOffReversalForm(forms.Form):
    """Why a written-off amount is expected again."""

    because = LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("For example: the center pays after all."),
    )
