"""The form that plans maintenance."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.models import Center, Reseller
from centers.values.fields import LineField
from centers.values.formats import zone_of
from centers.values.moment_fields import MomentField, in_zone
from whatsapp.alerts.maintenance_plan import LONGEST
from whatsapp.models import Instance


class MaintenanceForm(forms.Form):
    """For what, from when, until when and why. With a number (`instance`) there is no center to choose."""

    instance = forms.ModelChoiceField(
        queryset=Instance.objects.none(), required=False, widget=forms.HiddenInput
    )
    center = forms.ModelChoiceField(
        queryset=Center.objects.none(),
        required=False,
        label=gettext_lazy("Numbers"),
        empty_label=gettext_lazy("All numbers of all centers"),
    )
    begins_at = MomentField(label=gettext_lazy("From"))
    ends_at = MomentField(label=gettext_lazy("Until"))
    reason = LineField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Your team sees this, and so do the centers concerned in their portal."),
    )

    def __init__(
        self, *args: Any, reseller: Reseller, number: Instance | None, now: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        in_zone(self, zone_of(reseller.time_zone))
        for name, rows in (("center", Center.objects), ("instance", Instance.objects)):
            self.fields[name].queryset = rows.filter(archived_at=None)  # type: ignore[attr-defined]
        if number is None:
            self.fields["center"].help_text = _(
                "For one number, open its page and select “Plan maintenance” there."
            )
        else:
            del self.fields["center"]
        self.fields["begins_at"].initial = now
        self.fields["ends_at"].initial = now + timedelta(hours=2)
        self.fields["ends_at"].help_text = _("In the time zone %(zone)s, up to %(days)s days later.") % {
            "zone": reseller.time_zone,
            "days": LONGEST.days,
        }
