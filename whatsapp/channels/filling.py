"""What fills the places of a template: the parts that every message has, each as one line."""

import re
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from centers.notifications.message import Message
from centers.values.page_urls import page_url
from whatsapp.mazbot import MAX_VARIABLE

MOST_VARIABLES = 6
#: A template's body has at most 1,024 characters with its own words: the text leaves room for the other parts.
_LONGEST = {"subject": 200, "text": 600, "sender": 120}
#: WhatsApp refuses an empty variable.
_NOTHING = "–"
_BULLET = "• "
#: What a sentence ends with, or the introduction of a list.
_ENDS = (".", ":", "!", "?", "؟", "…")

PARTS: Mapping[str, object] = {
    "subject": _("Title"),
    "text": _("Text"),
    "link": _("Link"),
    "sender": _("Your business name"),
}


def filled(variables: Iterable[str], message: Message) -> list[str]:
    """The values of the variables, in their order, as WhatsApp accepts them: one line each, none empty.

    The template's words around a link stay, so that a message without one has that of the first page.
    """
    parts = {
        "subject": message.subject,
        "text": message.text,
        "link": message.actions[0].url if message.actions else page_url("home"),
        "sender": message.sender,
    }
    return [_fitting(parts.get(name, ""), _LONGEST.get(name, MAX_VARIABLE)) for name in variables]


def _fitting(text: str, longest: int) -> str:
    line = _line(text)
    if len(line) > longest:
        line = line[: longest - 1].rstrip() + "…"
    return line or _NOTHING


def _line(text: str) -> str:
    """The text as one line in which paragraphs are sentences, and the lines of each stay apart."""
    line = ""
    for paragraph in re.split(r"\n\s*\n", text):
        parts = [" ".join(one.removeprefix(_BULLET).split()) for one in paragraph.splitlines()]
        if not any(parts):
            continue
        ended = not line or line.endswith(_ENDS)
        line += ("" if ended else ".") + " " + " · ".join(filter(None, parts))
    return line.strip()
