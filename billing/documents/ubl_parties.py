"""Seller and buyer in UBL."""

from collections.abc import Mapping
from xml.etree import ElementTree

from billing.documents.xml import add, child


def add_party(
    parent: ElementTree.Element,
    values: Mapping[str, str],
    *,
    name: str,
    country: str,
    identifier: str,
    has_vat: bool,
) -> None:
    """A party as a document keeps it; `has_vat`: the document is taxed, so tax numbers are VAT identifiers (BR-O-02).

    `identifier` stands for a seller without any number (BR-CO-26).
    """
    party = child(parent, "Party")
    own = values.get("name") or name
    number, registration = values.get("tax_number", ""), values.get("registration_number", "")
    if identifier and not number and not registration:
        add(child(party, "PartyIdentification"), "ID", identifier)
    add(child(party, "PartyName"), "Name", own)
    _address(child(party, "PostalAddress"), values, country)
    if number:
        _tax_number(child(party, "PartyTaxScheme"), number, country, is_vat=has_vat)
    legal = child(party, "PartyLegalEntity")
    add(legal, "RegistrationName", values.get("legal_name") or own)
    add(legal, "CompanyID", registration)
    _contact(party, values)


def _address(address: ElementTree.Element, values: Mapping[str, str], country: str) -> None:
    for name, field in (
        ("StreetName", "address"),
        ("AdditionalStreetName", "address_more"),
        ("CityName", "city"),
        ("PostalZone", "postal_code"),
    ):
        add(address, name, values.get(field, ""))
    if country:
        add(child(address, "Country"), "IdentificationCode", country)


def _tax_number(scheme: ElementTree.Element, number: str, country: str, *, is_vat: bool) -> None:
    """A VAT identifier begins with its country (BR-CO-9)."""
    prefix = "" if not is_vat or number.startswith(country) else country
    add(scheme, "CompanyID", prefix + number)
    add(child(scheme, "TaxScheme"), "ID", "VAT" if is_vat else "TAX")


def _contact(party: ElementTree.Element, values: Mapping[str, str]) -> None:
    found = [
        ("Name", values.get("contact_name", "")),
        ("Telephone", values.get("phone", "")),
        ("ElectronicMail", values.get("email", "")),
    ]
    if any(text for _name, text in found):
        contact = child(party, "Contact")
        for name, text in found:
            add(contact, name, text)
