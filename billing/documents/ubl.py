"""Invoices and credit notes for programs: UBL 2.1 (ISO/IEC 19845) with the fields of EN 16931.

Amounts have their currency's digits, three for dinars and the Omani rial: EN 16931 itself allows two, its use outside
Europe (PINT) those of the currency.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

from django.utils import translation
from django.utils.translation import gettext as _

from billing.documents import texts
from billing.documents.deductions import sum_of
from billing.documents.frozen import Look
from billing.documents.local_tax import local_tax
from billing.documents.ubl_parties import add_party
from billing.documents.xml import add, child, document_bytes
from billing.models import AdvanceEntry, Invoice, InvoiceLine, InvoiceTax, TaxCategory
from billing.money import rounded
from billing.tax.rates import NEED_REASON
from billing.tax.texts import tax_text
from centers.values.languages import LANGUAGES

CUSTOMIZATION = "urn:cen.eu:en16931:2017"
INVOICE_TYPE, CREDIT_NOTE_TYPE, ADVANCE_TYPE = "380", "381", "386"  # UNTDID 1001
REVERSE_CHARGE = (
    "VATEX-EU-AE"  # of the code list that EN 16931 prescribes (BR-CL-22); its text begins with the same
)
ONE_EACH = "C62"  # UN/ECE recommendation 20
ZERO = Decimal(0)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Subtotal:
    """The net sum and the tax of one category and percentage, as the XML has them."""

    category: str
    percent: Decimal
    reason: str
    net: Decimal
    tax: Decimal


def ubl_of(
    document: Invoice,
    look: Look,
    lines: Sequence[InvoiceLine],
    taxes: Sequence[InvoiceTax],
    deducted: Sequence[AdvanceEntry] = (),
) -> bytes:
    """The document as XML, in its first language where it has texts; amounts of credit notes are positive.

    What it has `deducted` of advance invoices is paid, and an advance invoice as a whole.
    """
    languages = look.languages("", document.language)
    language = languages[0] if languages[0] in LANGUAGES else "en"
    with translation.override(language):
        return _Writer(document, look, lines, taxes, deducted).written()


class _Writer:
    """One document. Elements are in the order of UBL's schemas, which is part of the standard."""

    def __init__(
        self,
        document: Invoice,
        look: Look,
        lines: Sequence[InvoiceLine],
        taxes: Sequence[InvoiceTax],
        deducted: Sequence[AdvanceEntry],
    ) -> None:
        self.document, self.look, self.lines, self.taxes = document, look, lines, taxes
        self.deducted = deducted
        self.kind = "CreditNote" if document.is_credit_note else "Invoice"
        self.root = ElementTree.Element(
            f"{{urn:oasis:names:specification:ubl:schema:xsd:{self.kind}-2}}{self.kind}"
        )
        self.local = local_tax(document, look) if taxes else None
        self.subtotals = self._subtotals()

    def written(self) -> bytes:
        self._head()
        self._references()
        self._parties()
        self._payment()
        self._totals()
        for line in self.lines:
            self._line(line)
        return document_bytes(self.root)

    def _shown(self, amount: Decimal) -> Decimal:
        value = -amount if self.document.is_credit_note else amount
        return rounded(value, self.document.currency) + 0  # no -0.00

    def _amount(self, parent: ElementTree.Element, name: str, amount: Decimal) -> None:
        add(parent, name, f"{amount:f}", currencyID=self.document.currency)

    def _head(self) -> None:
        document, root = self.document, self.root
        add(root, "CustomizationID", CUSTOMIZATION)
        add(root, "ID", document.number)
        add(root, "IssueDate", document.issued_on.isoformat())
        if document.is_credit_note:
            add(root, "CreditNoteTypeCode", CREDIT_NOTE_TYPE)
        elif document.is_advance:
            add(root, "InvoiceTypeCode", ADVANCE_TYPE)
        else:
            add(root, "DueDate", document.due_on.isoformat())
            add(root, "InvoiceTypeCode", INVOICE_TYPE)
        add(root, "Note", "\n".join(filter(None, (document.reason, self.look.note))))
        add(root, "DocumentCurrencyCode", document.currency)
        add(root, "TaxCurrencyCode", self.local.currency if self.local else "")

    def _references(self) -> None:
        document = self.document
        self._period(self.root, document.first_day, document.end_day)
        if self.look.purchase_order:
            add(child(self.root, "OrderReference"), "ID", self.look.purchase_order)
        # Preceding invoices (BG-3): what a note credits, and what an invoice deducts.
        advances = dict.fromkeys(row.advance for row in self.deducted)
        for other in filter(None, (document.credits, *advances)):
            reference = child(child(self.root, "BillingReference"), "InvoiceDocumentReference")
            add(reference, "ID", other.number)
            add(reference, "IssueDate", other.issued_on.isoformat())

    def _period(self, parent: ElementTree.Element, first: date, end: date) -> None:
        period = child(parent, "InvoicePeriod")
        add(period, "StartDate", first.isoformat())
        add(period, "EndDate", (end - ONE_DAY).isoformat())

    def _parties(self) -> None:
        parties, look = self.document.parties, self.look
        in_scope = any(row.category != TaxCategory.OUTSIDE for row in self.subtotals)
        add_party(
            child(self.root, "AccountingSupplierParty"),
            parties.get("reseller", {}),
            name=look.reseller.name,
            country=look.seller_country,
            identifier=look.reseller.slug,
            has_vat=in_scope,
        )
        add_party(
            child(self.root, "AccountingCustomerParty"),
            parties.get("center", {}),
            name=str(self.document.center),
            country=look.buyer_country,
            identifier="",
            has_vat=in_scope,
        )

    def _payment(self) -> None:
        """Why or when something is paid (BR-CO-25)."""
        note = "" if self.document.is_advance else self.look.payment_instructions
        if self.document.is_credit_note:
            note = _("Credited to your account.")
        if note:
            add(child(self.root, "PaymentTerms"), "Note", note)

    def _subtotals(self) -> list[Subtotal]:
        """One group for each category and percentage; a document without tax is outside its scope (BR-CO-18)."""
        if not self.taxes:
            reason = _("Not subject to VAT")
            return [Subtotal("O", ZERO, reason, self._shown(self.document.total), ZERO)]
        mixed = len({row.category for row in self.taxes}) > 1
        rows = [
            Subtotal(
                self._category(row.category, mixed=mixed),
                row.percent,
                row.reason,
                self._shown(row.net),
                self._shown(row.tax),
            )
            for row in self.taxes
        ]
        return _merged(rows)

    def _category(self, category: str, *, mixed: bool) -> str:
        """What is out of scope can't stand beside other categories (BR-O-11): it is exempt there, with its reason."""
        return TaxCategory.EXEMPT.value if mixed and category == TaxCategory.OUTSIDE else category

    def _totals(self) -> None:
        total = child(self.root, "TaxTotal")
        self._amount(total, "TaxAmount", self._shown(self.document.tax))
        for row in self.subtotals:
            part = child(total, "TaxSubtotal")
            self._amount(part, "TaxableAmount", row.net)
            self._amount(part, "TaxAmount", row.tax)
            reason = tax_text(row) if row.category == TaxCategory.REVERSE else row.reason
            self._tax_category(part, "TaxCategory", row.category, row.percent, reason or _("Exempt from VAT"))
        if self.local:
            other = child(self.root, "TaxTotal")
            add(other, "TaxAmount", f"{abs(self.local.amount):f}", currencyID=self.local.currency)
        sums = child(self.root, "LegalMonetaryTotal")
        net, gross = self._shown(self.document.net), self._shown(self.document.total)
        paid = gross if self.document.is_advance else self._shown(sum_of(self.deducted))
        for name, amount in (
            ("LineExtensionAmount", net),
            ("TaxExclusiveAmount", net),
            ("TaxInclusiveAmount", gross),
            *([("PrepaidAmount", paid)] if paid else []),
            ("PayableAmount", gross - paid),
        ):
            self._amount(sums, name, amount)

    def _tax_category(
        self, parent: ElementTree.Element, name: str, category: str, percent: Decimal, reason: str = ""
    ) -> None:
        row = child(parent, name)
        add(row, "ID", category)
        if category != TaxCategory.OUTSIDE:
            add(row, "Percent", f"{percent.normalize():f}")
        if category == TaxCategory.REVERSE and reason:
            add(row, "TaxExemptionReasonCode", REVERSE_CHARGE)
        if category in NEED_REASON:
            add(row, "TaxExemptionReason", reason)
        add(child(row, "TaxScheme"), "ID", "VAT")

    def _line(self, line: InvoiceLine) -> None:
        """Its price is the whole amount for the whole quantity, which is exact where an average is not."""
        amount = self._shown(line.amount)
        count = abs(line.quantity) or 1
        row = child(self.root, f"{self.kind}Line")
        add(row, "ID", str(line.position))
        quantity = "CreditedQuantity" if self.document.is_credit_note else "InvoicedQuantity"
        add(row, quantity, str(-count if amount < 0 else count), unitCode=ONE_EACH)
        self._amount(row, "LineExtensionAmount", amount)
        self._period(row, line.first_day, line.end_day)
        item = child(row, "Item")
        add(item, "Description", " · ".join(texts.detail_parts(line)))
        add(item, "Name", line.heading)
        mixed = len({tax.category for tax in self.taxes}) > 1
        self._tax_category(
            item, "ClassifiedTaxCategory", self._category(line.tax_category, mixed=mixed), line.tax_percent
        )
        price = child(row, "Price")
        self._amount(price, "PriceAmount", abs(amount))
        add(price, "BaseQuantity", str(count), unitCode=ONE_EACH)


def _merged(rows: Iterable[Subtotal]) -> list[Subtotal]:
    """One row for each category and percentage."""
    found: dict[tuple[str, Decimal], Subtotal] = {}
    for row in rows:
        key = (row.category, row.percent)
        known = found.get(key)
        if known is not None:
            reason = "; ".join(filter(None, (known.reason, row.reason)))
            row = Subtotal(*key, reason, known.net + row.net, known.tax + row.tax)  # noqa: PLW2901
        found[key] = row
    return list(found.values())
