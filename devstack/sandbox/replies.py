"""Answers of the product API: JSON with exact amounts, and the errors in MazBot's wording."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response


@dataclass
class Answer:
    """A JSON answer before serialization."""

    payload: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The answer on the wire."""
        return Response(
            to_json(self.payload), status=self.status, headers=self.headers, content_type="application/json"
        )


class Refusal(Exception):
    """Ends the request with `answer`."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.payload.get("message"))
        self.answer = answer


def failure(message: str, status: int = 200) -> Answer:
    """`success: false` with a message; MazBot uses 200 for refusals of a valid request."""
    return Answer({"success": False, "message": message}, status)


def invalid(errors: dict[str, list[str]]) -> Answer:
    """422 with the messages of each field."""
    return Answer({"message": "The given data was invalid.", "errors": errors}, 422)


def html_page(title: str, status: int) -> Response:
    """An error page as a web framework or a proxy in front of it sends it."""
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def to_json(value: Any) -> str:
    """JSON in which a Decimal is a number with exactly its digits (the standard encoder would need a float)."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        members = (f"{json.dumps(str(key))}: {to_json(item)}" for key, item in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(to_json(item) for item in value) + "]"
    return json.dumps(value)
