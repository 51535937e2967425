"""Plans, their terms, and which plan a center has."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.confirmation import LossForm
from billing.forms.tax import OwnTaxForm
from billing.models import Plan
from billing.money import digits
from billing.plans.changing import BEYOND_DECIMALS, MOST_INCLUDED
from centers.models import Reseller
from centers.values.amount_fields import AmountField, CountField
from centers.values.choices import currency_choices
from centers.values.fields import LineField

_DAY = {"type": "date"}
#: Instead of a plan: the center has none from the day on.
NO_PLAN = "none"


class _PlanLossForm(LossForm):
    """Has the field for the loss placed on its own, once it is asked for."""

    def visible_fields(self) -> list[forms.BoundField]:
        return [field for field in super().visible_fields() if field.name != "confirm"]

    @property
    def values(self) -> dict[str, Any]:
        """The arguments of the operation."""
        data = dict(self.cleaned_data)
        confirmation = data.pop("confirm")
        return {**data, "confirmation": confirmation}


class _TermsForm(OwnTaxForm):
    """What a plan costs, what it includes, and from which day on."""

    amount = AmountField(label=gettext_lazy("Price of a month"))
    included = CountField(label=gettext_lazy("Included messages a month"), max_value=MOST_INCLUDED)
    beyond = AmountField(
        label=gettext_lazy("Price of each message beyond"),
        max_digits=14,
        decimal_places=BEYOND_DECIMALS,
        required=False,
        help_text=gettext_lazy("Leave it empty to charge them by the price list."),
    )
    day = forms.DateField(
        label=gettext_lazy("First day"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
    )

    field_order: tuple[str, ...] = ("amount", "included", "beyond", "day")

    def __init__(self, *args: Any, reseller: Reseller, currency: str, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = today
        amount: Any = self.fields["amount"]
        amount.in_currency(currency, digits(currency))
        self.ask_tax(reseller, for_one=False)


class PlanTermsForm(_TermsForm, _PlanLossForm):
    """New terms, for the centers that have the plan, too."""


class PlanForm(_TermsForm):
    """A new plan with its first terms."""

    name = LineField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("Printed on invoices.")
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    per_number = forms.BooleanField(
        label=gettext_lazy("For each number"),
        help_text=gettext_lazy("Each number of the center pays the price and has its own included messages."),
        required=False,
    )

    field_order = ("name", "currency", "per_number", "amount", "included", "beyond", "day")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, currency=currency, **kwargs)
        chosen: Any = self.fields["currency"]
        chosen.choices = currency_choices()
        chosen.initial = currency
        typed = str(self["currency"].value() or currency)
        amount: Any = self.fields["amount"]
        amount.in_currency(typed, digits(typed))


class CenterPlanForm(_PlanLossForm):
    """The plan that a center has from a day on, or that it has none."""

    plan = forms.ChoiceField(label=gettext_lazy("Plan"))
    day = forms.DateField(
        label=gettext_lazy("First day"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        help_text=gettext_lazy("The plan that the center has until then ends on the day before."),
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        required=False,
        help_text=gettext_lazy("Leave it empty if the plan has no end."),
    )

    def __init__(self, *args: Any, plans: Iterable[Plan], today: date, has_plan: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans = {str(plan.pk): plan for plan in plans}
        self.fields["day"].initial = today
        choices = [(pk, f"{plan.name} ({plan.currency})") for pk, plan in self._plans.items()]
        if has_plan:
            choices.append((NO_PLAN, _("No plan from this day on")))
        chosen: Any = self.fields["plan"]
        chosen.choices = choices

    @property
    def values(self) -> dict[str, Any]:
        """The arguments of the operation."""
        return {**super().values, "plan": self._plans.get(self.cleaned_data["plan"])}
