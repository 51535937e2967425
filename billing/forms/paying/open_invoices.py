"""The choice of invoices that a payment settles."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy

from billing.models import Invoice
from billing.money import format_amount


class OpenInvoicesField(forms.TypedMultipleChoiceField):
    """Ids of open invoices of one center; none means: the oldest due date first."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Invoices to settle"),
            help_text=gettext_lazy(
                "If you choose none, the payment covers the oldest due date first. So does what is left over."
            ),
            coerce=int,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": gettext_lazy("Choose an open invoice of this center.")},
        )

    def show(self, invoices: Iterable[Invoice]) -> None:
        """Offer these, each with its number and what is open of it."""
        self.choices = [
            (row.pk, f"{row.number} · {format_amount(row.open_amount, row.currency)}") for row in invoices
        ]
