"""The rules of billing and dunning: a reseller's, and one center's exceptions."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms import late_fees
from billing.models import Billable, BillingPolicy, CenterPolicy, DunningPolicy
from billing.policies import LATE_FEES
from billing.pricing.rate_types.known import type_name
from centers.values.amount_fields import AmountField, CountField, ListField
from whatsapp.models import TemplateSetting

_RULES = [
    "auto_invoice",
    "billable",
    "subscription_type",
    "one_off_type",
    "payment_terms_days",
    "reminder_days",
    "warning_days",
    "suspend",
    "grace_days",
    "minimum_amount",
    "quiet_weekdays",
    "quiet_dates",
]
_DAYS = (
    "close_after_days",
    "reread_days",
    "today_reads",
    "check_months",
    "payment_terms_days",
    "warning_days",
    "grace_days",
    "exchange_warn_days",
    "exchange_block_days",
    "rate_change_percent",
    "price_notice_days",
)
HELP: dict[str, Any] = {
    "payment_terms_days": gettext_lazy("Counted from the day of issue."),
    "reminder_days": gettext_lazy(
        "Separated by commas. Use a minus sign for days before the due date: -3, 0, 3."
    ),
    "warning_days": gettext_lazy("Leave empty for no final warning."),
    "whatsapp_reminders": gettext_lazy(
        "Reminders, the final warning and news of suspensions also go to the phone of the center, from your MazBot "
        "account."
    ),
    "grace_days": gettext_lazy("Counted from the due date."),
    "minimum_amount": gettext_lazy("In the center's currency."),
    "quiet_dates": gettext_lazy(
        "Dates like 2026-12-31, separated by commas. No reminders or suspensions on these dates."
    ),
    "billable": gettext_lazy("The messages that a margin's fixed amount applies to."),
    "close_after_days": gettext_lazy("Allows late usage data for the last day to arrive."),
    "exchange_warn_days": gettext_lazy("In days. An alert then asks for a current rate."),
    "exchange_block_days": gettext_lazy("In days, counted back from the last day of the invoice."),
    "subscription_share": gettext_lazy(
        "Per day: from the day a number is added until the day it's archived. Yearly "
        "subscriptions are charged once a year per number, in full."
    ),
    "one_off_type": gettext_lazy(
        "Charged once for each number, with the month in which it's first billed. Numbers from before aren't charged."
    ),
    "usage_tolerance": gettext_lazy(
        "Usage of a day is flagged when its messages cost more on average. It isn't charged "
        "until you accept it. 1.2 allows 20% more."
    ),
    "rate_change_percent": gettext_lazy(
        "In percent. If MazBot's rates rise or fall by more, the previous ones apply until you confirm."
    ),
    "reread_days": gettext_lazy(
        "Each day is fetched once it's over. More days find corrections sooner and take one request each "
        "per number and day."
    ),
    "today_reads": gettext_lazy("One request each per number and day."),
    "check_months": gettext_lazy(
        "Finds corrections of any past day: one request per number and week, and about six more when a day differs."
    ),
    "price_notice_days": gettext_lazy(
        "Centers get an email this many days before their prices change, or at once if you change them later. "
        "Leave empty to send none."
    ),
}


class WeekdayField(forms.TypedMultipleChoiceField):
    """Days of the week as ISO numbers, Monday 1."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        days = [(number + 1, name) for number, name in WEEKDAYS.items()]
        super().__init__(coerce=int, choices=days, required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return sorted(initial or []) != sorted(int(day) for day in data or [])


def plain(amount: Decimal | None) -> str | None:
    """`0` for `0.0000`: without the database's trailing zeros."""
    return None if amount is None else f"{Decimal(amount).normalize():f}"


@dataclass(frozen=True, slots=True)
class ChargedTypes:
    """The types of the lists in force that can be charged for numbers."""

    subscriptions: list[str]
    one_off: list[str]

    def choices(self, field: str, current: str | None) -> list[tuple[str, str]]:
        """Those for `field`, with their names, and the current one even if MazBot no longer lists it."""
        types = self.one_off if field == "one_off_type" else self.subscriptions
        offered = [*types, current] if current and current not in types else types
        return [(name, type_name(name)) for name in offered]


def _nothing(field: str) -> tuple[str, str]:
    if field == "one_off_type":
        return "", _("None (nothing is charged once)")
    return "", _("None (subscriptions aren't charged)")


_CHARGED = ("subscription_type", "one_off_type")


class PolicyForm(forms.ModelForm[BillingPolicy]):
    """A reseller's rules."""

    reminder_days = ListField(
        CountField(min_value=-365, max_value=365),
        label=gettext_lazy("Reminders, days from the due date"),
        help_text=HELP["reminder_days"],
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    quiet_weekdays = WeekdayField(label=gettext_lazy("Quiet weekdays"))
    late_fee_amounts = late_fees.late_fee_amounts()

    class Meta:
        model = BillingPolicy
        fields = [
            *_RULES[:1],
            "close_after_days",
            "reread_days",
            "today_reads",
            "check_months",
            "exchange_warn_days",
            "exchange_block_days",
            "usage_tolerance",
            "rate_change_percent",
            "price_notice_days",
            "subscription_share",
            *_RULES[1:],
            "whatsapp_reminders",
            *LATE_FEES,
        ]
        help_texts = HELP | late_fees.HELP
        widgets = {
            "quiet_dates": forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        }
        field_classes = {
            "minimum_amount": AmountField,
            "usage_tolerance": AmountField,
            "quiet_dates": ListField,
            **late_fees.CLASSES,
            **dict.fromkeys(_DAYS, CountField),
        }

    def __init__(self, *args: Any, types: ChargedTypes, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _CHARGED:
            choices = [_nothing(name), *types.choices(name, getattr(self.instance, name))]
            field = self.fields[name]
            self.fields[name] = forms.ChoiceField(
                label=field.label, help_text=field.help_text, choices=choices, required=False
            )
        for name in ("minimum_amount", "usage_tolerance", "late_fee_percent"):
            self.initial[name] = plain(getattr(self.instance, name))

        for name in ("reminder_days", "quiet_dates"):
            # SimpleArrayField puts "Item 1 in the array did not validate:" before the reason.
            self.fields[name].error_messages["item_invalid"] = _("Item %(nth)s of the list:")

    def clean_reminder_days(self) -> list[int]:
        return sorted(set(self.cleaned_data["reminder_days"] or []))

    def clean_whatsapp_reminders(self) -> bool:
        """WhatsApp takes approved templates only."""
        chosen: bool = self.cleaned_data["whatsapp_reminders"]
        if chosen and not TemplateSetting.objects.exists():
            raise forms.ValidationError(
                _("Set up a template first, in the settings under WhatsApp messages.")
            )
        return chosen


_SAME = "same"


class CenterPolicyForm(forms.Form):
    """One center's exceptions; everything else follows the reseller's rules."""

    auto_invoice = forms.ChoiceField(label=gettext_lazy("Issue monthly invoices automatically"))
    dunning_policy = forms.ModelChoiceField(
        DunningPolicy.objects.none(),
        label=gettext_lazy("Rules for unpaid invoices"),
        required=False,
        empty_label=gettext_lazy("Same as all centers"),
    )
    payment_terms_days = CountField(
        label=gettext_lazy("Days until an invoice is due"), min_value=0, max_value=365, required=False
    )
    suspend = forms.ChoiceField(label=gettext_lazy("Suspend when unpaid"))
    grace_days = CountField(
        label=gettext_lazy("Suspend this many days after the due date"),
        min_value=0,
        max_value=365,
        required=False,
    )
    minimum_amount = AmountField(
        label=gettext_lazy("Never suspend below this amount"),
        max_digits=18,
        decimal_places=4,
        min_value=0,
        required=False,
    )
    billable = forms.ChoiceField(label=gettext_lazy("Billable messages"))
    subscription_type = forms.ChoiceField(label=gettext_lazy("Subscription type to charge"), required=False)
    one_off_type = forms.ChoiceField(label=gettext_lazy("One-off type to charge"), required=False)

    def __init__(self, *args: Any, policy: CenterPolicy | None, types: ChargedTypes, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _initial(policy))
        super().__init__(*args, **kwargs)
        same = (_SAME, _("Same as all centers"))
        flags = [same, ("yes", _("Yes")), ("no", _("No"))]
        rules: Any = self.fields["dunning_policy"]
        rules.queryset = DunningPolicy.objects.all()
        self._offer("auto_invoice", flags)
        self._offer("suspend", [(_SAME, _("As in the rules for unpaid invoices")), *flags[1:]])
        self._offer("billable", [same, *Billable.choices])
        for name in _CHARGED:
            current = getattr(policy, name) if policy else None
            self._offer(name, [same, _nothing(name), *types.choices(name, current)])
        self.fields["payment_terms_days"].help_text = _("Leave empty to use the rules for all centers.")
        for name in ("grace_days", "minimum_amount"):
            self.fields[name].help_text = _("Leave empty to use the rules for unpaid invoices chosen above.")

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def values(self) -> dict[str, Any]:
        """What save_center_policy() takes: None where the reseller's rules apply."""
        data = dict(self.cleaned_data)
        for name in ("auto_invoice", "suspend"):
            data[name] = {"yes": True, "no": False}.get(data[name])
        data["billable"] = None if data["billable"] == _SAME else data["billable"]
        for name in _CHARGED:
            same = data[name] == _SAME or name not in self.data
            data[name] = None if same else data[name]
        return data


def _initial(policy: CenterPolicy | None) -> dict[str, Any]:
    flags = {None: _SAME, True: "yes", False: "no"}
    row: Model = policy or CenterPolicy()
    found = {name: getattr(row, name) for name in CenterPolicyForm.base_fields}
    for name in ("auto_invoice", "suspend"):
        found[name] = flags[found[name]]
    for name in ("billable", *_CHARGED):
        found[name] = _SAME if found[name] is None else found[name]
    found["minimum_amount"] = plain(found["minimum_amount"])
    return found
