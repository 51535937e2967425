"""Texts that are written once and read later, perhaps in another language.

`from centers.stored_messages import StoredMessage as _` stands in for gettext: `_("%(n)s left.") % {"n": 3}` is a
text in the active language, and also remembers its pattern and values. The model fields here store those two and
return the message in the language in which a row is read. A plain text is stored and returned unchanged.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import translation
from django.utils.functional import Promise

from centers.values.formats import day_text

MOST_OF_A_VALUE = 300  # characters kept of one value, or of a plain text
_SAY, _WITH, _DAY = "say", "with", "day"
_MARK = f'{{"{_SAY}": '


class StoredMessage(str):
    """A translated text that can be rendered in another language: its pattern is the msgid, its values fill it in.

    A value may be a message itself, or a date, which is formatted for the reader.
    """

    __slots__ = ("pattern", "values")
    pattern: str
    values: dict[str, Any] | None

    def __new__(cls, pattern: str, values: Mapping[str, Any] | None = None) -> "StoredMessage":
        made = super().__new__(cls, _said(pattern, values))
        made.pattern, made.values = pattern, None if values is None else dict(values)
        return made

    def __mod__(self, values: Any) -> "StoredMessage":
        """The message with its values (a mapping) filled in."""
        return StoredMessage(self.pattern, values)

    def __str__(self) -> str:
        """Itself: a model's __str__ may return one and keep what it remembers."""
        return self


def together(parts: Iterable[str]) -> StoredMessage:
    """Several messages, one after the other, as one."""
    named = {f"part{number}": part for number, part in enumerate(parts)}
    return StoredMessage(" ".join(f"%({name})s" for name in named), named)


def of_lazy(text: Promise | str) -> StoredMessage:
    """The message of a label marked for translation elsewhere (gettext_lazy, choices)."""
    with translation.override(None):
        pattern = str(text)
    return StoredMessage(pattern)


def of_error(error: ValidationError) -> StoredMessage:
    """A validator's messages; a plural form is kept in the language it was first rendered in."""
    messages: list[str] = []
    for one in error.error_list:
        message = of_lazy(one.message)
        if not message.pattern:  # a plural, which waits for its number
            messages.extend(one.messages)
        else:
            messages.append(message % one.params if one.params else message)
    return together(messages)


def bounded(text: str) -> str:
    """The text, cut where it is long; a message bounds its values when it is stored."""
    return text if isinstance(text, StoredMessage) else text[:MOST_OF_A_VALUE]


if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:  # Django's own class takes no type argument
    _TextField = models.TextField


class StoredMessageField(_TextField):
    """A column for a message or a plain text."""

    def get_prep_value(self, value: Any) -> Any:
        """The text to store."""
        if isinstance(value, StoredMessage):
            return json.dumps(_packed(value), ensure_ascii=False)
        if isinstance(value, str) and value.startswith(_MARK):
            # A text from outside that looks like one of ours stays a text.
            return json.dumps(_packed(StoredMessage("%(text)s", {"text": value})), ensure_ascii=False)
        value = super().get_prep_value(value)
        return bounded(value) if isinstance(value, str) else value

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """The message in the active language; a plain text unchanged."""
        if value is None or not value.startswith(_MARK):
            return value
        read: str = _unpacked(json.loads(value))
        return read


class StoredMessagesField(models.JSONField):
    """JSON in which any text may be a message."""

    def get_prep_value(self, value: Any) -> Any:
        """The structure with every message in its stored form."""
        return super().get_prep_value(_packed(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The structure with every message in the active language."""
        return _unpacked(super().from_db_value(value, expression, connection))


def _said(pattern: str, values: Mapping[str, Any] | None) -> str:
    text = translation.gettext(pattern) if pattern else ""
    if values is None:
        return text
    shown = {name: day_text(value) if _is_day(value) else value for name, value in values.items()}
    try:
        return text % shown
    except (
        KeyError,
        TypeError,
        ValueError,
    ):  # a translation that lost a value must not take the page with it
        return pattern % shown


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _packed(value: Any) -> Any:
    if isinstance(value, StoredMessage):
        values = None if value.values is None else {name: _as_json(one) for name, one in value.values.items()}
        return {_SAY: value.pattern, _WITH: values}
    if isinstance(value, dict):
        return {name: _packed(one) for name, one in value.items()}
    return [_packed(one) for one in value] if isinstance(value, list | tuple) else value


def _as_json(value: Any) -> Any:
    """A value of a message in its JSON form."""
    if isinstance(value, StoredMessage):
        return _packed(value)
    if _is_day(value):
        return {_DAY: value.isoformat()}
    return value if isinstance(value, bool | int) else str(value)[:MOST_OF_A_VALUE]


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {_SAY, _WITH}:
        values = value[_WITH]
        filled = None if values is None else {name: _found(one) for name, one in values.items()}
        return StoredMessage(value[_SAY], filled)
    return {name: _unpacked(one) for name, one in value.items()}


def _found(value: Any) -> Any:
    """A value of a message, restored from its JSON form."""
    return date.fromisoformat(value[_DAY]) if isinstance(value, dict) and _DAY in value else _unpacked(value)
