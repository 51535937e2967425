"""Named rules for unpaid centers."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.forms import late_fees
from billing.forms.policy import HELP, WeekdayField, plain
from billing.models import DunningPolicy
from billing.policies import DUNNING
from centers.values.amount_fields import AmountField, CountField, ListField


class DunningPolicyForm(forms.ModelForm[DunningPolicy]):
    """A name, and what applies to the centers that follow these rules."""

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
        model = DunningPolicy
        fields = ["name", *DUNNING]
        help_texts = HELP | late_fees.HELP
        widgets = {"quiet_dates": forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"})}
        field_classes = {
            "minimum_amount": AmountField,
            "quiet_dates": ListField,
            "warning_days": CountField,
            "grace_days": CountField,
            **late_fees.CLASSES,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("minimum_amount", "late_fee_percent"):
            self.initial[name] = plain(getattr(self.instance, name))
        for name in ("reminder_days", "quiet_dates"):
            # SimpleArrayField puts "Item 1 in the array did not validate:" before the reason.
            self.fields[name].error_messages["item_invalid"] = _("Item %(nth)s of the list:")

    def clean_reminder_days(self) -> list[int]:
        """Each day once, in order."""
        return sorted(set(self.cleaned_data["reminder_days"] or []))
