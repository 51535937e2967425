"""Forms of the acts on alerts."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.models import Reseller, User
from centers.values.fields import LinesField
from centers.values.formats import zone_of
from centers.values.moment_fields import MomentField, in_zone
from whatsapp.alerts.acts import LONGEST_NOTE, LONGEST_SNOOZE, assignable
from whatsapp.alerts.snoozing import snooze_end


class SnoozeForm(forms.Form):
    """Until when, in the reseller's zone."""

    until_at = MomentField(label=gettext_lazy("Snooze until"))

    def __init__(self, *args: Any, reseller: Reseller, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_zone(self, zone_of(reseller.time_zone))
        field = self.fields["until_at"]
        field.initial = snooze_end("tomorrow", now=now, zone_name=reseller.time_zone)
        field.help_text = _("Time zone: %(zone)s. At most %(days)s days from now.") % {
            "zone": reseller.time_zone,
            "days": LONGEST_SNOOZE.days,
        }


class AssignForm(forms.Form):
    """Who is responsible; empty is no one."""

    person = forms.ModelChoiceField(
        queryset=User.objects.none(),
        required=False,
        label=gettext_lazy("Assign to"),
        empty_label=gettext_lazy("No one"),
    )

    def __init__(self, *args: Any, reseller: Reseller, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = assignable(reseller)  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """One note."""

    text = LinesField(
        label=gettext_lazy("Add a note"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Only your team sees this."),
    )
