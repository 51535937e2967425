"""How a center pays: after use, after use up to a limit, or in advance."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.payments import AmountForm
from billing.limits.terms import LIMIT, NO_LIMIT, PREPAID
from billing.models import CreditTerms, Gateway
from billing.money import digits
from centers.models import Center
from centers.values.amount_fields import AmountField


class TopUpForm(AmountForm):
    """An amount to pay in advance, at one of the reseller's gateways."""

    gateway = forms.ChoiceField(label=gettext_lazy("Pay with"))
    field_order = ("amount", "currency", "gateway")

    def __init__(self, *args: Any, gateways: list[Gateway], currency: str, **kwargs: Any) -> None:
        first = {"currency": currency, "gateway": gateways[0].provider if gateways else ""}
        super().__init__(*args, currencies=[currency], initial=first, **kwargs)
        chooser: Any = self.fields["gateway"]
        chooser.choices = [(one.provider, str(one)) for one in gateways]


class CreditTermsForm(forms.Form):
    """A center's terms; the limit is an amount in its currency."""

    kind = forms.ChoiceField(
        label=gettext_lazy("How it pays"),
        choices=[
            (NO_LIMIT, gettext_lazy("After use, without a limit")),
            (LIMIT, gettext_lazy("After use, up to a limit")),
            (PREPAID, gettext_lazy("In advance")),
        ],
        widget=forms.RadioSelect,
    )
    limit = AmountField(label=gettext_lazy("Credit limit"), required=False)

    def __init__(self, data: Any = None, *, center: Center, terms: CreditTerms | None) -> None:
        first: dict[str, Any] = {"kind": NO_LIMIT}
        printed: frozenset[Decimal] = frozenset()
        if terms is not None:
            first["kind"] = PREPAID if terms.is_prepaid else LIMIT
            if not terms.is_prepaid:
                first["limit"] = f"{terms.limit.normalize():f}"
                printed = frozenset({terms.limit})
        super().__init__(data, initial=first)
        limit: Any = self.fields["limit"]
        limit.printed = printed
        limit.in_currency(center.currency, digits(center.currency))
        limit.help_text = _("In %(currency)s.") % {"currency": center.currency}
