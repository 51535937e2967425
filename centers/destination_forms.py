"""The forms of where messages reach a person or a team."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from centers.notifications.registry import Group, Setup
from centers.values.fields import LineField

MOST_CHARACTERS = 4000


class AddressForm(forms.Form):
    """What a channel sends to, and a name for it."""

    address = LineField(max_length=MOST_CHARACTERS)
    label = LineField(
        label=gettext_lazy("Name"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("For lists, such as “Reception” or “Night shift”."),
    )

    def __init__(self, *args: Any, setup: Setup, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address: Any = self.fields["address"]
        address.label, address.help_text = setup.label, setup.help
        address.widget.attrs |= {"dir": "ltr", "autocomplete": "off"}


class CodeForm(forms.Form):
    """The code that was sent to the destination."""

    code = LineField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class GroupsForm(forms.Form):
    """Which groups of messages go to the destination."""

    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Messages"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, offered: list[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: Any = self.fields["groups"]
        groups.choices = [(group.name, group.label) for group in offered]
