"""Reading and checking the fields of a request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from .replies import Refusal, invalid
from .state.records import BodyKind

_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def sent_fields(request: Request, accepts: BodyKind = "any") -> dict[str, str]:
    """The request's fields as text: the query of a GET, the body of a POST.

    A body of a kind that the account's endpoints do not read counts as empty, as it does at MazBot.
    """
    if request.method in ("GET", "HEAD"):
        return dict(request.args.items())
    if request.mimetype == "application/json":
        return _json_fields(request) if accepts in ("any", "json") else {}
    if request.mimetype not in _FORM_TYPES or accepts == "json":
        return {}
    if accepts == "multipart" and request.mimetype != "multipart/form-data":
        return {}
    return dict(request.form.items())


def _json_fields(request: Request) -> dict[str, str]:
    body: Any = request.get_json(silent=True)
    if not isinstance(body, dict):
        return {}
    return {key: str(value) for key, value in body.items() if value is not None}


class Fields:
    """Checks fields one by one and refuses with all errors together."""

    def __init__(self, sent: Mapping[str, str]) -> None:
        self.sent = sent
        self.errors: dict[str, list[str]] = {}

    def text(self, name: str) -> str:
        """A field that must not be empty."""
        value = self.sent.get(name, "").strip()
        if not value:
            self.complain(name, f"The {_spoken(name)} field is required.")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """A field with a closed list of values."""
        value = self.text(name)
        if value and value not in choices:
            self.complain(name, f"The selected {_spoken(name)} is invalid.")
        return value

    def day(self, name: str) -> date:
        """A field of the form YYYY-MM-DD; an invalid one is recorded and returned as date.min."""
        value = self.text(name)
        try:
            if value and len(value) == 10:
                return date.fromisoformat(value)
        except ValueError:
            pass
        if value:
            self.complain(name, f"The {_spoken(name)} does not match the format Y-m-d.")
        return date.min

    def period(self) -> tuple[date, date]:
        """`from_date` and `to_date`, both days included."""
        first, last = self.day("from_date"), self.day("to_date")
        if not self.errors.keys() & {"from_date", "to_date"} and last < first:
            self.complain("to_date", "The to date must be a date after or equal to from date.")
        return first, last

    def web_address(self, name: str) -> str:
        """An http or https address."""
        value = self.text(name)
        if value and not _is_web_address(value):
            self.complain(name, f"The {_spoken(name)} must be a valid URL.")
        return value

    def complain(self, name: str, message: str) -> None:
        """Record an error of a field."""
        self.errors.setdefault(name, []).append(message)

    def check(self) -> None:
        """Refuse with 422 when anything was wrong."""
        if self.errors:
            raise Refusal(invalid(self.errors))


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
