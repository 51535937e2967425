"""The forms of what reaches a person or everyone at a reseller, where, and in which words."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from centers.models import NotificationPreference, Reseller, User
from centers.notifications import registry
from centers.notifications.message_texts import MOST_CHARACTERS
from centers.notifications.preferences import team
from centers.notifications.registry import ChannelEntry, Group, Setup
from centers.values.fields import LineField, LinesField

_LONGEST_ADDRESS = 4000
_HOURS = (1, 2, 4, 8, 24)
_MINUTES = (5, 10, 15, 30, 60, 120)


class PreferenceForm(forms.Form):
    """Channels, quiet hours, digest, repeats and escalation of a group or a kind; without a team no escalation.

    Of a group that is scheduled only the channels are chosen, of one that isn't lasting no repeats. `set_up` names the
    channels by which the person who chooses is reached; None where they choose for everyone.
    """

    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Send by"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    digest = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=NotificationPreference.Digest.choices,
        help_text=gettext_lazy("Unless sent immediately, messages arrive together as one list."),
    )
    daily_at = forms.TimeField(
        label=gettext_lazy("Time of the daily message"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet until"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    urgent_passes = forms.BooleanField(
        label=gettext_lazy("Urgent messages arrive during quiet hours too"), required=False
    )
    resend_hours = forms.TypedChoiceField(label=gettext_lazy("Repeat while an alert is open"), coerce=int)
    escalate_minutes = forms.TypedChoiceField(
        label=gettext_lazy("If no one reacts, notify someone else"), coerce=int
    )
    escalate_to = forms.ModelChoiceField(
        label=gettext_lazy("Whom to notify"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose a person"),
        help_text=gettext_lazy(
            "By the channels that this person chose for these messages, otherwise by email."
        ),
    )

    def __init__(
        self,
        *args: Any,
        reseller: Reseller,
        group: Group,
        with_team: bool,
        set_up: Collection[str] | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["channels"].choices = [(entry.name, _channel(entry, set_up)) for entry in registry.channels()]
        fields["channels"].help_text = _channels_help(set_up)
        if group.scheduled:
            self.fields = {"channels": fields["channels"]}
            return
        zone = _("Time zone: %(zone)s.") % {"zone": reseller.time_zone}
        fields["quiet_until"].help_text = fields["daily_at"].help_text = zone
        fields["resend_hours"].choices = [(0, _("Never"))] + [
            (hours, ngettext("Every %(n)s hour", "Every %(n)s hours", hours) % {"n": hours})
            for hours in _HOURS
        ]
        fields["escalate_minutes"].choices = [(0, _("Never"))] + [
            (minutes, ngettext("After %(n)s minute", "After %(n)s minutes", minutes) % {"n": minutes})
            for minutes in _MINUTES
        ]
        if not group.lasting:
            del self.fields["urgent_passes"], self.fields["resend_hours"]
        if with_team and group.lasting:
            people = User.objects.filter(pk__in=team(reseller).values("user"))
            fields["escalate_to"].queryset = people.order_by("name", "pk")
        else:
            del self.fields["escalate_minutes"], self.fields["escalate_to"]


def _channel(entry: ChannelEntry, set_up: Collection[str] | None) -> str:
    if set_up is None or entry.name in set_up:
        return str(entry.label)
    return _("%(channel)s (not set up yet)") % {"channel": entry.label}


def _channels_help(set_up: Collection[str] | None) -> str:
    if set_up is None:
        return _(
            "Email works for everyone. By other channels you reach only people who have set them up for themselves."
        )
    if all(entry.name in set_up for entry in registry.channels()):
        return ""
    return _("Set up more channels under “Where messages reach you”, one page back.")


def initial(rule: NotificationPreference) -> dict[str, Any]:
    """The values of the form for what holds now."""
    return {name: getattr(rule, name) for name in PreferenceForm.base_fields}


class AddressForm(forms.Form):
    """What a channel sends to, and a name for it."""

    address = LineField(max_length=_LONGEST_ADDRESS)
    label = LineField(
        label=gettext_lazy("Name"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("To recognize it in lists, such as “Reception” or “Night shift”."),
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
    """Which groups of messages go to the destination; a person chooses for the whole channel."""

    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Messages"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, offered: list[Group], of_team: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: Any = self.fields["groups"]
        if not of_team:
            groups.help_text = _("This applies to all your destinations of this channel.")
        groups.choices = [(group.name, group.label) for group in offered]


class MessageTextForm(forms.Form):
    """Subject and text, in the language of the message."""

    subject = LineField(label=gettext_lazy("Subject"), max_length=200)
    text = LinesField(
        label=gettext_lazy("Text"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy(
            "{text} is the standard text: add to it, or replace it. Blank lines separate paragraphs."
        ),
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("subject", "text"):
            self.fields[name].widget.attrs |= {"lang": language, "dir": "auto"}
