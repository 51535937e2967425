"""Confirming an irreversible action by typing a name."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from centers.values.fields import LineField
from centers.values.names import same_name


class ConfirmedForm(forms.Form):
    """Asks to type `expected`; forms.js disables the button until then, but this form decides."""

    confirm = LineField(
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    #: The error for any other name.
    wrong: Any = gettext_lazy("The name doesn't match. Type “%(name)s” exactly as shown here.")

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"]
        if not same_name(typed, self.expected):
            raise forms.ValidationError(str(self.wrong) % {"name": self.expected})
        return typed
