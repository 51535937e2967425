"""Rendered pages, as a person with a phone and a program see them."""

import base64
import io
from collections.abc import Iterator
from contextlib import closing

import pypdfium2
import zxingcpp
from PIL import Image

from billing.documents.typesetting import Sheet


def codes_on(page: bytes) -> list[str]:
    """The texts of the QR codes that a scanner finds on a page (PNG)."""
    with Image.open(io.BytesIO(page)) as picture:
        return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))]


def scanned(sheet: Sheet) -> list[str]:
    """The texts of the QR codes on the first page as an office's scanner sees it: a screen's 110 dots lose some."""
    return codes_on(sheet.pages(dots_per_inch=200)[0])


def pages_of(pdf: bytes, *, scale: float = 2) -> list[bytes]:
    """The pages of a PDF as PNG, drawn by another program than the one that made it."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return [_png(page.render(scale=scale).to_pil()) for page in document]


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def text_of(pdf: bytes) -> str:
    """The text of a PDF as it is copied from it."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def attachments_of(pdf: bytes) -> dict[str, bytes]:
    """The files inside a PDF by name."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        count = document.count_attachments()
        found = [document.get_attachment(place) for place in range(count)]
        return {one.get_name(): bytes(one.get_data()) for one in found}


def boxes_outside(pdf: bytes, margin: float = 40) -> Iterator[str]:
    """Characters that are printed beyond the page's margin (points)."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        for page in document:
            width, _height = page.get_size()
            text = page.get_textpage()
            for place in range(text.count_chars()):
                left, _bottom, right, _top = text.get_charbox(place)
                if right > left and (left < margin or right > width - margin):
                    yield text.get_text_range(place, 1)


def tags(code: str) -> list[str]:
    """The values of a Saudi QR code, in the order of their tags."""
    raw, values = base64.b64decode(code), []
    while raw:
        tag, length = raw[0], raw[1]
        assert tag == len(values) + 1
        values.append(raw[2 : 2 + length].decode())
        raw = raw[2 + length :]
    return values


def saudi_code_on(sheet: Sheet) -> list[str]:
    """The values of the Saudi QR code on the first page; there is exactly one."""
    (code,) = (text for text in scanned(sheet) if not text.startswith("http"))
    return tags(code)


def words(pdf: bytes) -> str:
    """The text without the marks that only guide how it is set."""
    return "".join(
        one for one in text_of(pdf) if one not in "\u200b\u200d\u2066\u2067\u2068\u2069\u200e\u200f"
    )


def says(pdf: bytes, text: str) -> bool:
    """Whether every word of the text is printed; readers put those beside Arabic into another order."""
    return set(text.split()) <= set(words(pdf).split())
