"""Confirming what can't be undone, or what loses money, by typing a name or the loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.pricing.below_cost import BelowCost, Loss
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


class LossForm(forms.Form):
    """Sets prices below cost only once what that loses was typed."""

    confirm = LineField(
        label=gettext_lazy("Type this to confirm"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    #: What it loses; set when that has to be confirmed.
    loss: Loss | None = None

    def ask(self, loss: Loss) -> None:
        """Ask to type what is lost, and refuse what was typed before."""
        self.loss = loss
        self.fields["confirm"].required = True
        if self.cleaned_data.get("confirm"):
            self.refuse(loss)

    def refuse(self, loss: Loss) -> None:
        """Say that something else was typed."""
        text = _("The text doesn't match. Type exactly: %(phrase)s") % {"phrase": loss.phrase}
        self.add_error("confirm", text)


@contextmanager
def loss_asked(form: LossForm) -> Iterator[None]:
    """Have the form ask when the operation sets prices below cost."""
    try:
        yield
    except BelowCost as below:
        form.ask(below.loss)
