"""Seller and buyer as documents print them."""

from collections.abc import Mapping
from typing import Any

from billing.tax.texts import address_of, numbers_of

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


def party(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A party as it was on the day of issue: with its legal name, and its own name where that differs."""
    own = values.get("name") or name
    legal = values.get("legal_name") or own
    lines = [own if own != legal else "", values.get("contact_name", ""), *address_of(values)]
    return {
        "name": isolated(legal),
        "lines": [isolated(line) for line in lines if line],
        "numbers": numbers_of(values),
        # Text that is left-to-right in every language.
        "codes": [str(values[key]) for key in ("email", "phone", "support_contact") if values.get(key)],
    }


def isolated(text: str) -> str:
    """Text in its own direction: an address in Latin letters keeps its order on an Arabic document."""
    return f"{_ISOLATE}{text}{_END_ISOLATE}"
