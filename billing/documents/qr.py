"""QR codes of documents: what Saudi tax invoices need, and links."""

import base64
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import qrcode
from qrcode.image.svg import SvgPathImage

from billing.documents.frozen import Look
from billing.models import Invoice
from billing.money import rounded

SAUDI_ARABIA = "SA"
#: A length is one byte.
_LONGEST = 255


def saudi_code(document: Invoice, look: Look, *, is_taxed: bool) -> str | None:
    """The text of the QR code that Saudi Arabia requires on tax invoices and their credit notes; None elsewhere."""
    seller = document.parties.get("reseller", {})
    number = seller.get("tax_number")
    if not is_taxed or look.seller_country != SAUDI_ARABIA or not number:
        return None
    return tagged(
        (
            seller.get("legal_name") or seller.get("name") or look.reseller.name,
            number,
            moment(document.issued_at),
            _amount(document.total, document.currency),
            _amount(document.tax, document.currency),
        )
    )


def tagged(values: Iterable[str]) -> str:
    """Tag, length in bytes and value of each, in base64 (ZATCA, security features: QR code, tags 1 to 5).

    A value is UTF-8, cut at 255 bytes between characters.
    """
    parts = []
    for tag, value in enumerate(values, start=1):
        raw = value.encode()[:_LONGEST].decode(errors="ignore").encode()
        parts.append(bytes((tag, len(raw))) + raw)
    return base64.b64encode(b"".join(parts)).decode()


def moment(at: datetime) -> str:
    """`2026-03-05T09:00:00Z`."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _amount(amount: Decimal, currency: str) -> str:
    """Credit notes carry positive amounts, too."""
    return f"{rounded(abs(amount), currency):f}"


def picture(text: str) -> bytes:
    """The text as QR code in SVG: black squares with a border of four, as readers need."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(text)
    buffer = io.BytesIO()
    code.make_image(image_factory=SvgPathImage).save(buffer)
    return buffer.getvalue()


def picture_url(text: str) -> str:
    """The picture as the address of an image on a page."""
    return f"data:image/svg+xml;base64,{base64.b64encode(picture(text)).decode()}"
