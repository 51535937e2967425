"""Margins, categories of types, and exchange rates."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms.center_changes import BackdatingForm
from billing.forms.confirmation import LossForm
from billing.models import Category, Margin, RateClass
from billing.pricing.below_cost import Loss
from billing.pricing.exchange_rates import is_unusual, last_known_rate
from centers.center_field import CenterField
from centers.models import Center, Reseller
from centers.values.amount_fields import AmountField
from centers.values.countries import country_choices
from centers.values.fields import CodeField, LineField
from centers.values.validators import validate_currency

OWN, WIDER = "own", "wider"


class _TermsForm(forms.Form):
    """What a margin is for, and its terms."""

    # A required field that billing.css hides would keep the browser from submitting the form.
    use_required_attribute = False

    level = forms.ChoiceField(label=gettext_lazy("For"), choices=Margin.Level.choices)
    country_id = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    center = CenterField(None, label=gettext_lazy("Center"), required=False, empty_label="–")
    category = forms.ChoiceField(label=gettext_lazy("Applies to"), choices=Category.choices)
    percent = AmountField(
        label=gettext_lazy("Percent"),
        max_digits=9,
        decimal_places=4,
        min_value=-100,
        max_value=10_000,
    )
    fixed = AmountField(
        label=gettext_lazy("Fixed amount"),
        max_digits=18,
        decimal_places=8,
        min_value=-1_000_000,
        max_value=1_000_000,
        help_text=gettext_lazy("Per message or subscription, in the currency of MazBot's costs."),
    )

    def __init__(self, *args: Any, countries: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.countries = dict(countries)
        field: Any = self.fields["country_id"]
        field.choices = [("", "–"), *self.countries.items()]
        chooser: Any = self.fields["center"]
        chooser.offer(Center.objects.filter(archived_at=None))
        self.fields["percent"].initial = self.fields["fixed"].initial = 0

    def clean(self) -> dict[str, Any]:
        """The one level the margin is for; choices for the other levels are dropped."""
        data: dict[str, Any] = super().clean() or {}
        level = data.get("level")
        if level == Margin.Level.CENTER and not data.get("center") and "center" not in self.errors:
            self.add_error("center", _("Choose the center this margin is for."))
        if level == Margin.Level.COUNTRY and not data.get("country_id") and "country_id" not in self.errors:
            self.add_error("country_id", _("Choose the country this margin is for."))
        data["center"] = data.get("center") if level == Margin.Level.CENTER else None
        data["country_id"] = data.get("country_id", "") if level == Margin.Level.COUNTRY else ""
        return data


class SimulationForm(_TermsForm):
    """A margin to try on last month."""

    def unsaved_margin(self, reseller: Reseller, day: date) -> Margin:
        """The margin as typed, from `day` on."""
        return Margin(reseller=reseller, valid_from=day, **self.cleaned_data)


class MarginForm(_TermsForm, LossForm, BackdatingForm):
    """A new version of a margin: its level, category, terms (or a return to the wider margin) and first day."""

    terms = forms.ChoiceField(
        label=gettext_lazy("Action"),
        choices=[
            (OWN, gettext_lazy("Set margin")),
            (WIDER, gettext_lazy("Remove margin and use the more general one")),
        ],
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].initial = today
        if self.data.get("terms") == WIDER:
            self.fields["percent"].required = self.fields["fixed"].required = False

    def clean(self) -> dict[str, Any]:
        """A withdrawn margin leaves its place to a wider one, if there is any."""
        data = super().clean()
        if data.get("terms") == WIDER and data.get("level") == Margin.Level.RESELLER:
            self.add_error(
                "terms",
                _(
                    "The margin for all centers can't be removed, because no other margin would apply. Set "
                    "it to 0 instead."
                ),
            )
        return data

    @property
    def withdraws(self) -> bool:
        """Whether the margin is withdrawn, so that the wider one applies."""
        return self.cleaned_data.get("terms") == WIDER

    @property
    def place(self) -> dict[str, Any]:
        """What the margin is for, and its first day."""
        return {name: self.cleaned_data[name] for name in ("category", "center", "country_id", "valid_from")}

    @property
    def amounts(self) -> dict[str, Any]:
        """The margin's percent and fixed amount; empty when it is withdrawn."""
        names = ("percent", "fixed")
        return {name: Decimal(0) if self.withdraws else self.cleaned_data[name] for name in names}

    def unsaved_margin(self, reseller: Reseller) -> Margin:
        """The margin as typed, which nothing has stored."""
        level = self.cleaned_data["level"]
        return Margin(reseller=reseller, level=level, withdrawn=self.withdraws, **self.place, **self.amounts)


class RatesConfirmForm(LossForm):
    """Has a rate list apply; what it loses has to be typed if it puts prices below cost."""

    def ask(self, loss: Loss) -> None:
        """Ask to type what the list loses, which the page has named."""
        self.loss = loss
        self.refuse(loss)


class CategoryForm(forms.Form):
    """What a type of MazBot's list is."""

    type = LineField(label=gettext_lazy("Type"), max_length=64)
    category = forms.ChoiceField(
        choices=RateClass.choices,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"),
            gettext_lazy("Choose what the type is: messages, a subscription, a one-off charge, or ignored."),
        ),
    )


class CountryNameForm(forms.Form):
    """Which country a MazBot country id stands for."""

    country_id = CodeField(label=gettext_lazy("MazBot country ID"), max_length=16)
    iso = forms.ChoiceField(label=gettext_lazy("Country"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["iso"]
        field.choices = country_choices()


class CurrencyField(CodeField):
    """An ISO 4217 code, converted to capitals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=3, validators=[validate_currency], **kwargs)
        self.widget.attrs.update({"dir": "ltr", "autocapitalize": "characters", "autocomplete": "off"})

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


class ExchangeRateForm(BackdatingForm):
    """An exchange rate valid from a day on; one far from the last one has to be typed twice.

    A slip, such as 375 for 3.75, would price every invoice of the currency.
    """

    base = CurrencyField(label=gettext_lazy("From currency"))
    quote = CurrencyField(label=gettext_lazy("To currency"))
    rate = AmountField(label=gettext_lazy("Rate"), max_digits=20, decimal_places=10)
    day = forms.DateField(
        label=gettext_lazy("Valid from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    rate_again = AmountField(
        label=gettext_lazy("Rate (again)"), max_digits=20, decimal_places=10, required=False
    )

    def __init__(self, *args: Any, reseller: Reseller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reseller = reseller
        #: Whether the page shows the field for the second time.
        self.asks_again = False

    def clean(self) -> dict[str, Any]:
        """Ask once more for a rate that may be a slip."""
        values = super().clean() or {}
        again = values.pop("rate_again", None)
        if not {"base", "quote", "rate", "day"} <= values.keys():
            return values
        known = last_known_rate(self.reseller, values["base"], values["quote"], values["day"])
        # One that is not above zero is refused anyway, however often it is typed.
        if known is not None and values["rate"] > 0 and is_unusual(values["rate"], known):
            self.asks_again = True
            if again != values["rate"]:
                text = _("The last rate is %(known)s. If %(rate)s is right, type it once more.")
                shown = {"known": f"{known:.10f}".rstrip("0").rstrip("."), "rate": f"{values['rate']:f}"}
                self.add_error("rate_again", text % shown)
        return values
