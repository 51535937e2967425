"""How documents look, and what a person adds to one invoice."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from billing.models import DocumentKind, DocumentSettings, NumberFormat
from centers.values.amount_fields import CountField
from centers.values.fields import CodeField, LineField, LinesField


class DocumentSettingsForm(forms.ModelForm[DocumentSettings]):
    """The settings of all documents, and the number format of each kind as `<kind>_prefix`, `_year`, `_digits`."""

    class Meta:
        model = DocumentSettings
        fields = ("languages", "simplified", "note")
        help_texts = {
            "languages": gettext_lazy("For invoices, credit notes, receipts and statements."),
            "simplified": gettext_lazy("As Saudi Arabia requires for buyers without a VAT registration."),
            "note": gettext_lazy("Such as your terms. It can be changed on each invoice before it's issued."),
        }
        widgets = {"note": forms.Textarea(attrs={"rows": 3, "dir": "auto"})}

    def __init__(self, *args: Any, formats: dict[str, NumberFormat], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, row in formats.items():
            self.fields[f"{kind}_prefix"] = CodeField(
                label=gettext_lazy("Prefix"),
                max_length=8,
                initial=row.prefix,
                widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
            )
            self.fields[f"{kind}_year"] = forms.ChoiceField(
                label=gettext_lazy("Year"), choices=NumberFormat.Year.choices, initial=row.year
            )
            self.fields[f"{kind}_digits"] = CountField(
                label=gettext_lazy("Digits"), min_value=1, max_value=8, initial=row.digits
            )

    def kinds(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """Each kind with its label and its fields."""
        return [
            (kind.value, str(kind.label), [self[f"{kind}_{name}"] for name in ("prefix", "year", "digits")])
            for kind in DocumentKind
        ]

    def formats(self) -> dict[str, dict[str, Any]]:
        """The formats as entered, by kind."""
        names = ("prefix", "year", "digits")
        return {
            kind.value: {name: self.cleaned_data[f"{kind}_{name}"] for name in names} for kind in DocumentKind
        }

    def settings(self) -> dict[str, Any]:
        """The settings as entered."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class InvoiceWordsForm(forms.Form):
    """What is printed on one invoice besides its lines."""

    purchase_order = LineField(
        label=gettext_lazy("Purchase order"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("The center's own reference, if it asked for one."),
    )
    note = LinesField(
        label=gettext_lazy("Note"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
