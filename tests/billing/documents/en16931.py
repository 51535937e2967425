"""What EN 16931 wants of an invoice or credit note in UBL, checked with fractions and without the product's code."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_HEAD = ["CustomizationID", "ID", "IssueDate"]
_MIDDLE = ["Note", "DocumentCurrencyCode", "TaxCurrencyCode"]
_REST = [
    "InvoicePeriod", "OrderReference", "BillingReference", "AccountingSupplierParty", "AccountingCustomerParty",
    "PaymentTerms", "TaxTotal", "LegalMonetaryTotal",
]  # fmt: skip
#: The order of UBL 2.1's schemas, of the elements that are written.
ORDER = {
    "Invoice": [*_HEAD, "DueDate", "InvoiceTypeCode", *_MIDDLE, *_REST, "InvoiceLine"],
    "CreditNote": [*_HEAD, "CreditNoteTypeCode", *_MIDDLE, *_REST, "CreditNoteLine"],
}
_INSIDE = {
    "Party": ["PartyIdentification", "PartyName", "PostalAddress", "PartyTaxScheme", "PartyLegalEntity", "Contact"],
    "PostalAddress": ["StreetName", "AdditionalStreetName", "CityName", "PostalZone", "Country"],
    "InvoiceLine": ["ID", "InvoicedQuantity", "LineExtensionAmount", "InvoicePeriod", "Item", "Price"],
    "CreditNoteLine": ["ID", "CreditedQuantity", "LineExtensionAmount", "InvoicePeriod", "Item", "Price"],
    "Item": ["Description", "Name", "ClassifiedTaxCategory"],
    "TaxSubtotal": ["TaxableAmount", "TaxAmount", "TaxCategory"],
    "TaxCategory": ["ID", "Percent", "TaxExemptionReasonCode", "TaxExemptionReason", "TaxScheme"],
    "ClassifiedTaxCategory": ["ID", "Percent", "TaxScheme"],
    "LegalMonetaryTotal": [
        "LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PrepaidAmount", "PayableAmount",
    ],
    "Contact": ["Name", "Telephone", "ElectronicMail"],
}  # fmt: skip


class Read:
    """A document, as a program of its receiver reads it."""

    def __init__(self, content: bytes) -> None:
        self.root = ElementTree.fromstring(content)
        self.kind = self.root.tag.partition("}")[2]
        self.currency = self.text("DocumentCurrencyCode")

    def text(self, path: str, of: ElementTree.Element | None = None) -> str:
        found = self.all(path, of)
        return (found[0].text or "") if found else ""

    def all(self, path: str, of: ElementTree.Element | None = None) -> list[ElementTree.Element]:
        """Elements by a path of names: basic ones are leaves."""
        *parents, leaf = path.split("/")
        rows = [self.root if of is None else of]
        for name in parents:
            rows = [inner for row in rows for inner in row.findall(CAC + name)]
        return [inner for row in rows for tag in (CBC, CAC) for inner in row.findall(tag + leaf)]

    def amount(self, path: str, of: ElementTree.Element | None = None) -> Fraction:
        (element,) = self.all(path, of)
        assert element.attrib["currencyID"] == self.currency
        return Fraction(element.text or "")

    @property
    def lines(self) -> list[ElementTree.Element]:
        return self.all(f"{self.kind}Line")

    @property
    def tax_total(self) -> ElementTree.Element:
        return next(one for one in self.all("TaxTotal") if self.all("TaxSubtotal", one))

    def party(self, role: str) -> ElementTree.Element:
        (found,) = self.all(f"Accounting{role}Party/Party")
        return found


def violations(content: bytes) -> list[str]:
    """The rules that the document breaks, by their names."""
    read = Read(content)
    rules: dict[str, Any] = {
        "order": _in_order(read),
        "BR-01": bool(read.text("CustomizationID")),
        "BR-02": bool(read.text("ID")),
        "BR-03": bool(date.fromisoformat(read.text("IssueDate"))),
        "BR-04": read.text(f"{read.kind}TypeCode")
        in {"Invoice": ("380", "386"), "CreditNote": ("381",)}[read.kind],
        "BR-05": len(read.currency) == 3,
        "BR-16": bool(read.lines),
        "BR-55": all(read.text("ID", one) for one in read.all("BillingReference/InvoiceDocumentReference")),
        **_parties(read),
        **_totals(read),
        **_taxes(read),
    }
    for line in read.lines:
        rules.update(
            {f"{name} of line {read.text('ID', line)}": ok for name, ok in _line(read, line).items()}
        )
    return [name for name, ok in rules.items() if not ok]


def _in_order(read: Read) -> bool:
    order = {**_INSIDE, read.kind: ORDER[read.kind]}
    for element in read.root.iter():
        known = order.get(element.tag.partition("}")[2])
        if known is None:
            continue
        places = [known.index(inner.tag.partition("}")[2]) for inner in element]
        if places != sorted(places):
            return False
    return all((element.text or "").strip() or len(element) for element in read.root.iter())


def _parties(read: Read) -> Iterator[tuple[str, bool]] | dict[str, bool]:
    seller, buyer = read.party("Supplier"), read.party("Customer")
    identified = [
        read.text(path, seller)
        for path in ("PartyIdentification/ID", "PartyLegalEntity/CompanyID", "PartyTaxScheme/CompanyID")
    ]
    vat = [
        read.text("CompanyID", scheme)
        for one in (seller, buyer)
        for scheme in read.all("PartyTaxScheme", one)
        if read.text("TaxScheme/ID", scheme) == "VAT"
    ]
    categories = {read.text("TaxCategory/ID", one) for one in read.all("TaxSubtotal", read.tax_total)}
    outside = categories == {"O"}
    return {
        "BR-06": bool(read.text("PartyLegalEntity/RegistrationName", seller)),
        "BR-07": bool(read.text("PartyLegalEntity/RegistrationName", buyer)),
        "BR-08": len(read.all("PostalAddress", seller)) == 1,
        "BR-09": len(read.text("PostalAddress/Country/IdentificationCode", seller)) == 2,
        "BR-10": len(read.all("PostalAddress", buyer)) == 1,
        "BR-11": len(read.text("PostalAddress/Country/IdentificationCode", buyer)) == 2,
        "BR-CO-26": any(identified),
        "BR-CO-09": all(number[:2].isalpha() for number in vat),
        "BR-O-02": not outside or not vat,
        "BR-S-02": outside or bool(vat),
        "BR-AE-02": "AE" not in categories or len(vat) == 2,
    }


def _totals(read: Read) -> dict[str, bool]:
    net = read.amount("LegalMonetaryTotal/LineExtensionAmount")
    exclusive = read.amount("LegalMonetaryTotal/TaxExclusiveAmount")
    inclusive = read.amount("LegalMonetaryTotal/TaxInclusiveAmount")
    payable = read.amount("LegalMonetaryTotal/PayableAmount")
    is_prepaid = read.all("LegalMonetaryTotal/PrepaidAmount")
    paid = read.amount("LegalMonetaryTotal/PrepaidAmount") if is_prepaid else None
    tax = read.amount("TaxAmount", read.tax_total)
    other = [one for one in read.all("TaxTotal") if one is not read.tax_total]
    return {
        "BR-CO-10": net == sum(read.amount("LineExtensionAmount", line) for line in read.lines),
        "BR-CO-13": exclusive == net,
        "BR-CO-15": inclusive == exclusive + tax,
        "BR-CO-16": payable == inclusive - (paid or 0),
        "prepaid": paid is None or paid > 0,
        "BR-CO-25": payable <= 0 or bool(read.text("DueDate") or read.text("PaymentTerms/Note")),
        "BR-53": bool(read.text("TaxCurrencyCode")) == bool(other),
        "positive": payable >= 0 and tax >= 0,
    }


def _taxes(read: Read) -> dict[str, bool]:
    parts = read.all("TaxSubtotal", read.tax_total)
    tax = read.amount("TaxAmount", read.tax_total)
    keys = [(read.text("TaxCategory/ID", one), read.text("TaxCategory/Percent", one)) for one in parts]
    rules = {
        "BR-CO-14": tax == sum(read.amount("TaxAmount", one) for one in parts),
        "BR-CO-18": bool(parts),
        "once per rate": len(set(keys)) == len(keys),
        "BR-O-11": "O" not in {category for category, _percent in keys} or len(keys) == 1,
    }
    for one, (category, percent) in zip(parts, keys, strict=True):
        base, amount = read.amount("TaxableAmount", one), read.amount("TaxAmount", one)
        ours = [line for line in read.lines if _category(read, line) == (category, percent)]
        rules[f"BR-{category}-08 {percent}"] = base == sum(
            (read.amount("LineExtensionAmount", line) for line in ours), Fraction(0)
        )
        # A coin of tolerance for the notes that credit a part, as the norm's own rule has (BR-CO-17).
        rules[f"BR-CO-17 {percent}"] = abs(amount - base * Fraction(percent or 0) / 100) <= Fraction(2, 100)
        reason = read.text("TaxCategory/TaxExemptionReason", one)
        rules[f"BR-{category}-10"] = bool(reason) == (category in ("E", "O", "AE"))
        code = read.text("TaxCategory/TaxExemptionReasonCode", one)
        rules[f"BR-CL-22 {category}"] = code == ("VATEX-EU-AE" if category == "AE" else "")
        rules[f"BR-{category}-05"] = (category == "O") == (percent == "")
    return rules


def _category(read: Read, line: ElementTree.Element) -> tuple[str, str]:
    (found,) = read.all("Item/ClassifiedTaxCategory", line)
    return read.text("ID", found), read.text("Percent", found)


def _line(read: Read, line: ElementTree.Element) -> dict[str, bool]:
    quantity_name = {"Invoice": "InvoicedQuantity", "CreditNote": "CreditedQuantity"}[read.kind]
    (quantity,) = read.all(quantity_name, line)
    (base,) = read.all("Price/BaseQuantity", line)
    price, amount = read.amount("Price/PriceAmount", line), read.amount("LineExtensionAmount", line)
    first, last = (read.text(f"InvoicePeriod/{name}Date", line) for name in ("Start", "End"))
    return {
        "BR-21": bool(read.text("ID", line)),
        "BR-22": bool(quantity.text),
        "BR-23": quantity.attrib["unitCode"] == "C62" == base.attrib["unitCode"],
        "BR-25": bool(read.text("Item/Name", line)),
        "BR-27": price >= 0,
        "BR-30": first <= last,
        "BR-CO-04": bool(_category(read, line)[0]),
        "price": Fraction(quantity.text or "") * price / Fraction(base.text or "") == amount,
    }
