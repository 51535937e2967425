"""What people decide about a difference."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.models import GapItem
from billing.reports.gap_items import possible_owners
from centers.models import User
from centers.values.amount_fields import CountField
from centers.values.fields import LinesField


class GapForm(forms.Form):
    """State, reason, note and owner; `version` is that of the figures the person saw."""

    state = forms.ChoiceField(
        label=gettext_lazy("Status"),
        choices=GapItem.State.choices,
        help_text=gettext_lazy(
            "Explained: the difference stays and you know why. Settled: it was paid, credited or corrected."
        ),
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    note = LinesField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Your team sees it here, in the export and in the audit log."),
    )
    owner = forms.ModelChoiceField(
        label=pgettext_lazy("difference", "Owner"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("No one"),
    )
    version = CountField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, item: GapItem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.initial = getattr(item, name)
        automatic = GapItem.Reason.GONE
        reason: Any = self.fields["reason"]
        reason.choices = [
            one for one in GapItem.Reason.choices if one[0] != automatic or item.reason == automatic
        ]
        owner: Any = self.fields["owner"]
        owner.queryset = possible_owners(item.reseller)
