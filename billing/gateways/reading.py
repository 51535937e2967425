"""Reading the JSON of a callback: bounded, exact, and never trusted to have the shape it should have."""

import json
from decimal import Decimal
from typing import Any

from billing.gateways.contract import Malformed
from billing.gateways.minor_units import from_minor

MAX_BODY = 64 * 1024  # bytes; the largest real callbacks have a few thousand
_LONGEST = 120
_MOST_UNITS = 10**16


def read_object(body: bytes) -> dict[str, Any]:
    """The object that the body is. Raises Malformed."""
    try:
        document = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(document, dict):
        raise Malformed("the body is not a JSON object")
    return document


def inner(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object at that path; an empty one if there is none."""
    for name in names:
        found = document.get(name)
        if not isinstance(found, dict):
            return {}
        document = found
    return document


def text(document: dict[str, Any], name: str) -> str:
    """A text that can be stored in one line; "" for anything else, and for one that is too long to be an id."""
    found = document.get(name)
    if not isinstance(found, str) or len(found) > _LONGEST:
        return ""
    return found if found.isprintable() else ""


def units(document: dict[str, Any], name: str, currency: str) -> Decimal | None:
    """An amount given in the currency's smallest units; None unless it is a whole number."""
    found = document.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found < _MOST_UNITS:
        return None
    return from_minor(found, currency)


def currency_of(document: dict[str, Any], name: str = "currency") -> str:
    """A currency's code in capital letters; "" for anything else."""
    found = text(document, name).upper()
    return found if len(found) == 3 and found.isascii() and found.isalpha() else ""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
