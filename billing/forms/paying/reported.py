"""“I have paid” on the page of an invoice's link, and what staff make of it."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.forms.payments import FILE, AmountForm, content_of
from billing.models import Invoice, Payment, ReportedPayment
from billing.money import rounded
from centers.values.fields import LineField


class ReportForm(AmountForm):
    """What the reader of the link says was paid."""

    reference = LineField(
        label=gettext_lazy("Reference"),
        max_length=80,
        help_text=gettext_lazy("The number of your transfer or receipt."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    attachment = forms.FileField(
        label=gettext_lazy("Picture or PDF"),
        help_text=gettext_lazy("Such as a photo of the receipt: PNG, JPEG, WebP or PDF, up to 5 MB."),
        required=False,
        widget=FILE,
    )
    field_order = ("amount", "currency", "reference", "attachment")

    def __init__(self, *args: Any, invoice: Invoice, **kwargs: Any) -> None:
        first = {
            "amount": f"{rounded(invoice.open_amount, invoice.currency):f}",
            "currency": invoice.currency,
        }
        super().__init__(
            *args, currencies=[invoice.currency], printed=[invoice.open_amount], initial=first, **kwargs
        )

    def clean_attachment(self) -> bytes:
        """What the file contains; empty without one."""
        return content_of(self.cleaned_data.get("attachment"))


class ConfirmReportForm(AmountForm):
    """The payment as staff record it."""

    method = forms.ChoiceField(
        label=gettext_lazy("Method"), choices=Payment.Method.choices, initial=Payment.Method.BANK
    )
    reference = LineField(
        label=gettext_lazy("Reference"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    received_on = forms.DateField(
        label=gettext_lazy("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ("amount", "currency", "method", "reference", "received_on")

    def __init__(self, *args: Any, reported: ReportedPayment, today: date, **kwargs: Any) -> None:
        first = {
            "amount": f"{rounded(reported.amount, reported.currency):f}",
            "currency": reported.currency,
            "reference": reported.reference,
            "received_on": today,
        }
        super().__init__(
            *args, currencies=[reported.currency], printed=[reported.amount], initial=first, **kwargs
        )
        self.fields["received_on"].widget.attrs["max"] = today.isoformat()


class RefusalForm(forms.Form):
    """Why a reported payment isn't recorded."""

    because = LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("The invoice's page shows it to the person who reported the payment."),
    )
