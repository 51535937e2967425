"""Columns for typed text: cleaned wherever a form, an import, a command or an operation validates the row.

Migrations see Django's own fields, as the database does.
"""

from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models

from centers.values import fields
from centers.values.addresses import account_address, check_domain
from centers.values.text import one_line, several_lines, typed_code

if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
    _TextField = models.TextField[str, str]
    _EmailField = models.EmailField[str, str]
else:
    _CharField, _TextField, _EmailField = models.CharField, models.TextField, models.EmailField

#: Characters that no stored name contains; tabs become spaces first. PostgreSQL cannot store NUL at all.
CONTROL = r"[\u0001-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]"


def no_control(column: str, name: str) -> models.CheckConstraint:
    """The last defense behind one_line(): no stored text can break a heading or a mail header."""
    return models.CheckConstraint(condition=~models.Q(**{f"{column}__regex": CONTROL}), name=name)


class _Typed:
    """A column whose values are cleaned as its form field cleans them."""

    form_class: type[forms.Field]

    @staticmethod
    def cleaned(value: str) -> str:
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)  # type: ignore[misc]
        return self.cleaned(text) if isinstance(text, str) else text

    def get_prep_value(self, value: Any) -> Any:
        # Django calls to_python() here, also for lookups; a search must not raise.
        return str(value) if isinstance(value, str) else value

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": self.form_class} | kwargs)  # type: ignore[misc]

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        parent = next(kind for kind in type(self).__mro__ if kind.__module__.startswith("django."))
        return name, f"django.db.models.{parent.__name__}", args, kwargs


class LineField(_Typed, _CharField):
    """One line of text as centers.values.text.one_line() leaves it."""

    form_class = fields.LineField
    cleaned = staticmethod(one_line)


class CodeField(_Typed, _CharField):
    """An id or a code: Latin digits, and none of the invisible characters that a paste brings along."""

    form_class = fields.CodeField

    @staticmethod
    def cleaned(value: str) -> str:
        return one_line(typed_code(value))


class AddressField(_Typed, _EmailField):
    """An email address that mail reaches as written, without the invisible characters that a paste brings along."""

    form_class = fields.AddressField

    @staticmethod
    def cleaned(value: str) -> str:
        address = one_line(typed_code(value))
        check_domain(address)
        return address


class AccountAddressField(AddressField):
    """The address that an account has, or will have, kept and looked for as sign-in does: in small letters."""

    @staticmethod
    def cleaned(value: str) -> str:
        return account_address(AddressField.cleaned(value))

    def get_prep_value(self, value: Any) -> Any:
        return account_address(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


class LinesField(_Typed, _TextField):
    """Several lines of text, with plain line breaks."""

    form_class = fields.LinesField
    cleaned = staticmethod(several_lines)
