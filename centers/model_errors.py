"""Turning a model's validation errors into one message, for callers that have no form."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst

from centers.errors import OperationRefused
from centers.values.text import one_line


def check_fields(row: models.Model, *, exclude: tuple[str, ...] = ()) -> None:
    """Raise OperationRefused, naming field and value, unless every field of `row` is valid.

    Its `field` is the invalid one, if there is only one.
    """
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        sentences = [
            f"{capfirst(str(row._meta.get_field(name).verbose_name))}: {' '.join(messages)}"  # type: ignore[union-attr]
            for name, messages in error.message_dict.items()
        ]
        field = next(iter(error.message_dict)) if len(sentences) == 1 else ""
        raise OperationRefused(" ".join(sentences), field=field) from error


def checked_line(text: str, longest: int) -> str:
    """One line of `text`, cut after `longest` characters. Raises OperationRefused for control characters inside it."""
    try:
        return one_line(text)[:longest].rstrip()
    except ValidationError as error:
        raise OperationRefused(error.messages[0]) from error
