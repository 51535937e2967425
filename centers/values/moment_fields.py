"""A form field for a date and time in a zone of its own, as `datetime-local` inputs send it."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from centers.values.text import typed_code

_FORMAT = "%Y-%m-%dT%H:%M"


class MomentField(forms.Field):
    """A moment, typed and shown as local time of `zone`, which the form sets; cleaned to an aware time."""

    zone: tzinfo = UTC

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "dir": "ltr"}, format=_FORMAT)
        super().__init__(**{"widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """An aware time as local time without a zone; typed text unchanged."""
        return value.astimezone(self.zone).strftime(_FORMAT) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        """The aware time; refuses text that is none, and a time that the zone's clocks leave out."""
        if value in self.empty_values:
            return None
        local = _read(str(value))
        if local is None:
            raise ValidationError(_("Enter a date and a time, such as 2026-12-31 09:00."), code="invalid")
        try:
            moment = local.replace(tzinfo=self.zone).astimezone(UTC)
            back = moment.astimezone(self.zone).replace(tzinfo=None)
        except OverflowError as error:  # at the ends of the calendar
            raise ValidationError(_("Enter a date and a time, such as 2026-12-31 09:00.")) from error
        if back != local:
            raise ValidationError(
                _("The clocks skip this time. Choose one an hour earlier or later."), code="skipped"
            )
        return moment


def in_zone(form: forms.BaseForm, zone: tzinfo) -> None:
    """Have every MomentField of the form read and show local time of `zone`."""
    for field in form.fields.values():
        if isinstance(field, MomentField):
            field.zone = zone


def _read(text: str) -> datetime | None:
    try:
        moment = parse_datetime(typed_code(text).strip())
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is not None else moment
