"""The form of one message's text."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from centers.notifications.message_texts import MOST_CHARACTERS
from centers.values.fields import LineField, LinesField


class MessageTextForm(forms.Form):
    """Subject and text, in the language of the message."""

    subject = LineField(label=gettext_lazy("Subject"), max_length=200)
    text = LinesField(
        label=gettext_lazy("Text"),
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy("Blank lines separate paragraphs."),
    )

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("subject", "text"):
            self.fields[name].widget.attrs |= {"lang": language, "dir": "auto"}
