"""Legal identities, whether tax is charged, and tax rates."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import LegalIdentity, TaxCategory, TaxProfile
from billing.tax.identity import FIELDS, SELLER_FIELDS
from billing.tax.own import OWN_TAX
from billing.tax.rates import tax_profile
from centers.models import Reseller
from centers.values.amount_fields import PercentField
from centers.values.fields import LineField

_CODES = ("postal_code", "tax_number", "registration_number")
_LTR = {"dir": "ltr", "autocomplete": "off"}


def _reason_field() -> LineField:
    return LineField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Why no VAT is charged, such as the article of the law. Printed on invoices."),
        max_length=200,
        required=False,
    )


class IdentityForm(forms.ModelForm[LegalIdentity]):
    """What documents say of a party besides its name."""

    class Meta:
        model = LegalIdentity
        fields: tuple[str, ...] = FIELDS
        help_texts = {
            "legal_name": gettext_lazy("As registered, if it differs from the name."),
            "tax_number": gettext_lazy("Checked by the rules of the country."),
            "purchase_order": gettext_lazy("Printed on every invoice, if the center asks for it."),
        }
        widgets = {
            **{name: forms.TextInput(attrs=_LTR) for name in _CODES},
            # Names and addresses are often in the other language than the page.
            **{name: forms.TextInput(attrs={"dir": "auto"}) for name in FIELDS if name not in _CODES},
        }


class SellerForm(IdentityForm):
    """The reseller's identity, and whether it charges tax."""

    class Meta(IdentityForm.Meta):
        fields = SELLER_FIELDS

    is_registered = forms.BooleanField(
        label=gettext_lazy("We're registered for VAT"),
        help_text=gettext_lazy("The next invoices then charge VAT at the rates on this page."),
        required=False,
    )
    prices_include_tax = forms.BooleanField(
        label=gettext_lazy("Our prices include VAT"),
        help_text=gettext_lazy(
            "Otherwise it's added to them. Documents show amounts without VAT either way."
        ),
        required=False,
    )
    top_ups = forms.ChoiceField(
        label=gettext_lazy("Payments in advance get"),
        choices=TaxProfile.TopUps.choices,
        required=False,
        help_text=gettext_lazy(
            "With a tax invoice, VAT is due when you receive the payment: it is taken out of the amount, and later "
            "invoices deduct it. Applies to payments that you record from now on."
        ),
    )
    tax_category = forms.ChoiceField(
        label=gettext_lazy("VAT on late fees"),
        choices=[("", gettext_lazy("As the center is taxed")), *TaxCategory.of_many()],
        required=False,
        help_text=gettext_lazy(
            "Compensation for late payment is outside the scope of VAT in many countries."
        ),
    )
    tax_percent = PercentField(help_text=gettext_lazy("Only for the standard rate."))
    tax_reason = _reason_field()

    def settings(self) -> dict[str, Any]:
        """The settings as entered; those of late fees together."""
        values = dict(self.cleaned_data)
        return values | {"late_fees": {name: values.pop(name) for name in OWN_TAX}}


class TaxRateForm(forms.Form):
    """A tax rate and its first day."""

    category = forms.ChoiceField(label=gettext_lazy("Category"), choices=TaxCategory.choices)
    percent = PercentField(help_text=gettext_lazy("Only for the standard rate."))
    reason = _reason_field()
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["category"]
        field.choices = TaxCategory.of_many()

    def clean_percent(self) -> Any:
        """None is zero: what is exempt has no percentage."""
        return self.cleaned_data["percent"] or 0


class OwnTaxForm(forms.Form):
    """A tax of its own of what is sold; without registration for tax none of it is asked."""

    tax_category = forms.ChoiceField(label=gettext_lazy("VAT"), required=False)
    tax_percent = PercentField()
    tax_reason = _reason_field()

    def ask_tax(self, reseller: Reseller, *, for_one: bool) -> None:
        """Offer the categories of the registered reseller: a reverse charge only `for_one` center, not for many."""
        if not tax_profile(reseller).is_registered:
            for name in OwnTaxForm.base_fields:
                del self.fields[name]
            return
        field: Any = self.fields["tax_category"]
        offered = TaxCategory.choices if for_one else TaxCategory.of_many()
        field.choices = [("", _("As the center is taxed")), *offered]


class CenterTaxRateForm(TaxRateForm):
    """A center's own rate, or none from a day on."""

    SAME = "same"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["category"]
        field.choices = [(self.SAME, _("Same as all centers")), *TaxCategory.choices]

    @property
    def withdraws(self) -> bool:
        """Whether the center follows the rate of all centers again."""
        return bool(self.cleaned_data["category"] == self.SAME)
