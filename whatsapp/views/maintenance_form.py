"""The form that plans maintenance."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.center_field import CenterField
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
    center = CenterField(
        None,
        required=False,
        label=gettext_lazy("Center"),
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
        numbers: Any = self.fields["instance"]
        numbers.queryset = Instance.objects.filter(archived_at=None)
        if number is None:
            self._offer_centers()
        else:
            del self.fields["center"]
        self.fields["begins_at"].initial = now
        self.fields["ends_at"].initial = now + timedelta(hours=2)
        self.fields["ends_at"].help_text = _(
            "Time zone: %(zone)s. At most %(days)s days after the start."
        ) % {
            "zone": reseller.time_zone,
            "days": LONGEST.days,
        }

    def _offer_centers(self) -> None:
        chooser: Any = self.fields["center"]
        chooser.offer(Center.objects.filter(archived_at=None))
        how = _(
            "All numbers of the center are included. For one number, select “Plan maintenance” on its page."
        )
        if chooser.by_name:
            chooser.widget.attrs["placeholder"] = chooser.empty_label
            how = f"{chooser.help_text} {how}"
        chooser.help_text = how
