"""What could not be read in MazBot's answers, in one line."""

from collections.abc import Iterable

from whatsapp.mazbot import OddField


def odd_note(odd: Iterable[OddField]) -> str:
    """The fields that could not be read and what MazBot sent in them, as one short line."""
    return "; ".join(f"{field.name}: {field.text}" if field.text else f"{field.name}: -" for field in odd)[
        :300
    ]
