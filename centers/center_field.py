"""Choosing one of the reseller's centers in a form."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from centers.models import Center
from centers.values.text import searched

MOST = 200  # centers in a list to choose from; more are found by their names
NAMED = 5


class CenterField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for type checkers alone
    """A list to choose from while there are few centers, else a field for the name, or for a part that only one has."""

    by_name = False

    def offer(self, centers: QuerySet[Center]) -> None:
        """These centers can be chosen."""
        self.queryset = centers
        self.by_name = centers.order_by()[: MOST + 1].count() > MOST
        if self.by_name:
            self.widget = forms.TextInput(
                attrs={
                    "autocomplete": "off",
                    "spellcheck": "false",
                    "maxlength": 120,
                    "class": "form-control",
                }
            )
            self.help_text = _("Type the center's name, or a part of it.")

    def prepare_value(self, value: Any) -> Any:
        """The name of a center that is already chosen."""
        return value.name if self.by_name and isinstance(value, Center) else super().prepare_value(value)

    def to_python(self, value: Any) -> Center | None:
        """The center of this name; ValidationError with a few names if it isn't clear which one is meant."""
        text = searched(str(value or ""), longest=120)
        if not self.by_name or not text:
            chosen: Center | None = super().to_python(value)
            return chosen
        centers: Any = self.queryset
        exact = centers.filter(name__named=text).first()
        found = [exact] if exact else list(centers.filter(name__name_holds=text)[: NAMED + 1])
        if len(found) == 1:
            one: Center = found[0]
            return one
        if not found:
            raise ValidationError(_("No center has this name."), code="invalid_choice")
        names = ", ".join(f"“{center.name}”" for center in found[:NAMED])
        raise ValidationError(
            _("Several centers have this in their names, such as %(names)s. Type more of it.")
            % {"names": names},
            code="invalid_choice",
        )
