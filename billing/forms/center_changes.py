"""A change of a center's country or currency, and typing what a change of past days comes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import CenterVersion
from billing.pricing.history.backdating import Backdated, Backdating
from centers.models import Center
from centers.values.choices import currency_choices
from centers.values.fields import CodeField, LineField


class BackdatingForm(forms.Form):
    """Changes prices of days that are over only once what that comes to was typed."""

    confirm_days = LineField(
        label=gettext_lazy("Type this to confirm"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    #: What changes; set when that has to be confirmed.
    backdating: Backdating | None = None

    def ask_days(self, backdating: Backdating) -> None:
        """Ask to type what the change comes to, and clear what was typed before."""
        self.backdating = backdating
        self.fields["confirm_days"].required = True
        if self.cleaned_data.get("confirm_days"):
            text = _("The text doesn't match. Type exactly: %(phrase)s") % {"phrase": backdating.phrase}
            self.add_error("confirm_days", text)


@contextmanager
def days_asked(form: BackdatingForm) -> Iterator[None]:
    """Have the form ask when the operation changes prices of days that are over."""
    try:
        yield
    except Backdated as asked:
        form.ask_days(asked.backdating)


class CenterChangeForm(BackdatingForm):
    """Another country or currency, from a day on."""

    value: forms.Field
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, center: Center, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.Field
        if name == CenterVersion.Name.CURRENCY:
            field = forms.ChoiceField(label=_("Currency"), choices=currency_choices())
        else:
            field = CodeField(
                label=_("Country at MazBot"),
                max_length=16,
                required=False,
                help_text=_("The country's number at MazBot. It determines which rates apply."),
            )
            field.widget.attrs["dir"] = "ltr"
        field.initial = getattr(center, CenterVersion.Name(name).column)
        self.fields["value"] = field
        self.order_fields(["value", "valid_from", "confirm_days"])
