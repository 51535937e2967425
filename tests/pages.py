"""What the answer to a posted form shows, read as a person reads it."""

import re
from html import unescape
from typing import Any

_FIELD_ERROR = re.compile(r'<div class="field-error" id="([\w-]+)_error">(.*?)</div>\s*</div>', re.DOTALL)
_TOP_ERROR = re.compile(
    r'<div class="alert alert-danger" role="alert">(.*?)</div>\s*</div>\s*</div>', re.DOTALL
)
_TAG = re.compile(r"<svg.*?</svg>|<[^>]+>", re.DOTALL)


def _text(html: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", html)).split())


def shown(response: Any) -> str:
    """All text of a page, without marks that only guide how it is set."""
    return re.sub("[\u2066-\u2069\u200e\u200f]", "", _text(response.content.decode()))


def field_errors(response: Any) -> dict[str, str]:
    """The text beside each wrong field, by the field's name."""
    found = _FIELD_ERROR.findall(response.content.decode())
    return {identifier.removeprefix("id_").removeprefix("invite_"): _text(html) for identifier, html in found}


def top_errors(response: Any) -> str:
    """The text of the errors on top of the forms."""
    return " ".join(_text(html) for html in _TOP_ERROR.findall(response.content.decode()))
