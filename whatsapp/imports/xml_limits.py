"""Limits for the XML in a workbook, checked in a first pass before a library builds objects from it."""

from typing import IO
from xml.parsers import expat

from centers.stored_messages import StoredMessage as _
from whatsapp.imports.encodings import Unreadable

_MOST_ELEMENTS = 700_000  # per part; 20,000 rows of 10 columns need at most some 620,000
MOST_LINES = 50_000  # including empty rows
_MOST_OF_A_ROW = 4_000
_MOST_TEXT = 200_000  # characters of one element; Excel allows 32,767
_PIECE = 256 * 1024


def too_large() -> Unreadable:
    """The refusal of a workbook that would take too much time or memory."""
    return Unreadable(
        _("The workbook is too large. Copy the rows you need to a new one, or save the sheet as CSV.")
    )


def check_xml(stream: IO[bytes]) -> None:
    """Raise Unreadable for too many elements or too much text, ValueError for entity declarations.

    Raises ExpatError if it is not XML.
    """
    parser = expat.ParserCreate()
    limits = _Limits()
    parser.buffer_text = True
    parser.StartElementHandler = limits.element
    parser.CharacterDataHandler = limits.text
    parser.StartDoctypeDeclHandler = _declared  # Excel writes none; they allow entities that expand or fetch
    while piece := stream.read(_PIECE):
        parser.Parse(piece)
    parser.Parse(b"", True)


class _Limits:
    def __init__(self) -> None:
        self.elements = self.rows = self.of_row = self.characters = 0

    def element(self, name: str, _attributes: object) -> None:
        self.elements += 1
        self.characters = 0
        if name == "row" or name.endswith(":row"):
            self.rows, self.of_row = self.rows + 1, 0
        else:
            self.of_row += 1
        in_a_row = name in ("c", "v", "f") or name.endswith((":c", ":v", ":f"))
        if (
            self.elements > _MOST_ELEMENTS
            or self.rows > MOST_LINES
            or (in_a_row and self.of_row > _MOST_OF_A_ROW)
        ):
            raise too_large()

    def text(self, text: str) -> None:
        self.characters += len(text)
        if self.characters > _MOST_TEXT:
            raise too_large()


def _declared(*_names: object) -> None:
    raise ValueError("a document type")
