"""QR images of pairing codes."""

from __future__ import annotations

import base64
import io
import secrets
import textwrap

import qrcode

from .state.records import QrStyle


def new_code() -> str:
    """A fresh random pairing text in WhatsApp's format."""
    return f"2@{secrets.token_urlsafe(48)},{secrets.token_urlsafe(24)},{secrets.token_urlsafe(24)}"


def png(text: str) -> bytes:
    """A black on white PNG of the code with its quiet zone of four modules."""
    image = qrcode.make(text, box_size=6, border=4)
    buffer = io.BytesIO()
    image.save(buffer)
    return buffer.getvalue()


def as_field(image: bytes, style: QrStyle) -> str:
    """The `qr_code` field of an answer: base64 in one of the three forms seen in the wild."""
    text = base64.b64encode(image).decode()
    if style == "data_uri":
        return f"data:image/png;base64,{text}"
    return "\n".join(textwrap.wrap(text, 76)) if style == "line_breaks" else text
