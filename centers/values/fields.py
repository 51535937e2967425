"""Form fields for text that people type or paste. Forms use these, never Django's CharField."""

from typing import Any

from django import forms

from centers.values.addresses import check_domain
from centers.values.text import one_line, refuse_control, several_lines, typed_code, without_marks


class LineField(forms.CharField):
    """One line: a line break or another control character inside is refused."""

    def to_python(self, value: Any) -> Any:
        # NUL is checked first: Django's own validator would give another message.
        return super().to_python(one_line(value) if isinstance(value, str) else value)


class CodeField(LineField):
    """An id, a code or a phone number: digits of any script, invisible characters dropped."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(typed_code(value) if isinstance(value, str) else value)


class KeyField(forms.CharField):
    """A key or a password: kept as it is, except that control characters are refused."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return refuse_control(text) if isinstance(text, str) else text


class LinesField(forms.CharField):
    """Several lines, in a text area."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        return super().to_python(several_lines(value) if isinstance(value, str) else value)


class AddressField(forms.EmailField):
    """An email address that mail reaches as written, without the invisible characters that a paste brings along."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_python(value)
        address = one_line(typed_code(value))
        check_domain(address)
        return super().to_python(address)


class WebAddressField(forms.URLField):
    """A web address, without the invisible characters that a paste brings along."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(one_line(without_marks(value)) if isinstance(value, str) else value)
