"""Charges and discounts on what the center is sent: the file for programs and the PDF, in both languages."""

from contextlib import closing
from datetime import date
from decimal import Decimal

import pypdfium2

from billing.charges import add_charge, add_discount
from billing.documents.invoice import invoice_pdf, invoice_xml
from tests.billing.charges.test_charges import JANUARY_2
from tests.billing.conftest import Shop
from tests.billing.documents.en16931 import Read, violations
from tests.billing.documents.shops import billed, saudi

D = Decimal


def test_a_saudi_invoice_with_usage_charges_and_discounts(shop: Shop) -> None:
    saudi(shop)
    first = date(2026, 2, 1)
    common = {"center": shop.center, "day": first, "by": None, "now": JANUARY_2}
    monthly = add_charge(amount=D("200"), description="دعم فني", every="month", **common)  # type: ignore[arg-type]
    add_charge(amount=D("99.99"), description="Training <b>", **common)  # type: ignore[arg-type]
    add_discount(charge=monthly, amount=D("50"), **common)  # type: ignore[arg-type]
    add_discount(percent=D("12.5"), **common)  # type: ignore[arg-type]
    invoice = billed(shop, "100", "0.3333")
    content = invoice_xml(invoice)
    assert violations(content) == []
    read = Read(content)
    amounts = [read.amount("LineExtensionAmount", line) for line in read.lines]
    assert amounts == [D("328.13"), D("1.09"), 150, D("87.49")]
    texts = content.decode()
    for text in ("دعم فني", "Training &lt;b&gt;", "12.5%", "50.00"):
        assert text in texts
    with closing(pypdfium2.PdfDocument(invoice_pdf(invoice, language="en"))) as document:
        page = "".join(page.get_textpage().get_text_range() for page in document)
    assert "Discount 12.5%" in page.replace("\u00a0", " ")  # short parts are kept on a line
    assert "Training <b>" in page
