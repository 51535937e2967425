"""Texts of messages that a reseller words itself: plain text with named fields, per message and language.

No template engine reads them: `{name}` is replaced where `name` is a field of the message, and nothing else happens.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import MessageText, Reseller, User
from centers.notifications.registry import Content
from centers.stored_messages import StoredMessage, of_lazy

#: The fields of every message: what it says without words of the reseller's own, and who sends it.
SUBJECT, TEXT = "{subject}", "{text}"
COMMON: Mapping[str, str | Promise] = {
    "subject": gettext_lazy("the standard subject"),
    "text": gettext_lazy("the standard text"),
    "reseller": gettext_lazy("your name"),
}
_TO_AUDIENCE = gettext_lazy("%(what)s, %(audience)s")
_FIELD = re.compile(r"\{(\w{1,40})\}")
MOST_CHARACTERS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A message whose text can be changed. `fields` are its own, with what each stands for.

    `about` fills in `label`, if that has a place for it. `audience` says to whom it goes where a message of this label
    goes to others, too. `example(reseller, now)` is the message from the reseller's latest data, in the active
    language, or None.
    """

    name: str
    section: str | Promise
    label: str | Promise
    about: str | Promise = ""
    audience: str | Promise = ""
    fields: Mapping[str, str | Promise]
    example: Callable[[Reseller, datetime], Content | None]

    @property
    def heading(self) -> StoredMessage:
        """The section with the audience, over a list of such messages."""
        return _with_audience(of_lazy(self.section), self.audience)

    @property
    def what(self) -> StoredMessage:
        """Which message it is, for where its audience is known."""
        label = of_lazy(self.label)
        return label % {"about": of_lazy(self.about)} if self.about else label

    @property
    def title(self) -> StoredMessage:
        """The same with the audience, for where it stands alone: also in the audit log, in its reader's language."""
        return _with_audience(self.what, self.audience)

    @property
    def all_fields(self) -> dict[str, str | Promise]:
        """Every field that its text may have."""
        return {**COMMON, **self.fields}


def _with_audience(what: StoredMessage, audience: str | Promise) -> StoredMessage:
    return of_lazy(_TO_AUDIENCE) % {"what": what, "audience": of_lazy(audience)} if audience else what


_wordings: dict[str, Wording] = {}


def register_wordings(wordings: Iterable[Wording]) -> None:
    """Add messages; called from the ready() of the app that writes them."""
    _wordings.update({one.name: one for one in wordings})


def wordings() -> list[Wording]:
    """Every message, in the order of registration."""
    return list(_wordings.values())


def wording(name: str) -> Wording | None:
    """The message with this name; None if no app registered it."""
    return _wordings.get(name)


def worded(content: Content, reseller: Reseller) -> Content:
    """The message as the reseller words it in the active language; unchanged where it doesn't."""
    if not content.wording:
        return content
    own = own_text(reseller, content.wording, translation.get_language() or "")
    return content if own is None else filled(content, own.subject, own.text, reseller)


def filled(content: Content, subject: str, text: str, reseller: Reseller) -> Content:
    """The message with this subject and text, their fields replaced; the standard ones where nothing is left."""
    values = {**content.fields, "reseller": reseller.name, "subject": content.subject, "text": content.text}

    def value(match: re.Match[str]) -> str:
        return str(values.get(match[1], match[0]))

    said, more = " ".join(_FIELD.sub(value, subject).split()), _FIELD.sub(value, text).strip()
    return replace(content, subject=said or content.subject, text=more or content.text)


def own_text(reseller: Reseller, name: str, language: str) -> MessageText | None:
    """The reseller's own text of a message, if there is one."""
    return MessageText.objects.filter(reseller=reseller, name=name, language=language).first()


def save_text(
    *, reseller: Reseller, name: str, language: str, subject: str, text: str, by: User, now: datetime
) -> None:
    """Have the message say this in one language; the standard text, entered as such, is no text of one's own.

    Raises OperationRefused for a field that the message doesn't have.
    """
    found = _wordings[name]
    check_text(found, subject=subject, text=text)
    if (subject, text) == (SUBJECT, TEXT):
        reset_text(reseller=reseller, name=name, language=language, by=by, now=now)
        return
    with transaction.atomic():
        MessageText.objects.update_or_create(
            reseller=reseller, name=name, language=language, defaults={"subject": subject, "text": text}
        )
        entries.record(
            "message_text.saved", reseller=reseller, by=by, now=now, what=found.title, language=language
        )


def reset_text(*, reseller: Reseller, name: str, language: str, by: User, now: datetime) -> None:
    """Have the message say the standard text again."""
    with transaction.atomic():
        gone, _rows = MessageText.objects.filter(reseller=reseller, name=name, language=language).delete()
        if gone:
            title = _wordings[name].title
            entries.record(
                "message_text.reset", reseller=reseller, by=by, now=now, what=title, language=language
            )


def check_text(found: Wording, *, subject: str, text: str) -> None:
    """Raises OperationRefused for a field that the message doesn't have."""
    for field, words in (("subject", subject), ("text", text)):
        unknown = [name for name in _FIELD.findall(words) if name not in found.all_fields]
        if unknown:
            raise OperationRefused(
                _("This message has no field {%(name)s}. Choose one from the list.") % {"name": unknown[0]},
                field=field,
            )
