"""Gateways, and deciding about flagged payments."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.payments import AmountForm
from billing.models import FlaggedPayment, Gateway
from centers.models import Center
from centers.values.fields import KeyField, LineField, WebAddressField

_SECRET = {"autocomplete": "new-password", "dir": "ltr", "spellcheck": "false"}


class GatewayForm(forms.Form):
    """A gateway's credentials. Secrets are never shown again: a field left empty keeps what is stored."""

    is_active = forms.BooleanField(
        label=gettext_lazy("Centers can pay invoices here"),
        help_text=gettext_lazy("Adds “Pay now” to open invoices in the portal."),
        required=False,
    )
    api_key = KeyField(
        label=gettext_lazy("Secret key"),
        max_length=300,
        required=False,
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    webhook_secret = KeyField(
        label=gettext_lazy("Webhook secret"),
        max_length=300,
        required=False,
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    base_url = WebAddressField(
        label=gettext_lazy("Address of the API"),
        max_length=300,
        assume_scheme="https",
        required=False,
        help_text=gettext_lazy("Leave it empty, except for tests."),
        widget=forms.URLInput(attrs={"dir": "ltr", "inputmode": "url"}),
    )

    def __init__(self, data: Any = None, *, gateway: Gateway | None, provider: str) -> None:
        first = {"is_active": gateway.is_active, "base_url": gateway.base_url} if gateway else {}
        super().__init__(data, initial=first, prefix=provider)
        for name in ("api_key", "webhook_secret"):
            if gateway is not None and getattr(gateway, name):
                self.fields[name].help_text = _("Saved. Leave empty to keep it.")


class FlaggedPaymentForm(AmountForm):
    """Recording flagged money as a payment of a center."""

    field_order = ("center", "amount", "currency")

    def __init__(self, *args: Any, flagged: FlaggedPayment, center: Center, **kwargs: Any) -> None:
        first: dict[str, Any] = {"currency": flagged.currency}
        printed = []
        if flagged.amount is not None:
            first["amount"] = f"{flagged.amount.normalize():f}"
            printed = [flagged.amount]
        super().__init__(*args, initial=first, printed=printed, **kwargs)


class DismissalForm(forms.Form):
    """Why flagged money needs nothing here."""

    because = LineField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("For example: refunded at the gateway."),
    )
