"""Payments, reversals and refunds of credit."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.confirmation import ConfirmedForm
from billing.forms.paying.open_invoices import OpenInvoicesField
from billing.ledger import Balance
from billing.models import Invoice, Payment
from billing.money import digits, exact_amount
from billing.payments.attachments import MAX_BYTES
from centers.errors import OperationRefused
from centers.values.amount_fields import AmountField
from centers.values.fields import LineField

FILE = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,application/pdf"})


class AmountForm(forms.Form):
    """An amount in one of `currencies`, with at most the decimals of the chosen one."""

    amount = AmountField(
        label=gettext_lazy("Amount"),
        error_messages={"invalid": gettext_lazy("“%(value)s” isn't an amount. Write it like 1234.5.")},
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))

    def __init__(
        self, *args: Any, currencies: list[str], printed: Iterable[Decimal] = (), **kwargs: Any
    ) -> None:
        """`printed` are amounts the page shows: typed exactly like that they are unambiguous, as is a proposed one."""
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["currency"]
        chooser.choices = [(code, code) for code in currencies]
        amount: Any = self.fields["amount"]
        proposed = self.initial.get("amount")
        amount.printed = frozenset(printed) | ({Decimal(proposed)} if proposed else set())
        currency = (
            self.data.get(self.add_prefix("currency")) if self.is_bound else self.initial.get("currency")
        )
        if currency in currencies:
            amount.in_currency(currency, digits(currency))

    def clean(self) -> dict[str, Any]:
        """The amount at its currency's decimals, or a form error saying what is wrong with it."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("amount") is not None and "currency" in data:
            try:
                data["amount"] = exact_amount(data["amount"], data["currency"])
            except OperationRefused as error:
                self.add_error("amount", error.message)
        return data


class PaymentForm(AmountForm):
    """A payment of a given center; `currencies` are those it has something to pay in."""

    method = forms.ChoiceField(
        label=gettext_lazy("Method"), choices=Payment.Method.choices, initial=Payment.Method.BANK
    )
    reference = LineField(
        label=gettext_lazy("Reference"),
        max_length=80,
        required=False,
        help_text=gettext_lazy(
            "The number of the transfer or receipt. Each can be recorded only once. Cash payments don't need one."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    received_on = forms.DateField(
        label=gettext_lazy("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    settles = OpenInvoicesField()
    attachment = forms.FileField(
        label=gettext_lazy("Picture or PDF"),
        help_text=gettext_lazy("Such as a photo of the receipt: PNG, JPEG, WebP or PDF, up to 5 MB."),
        required=False,
        widget=FILE,
    )
    note = LineField(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, today: date, open_invoices: Iterable[Invoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["received_on"].widget.attrs["max"] = today.isoformat()
        chooser: Any = self.fields["settles"]
        chooser.show(open_invoices)

    def clean_reference(self) -> str:
        """Required unless cash was paid."""
        reference: str = self.cleaned_data["reference"]
        if not reference and self.cleaned_data.get("method") != Payment.Method.CASH:
            raise forms.ValidationError(
                _("A payment needs a reference, such as the number of the transfer or the receipt.")
            )
        return reference

    def clean_attachment(self) -> bytes:
        """What the file contains; empty without one."""
        return content_of(self.cleaned_data.get("attachment"))

    @property
    def chosen(self) -> list[int]:
        """The invoices to settle, once they are valid."""
        self.is_valid()
        return list(self.cleaned_data.get("settles") or ())

    @property
    def payable(self) -> tuple[Decimal, str] | None:
        """Amount and currency once both are valid, even if the rest is not filled in."""
        self.is_valid()
        amount, currency = self.cleaned_data.get("amount"), self.cleaned_data.get("currency")
        return (amount, currency) if isinstance(amount, Decimal) and currency else None

    @property
    def is_unclear(self) -> bool:
        """Whether the amount is ambiguous and neither interpretation is chosen yet."""
        return self.is_bound and self.has_error("amount", "ambiguous")


class AttachmentForm(forms.Form):
    """A picture or a PDF of a payment that was recorded before."""

    attachment = forms.FileField(
        label=gettext_lazy("Picture or PDF"),
        help_text=gettext_lazy("PNG, JPEG, WebP or PDF, up to 5 MB."),
        widget=FILE,
    )

    def clean_attachment(self) -> bytes:
        """What the file contains."""
        return content_of(self.cleaned_data["attachment"])


def content_of(file: Any) -> bytes:
    """The content of an uploaded file, a little more than is accepted at most; empty without a file."""
    return bytes(file.read(MAX_BYTES + 1)) if file else b""


class ReversalForm(forms.Form):
    """Why a payment is reversed."""

    because = LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("For example: the bank returned the transfer."),
    )


class RefundForm(AmountForm, ConfirmedForm):
    """Credit refunded to a center: irreversible, so the center's name confirms it."""

    reference = LineField(
        label=gettext_lazy("Reference"),
        max_length=80,
        help_text=gettext_lazy("The number of your transfer to the center. Each can be recorded only once."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("amount", "currency", "reference", "confirm")

    def __init__(self, *args: Any, credit: list[Balance], **kwargs: Any) -> None:
        first = {"amount": f"{credit[0].credit:f}", "currency": credit[0].currency} if credit else {}
        printed = [row.credit for row in credit]
        super().__init__(
            *args, currencies=[row.currency for row in credit], printed=printed, initial=first, **kwargs
        )
        self.fields["confirm"].label = _("Type the name of the center")
