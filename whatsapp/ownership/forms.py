"""Moving a number to another center."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from centers.center_field import CenterField
from centers.models import Center
from whatsapp.models import Instance


class MoveForm(forms.Form):
    """The center a number moves to; only centers of the open scope can be chosen.

    `anyway` is there once it was offered: MazBot did not say what the number used today.
    """

    center = CenterField(
        queryset=Center.objects.none(),
        label=gettext_lazy("Move to center"),
        empty_label=gettext_lazy("Choose a center"),
    )

    def __init__(self, *args: Any, instance: Instance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["center"]
        chooser.offer(Center.objects.filter(archived_at__isnull=True).exclude(pk=instance.center_id))
        if "anyway" in self.data:
            self.offer_anyway()

    def offer_anyway(self) -> None:
        """Let the person choose to move without MazBot's answer."""
        self.fields["anyway"] = forms.BooleanField(
            label=gettext_lazy("Move without MazBot's answer"), required=False
        )
