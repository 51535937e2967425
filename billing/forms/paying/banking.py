"""Uploading a bank's file, and deciding about one of its lines."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.banking.cells import DAY_FIRST, MONTH_FIRST
from billing.banking.reading import MAX_BYTES
from billing.forms.paying.open_invoices import OpenInvoicesField
from billing.models import Invoice
from centers.values.choices import currency_choices


class StatementForm(forms.Form):
    """A bank's file."""

    file = forms.FileField(
        label=gettext_lazy("Statement"),
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), up to 2 MB. Nothing is recorded before you confirm it."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency of the account"), help_text=gettext_lazy("Used if the file names none.")
    )
    day_order = forms.ChoiceField(
        label=gettext_lazy("Days are written"),
        choices=[
            ("", gettext_lazy("as the file shows")),
            (DAY_FIRST, gettext_lazy("day first: 29/11/2026")),
            (MONTH_FIRST, gettext_lazy("month first: 11/29/2026")),
        ],
        required=False,
    )

    def __init__(self, data: Any = None, files: Any = None, *, currency: str) -> None:
        super().__init__(data, files, initial={"currency": currency})
        chooser: Any = self.fields["currency"]
        chooser.choices = currency_choices()

    @property
    def content(self) -> bytes:
        """What the file contains, a little more than is accepted at most."""
        return bytes(self.cleaned_data["file"].read(MAX_BYTES + 1))


class LineForm(forms.Form):
    """Which invoices a line settles."""

    settles = OpenInvoicesField()

    def __init__(self, *args: Any, invoices: Iterable[Invoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["settles"]
        chooser.show(invoices)
