"""Secrets at rest: a text field that is encrypted and authenticated in the database."""

from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from centers.values import fields
from centers.values.text import refuse_control


class SecretUnreadable(Exception):
    """A stored secret was written with a key that FIELD_KEYS no longer holds."""


@cache
def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def seal(text: str) -> str:
    """`text` encrypted and authenticated with the first of FIELD_KEYS."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str, *, name: str) -> str:
    """Decrypt with the key of FIELD_KEYS that sealed it. Raises SecretUnreadable, which gives `name`."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable(f"{name} was encrypted with a key that is not in FIELD_KEYS.") from error


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class SecretField(_TextField):
    """Text, encrypted with the first of FIELD_KEYS; a wrong key raises instead of returning ciphertext.

    An empty string stays empty, so whether it is set can be checked without a key. It cannot be searched by value.
    """

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return refuse_control(text) if isinstance(text, str) else text

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": fields.KeyField} | kwargs)

    def get_prep_value(self, value: Any) -> Any:
        text = value if value is None else str(value)
        return seal(text) if text else text

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return unseal(value, name=f"{self.model.__name__}.{self.name}") if value else value
