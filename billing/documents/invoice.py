"""Invoices and credit notes as PDF, with only what a customer may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.documents import texts
from billing.documents.deductions import deducted_in, deducted_rows
from billing.documents.frozen import Look
from billing.documents.local_tax import LocalTax, local_tax
from billing.documents.parties import isolated, party
from billing.documents.qr import picture, saudi_code
from billing.documents.typesetting import Sheet
from billing.documents.ubl import ubl_of
from billing.invoice_links import printed_url
from billing.models import AdvanceEntry, Invoice, InvoiceLine, InvoiceTax
from billing.periods import ONE_DAY, local_day, zone_of
from billing.tax.texts import reverse_charge_text, tax_kind, tax_text
from centers.models import Reseller
from centers.values.formats import day_text, money_text, number_text, percent_text
from centers.values.languages import language_named

SAUDI_QR, LINK_QR = "saudi.svg", "link.svg"


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says, read from the database; `typeset` computes, and reads nothing."""

    sheet: Sheet

    def typeset(self) -> bytes:
        """The document as PDF."""
        return self.sheet.pdf()


@dataclass(frozen=True, slots=True)
class Content:
    """A document with all that is read for it, the same in every language."""

    document: Invoice
    look: Look
    lines: Sequence[InvoiceLine]
    taxes: Sequence[InvoiceTax]
    local_tax: LocalTax | None
    link: str
    deducted: Sequence[AdvanceEntry]  # of advance invoices

    @property
    def is_payable(self) -> bool:
        """Whether money is still expected for it."""
        row = self.document
        is_given_up = row.written_off and row.open_amount <= 0
        expected = row.voided_at is None and row.settled_at is None and not is_given_up
        return not row.is_credit_note and expected

    def amount(self, amount: Decimal) -> str:
        """An amount as it is printed: what a credit note credits is positive there."""
        shown = -amount if self.document.is_credit_note else amount
        return money_text(shown, self.document.currency)


def document_of(invoice: Invoice, *, language: str = "") -> Document:
    """The document as it was issued, or in `language`: the code of one of ours, or "both".

    All it says is of the day of issue (`parties`, lines, taxes), but for the mark of a paid or void invoice. Costs,
    margins and profits are never passed to the typesetter.
    """
    content = content_of(invoice)
    languages = content.look.languages(language, invoice.language)
    files: dict[str, bytes] = {}
    if code := saudi_code(invoice, content.look, is_taxed=bool(content.taxes)):
        files[SAUDI_QR] = picture(code)
    if content.link:
        files[LINK_QR] = picture(content.link)
    files[invoice_filename(invoice, "xml")] = _xml(content)
    data = {
        "colour": content.look.colour,
        "number": invoice.number,
        "link": content.link,
        "attached": invoice_filename(invoice, "xml"),
        "editions": [_edition(content, code, languages[0]) for code in languages],
    }
    return Document(Sheet("invoice.typ", data, _moment(invoice.issued_at), content.look.logo, files))


def content_of(invoice: Invoice) -> Content:
    """Everything a document is made of, read once."""
    reseller = Reseller.objects.get(pk=invoice.reseller_id)  # with its logo, which the usual queries defer
    look = Look(reseller, invoice.parties)
    taxes = list(invoice.taxes.all())
    content = Content(
        document=invoice,
        look=look,
        lines=list(invoice.lines.select_related("corrects__invoice")),
        taxes=taxes,
        local_tax=local_tax(invoice, look) if taxes else None,
        link="",
        deducted=deducted_in(invoice),
    )
    if content.is_payable and (look.is_paid_online or look.payment_instructions):
        return replace(content, link=printed_url(invoice))
    return content


def invoice_pdf(invoice: Invoice, *, language: str = "") -> bytes:
    """The document as PDF."""
    return document_of(invoice, language=language).typeset()


def invoice_xml(invoice: Invoice) -> bytes:
    """The document for programs: UBL 2.1."""
    return _xml(content_of(invoice))


def _xml(content: Content) -> bytes:
    return ubl_of(content.document, content.look, content.lines, content.taxes, content.deducted)


def invoice_filename(invoice: Invoice, ending: str = "pdf") -> str:
    """`INV-2026-0001.pdf`; what no file name may contain becomes a hyphen."""
    return f"{invoice.number.replace('/', '-')}.{ending}"


def _moment(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _edition(content: Content, language: str, first_language: str) -> dict[str, Any]:
    """The document's texts in one language."""
    document, look = content.document, content.look
    with translation.override(language):
        return {
            "language": language,
            "rtl": language_named(language).right_to_left,
            "title": texts.title_of(document, is_taxed=bool(content.taxes), is_simplified=look.is_simplified),
            "seller": party(document.parties.get("reseller", {}), look.reseller.name),
            "buyer": party(document.parties.get("center", {}), str(document.center)),
            "facts": _facts(content, first_language),
            "notes": _notes(content),
            "columns": _columns(content),
            "lines": [_line(content, line) for line in content.lines],
            "sums": _sums(content),
            "total": content.amount(document.total),
            "deducted": deducted_rows(document, content.deducted, content.amount),
            "explanations": texts.explanations(document, content.lines),
            "online": _online(content),
            "pay": look.payment_instructions.split("\n") if _shows_instructions(content) else [],
            "stamp": _stamp(content),
            "stamped": "void" if document.voided_at else "paid",
            "own_note": look.note.split("\n") if look.note else [],
            "footer": document.parties.get("reseller", {}).get("legal_name") or look.reseller.name,
            "words": _words(content),
        }


def _words(content: Content) -> Mapping[str, str]:
    return {
        "from": _("From"),
        "to": _("To"),
        "total": _("Total including VAT") if content.taxes else _("Total"),
        "pay": _("How to pay"),
        "link": _("View and pay online") if content.look.is_paid_online else _("View online"),
        "saudi": _("Tax details for ZATCA, as QR code"),
        "attached": _("The invoice for programs, as UBL"),
        "logo": _("Logo"),
    }


def _shows_instructions(content: Content) -> bool:
    return content.is_payable and bool(content.look.payment_instructions)


def _online(content: Content) -> str:
    """How to pay at a gateway, if the reseller had one."""
    if not (content.is_payable and content.look.is_paid_online):
        return ""
    return _("Pay online, without an account: scan the code or select it.")


def _facts(content: Content, first_language: str) -> list[tuple[str, str]]:
    days = partial(texts.day_in, first_language)
    document, look = content.document, content.look
    facts = [(_("Issued"), days(document.issued_on))]
    if document.credits:
        facts.append((_("Credits invoice"), document.credits.number))
    if document.is_bill:
        count = (document.due_on - document.issued_on).days
        terms = ngettext("%(days)s day", "%(days)s days", count) % {"days": count}
        facts += [(_("Due"), days(document.due_on)), (_("Payment terms"), terms)]
    if document.is_advance:
        facts.append((_("Received on"), days(document.first_day)))
    if not document.is_of_advance:
        facts += [
            (_("First day"), days(document.first_day)),
            (_("Last day"), days(document.end_day - ONE_DAY)),
        ]
    if look.purchase_order:
        facts.append((_("Purchase order"), look.purchase_order))
    return facts


def _notes(content: Content) -> list[str]:
    document = content.document
    taxed = [said for row in content.taxes if (said := reverse_charge_text(row))]
    if document.credits:
        reason = [_("Reason: %(reason)s") % {"reason": isolated(document.reason)}] if document.reason else []
        return [texts.credit_text(document, document.credits), *reason, *taxed]
    return taxed


def _day(content: Content, at: datetime) -> str:
    return day_text(local_day(at, zone_of(content.look.reseller)))


def _stamp(content: Content) -> list[str]:
    """The mark of an invoice that is paid or void, and its day; two lines."""
    document = content.document
    if document.is_credit_note:
        return []
    if document.voided_at is not None:
        return [_("VOID"), _("Voided by a credit note")]
    if document.settled_at is None:
        return []
    if document.credited and not document.left:
        at = document.credit_notes.latest("pk").issued_at if document.is_advance else document.settled_at
        return [_("CREDITED"), _day(content, at)]
    return [_("PAID"), _day(content, document.settled_at)]


def _columns(content: Content) -> list[str]:
    tax = [_("VAT rate")] if content.taxes else []
    amount = _("Amount without VAT") if content.taxes else _("Amount")
    return [_("Description"), _("Quantity"), _("Unit price"), *tax, amount]


def _line(content: Content, line: InvoiceLine) -> dict[str, Any]:
    quantity = abs(line.quantity) if content.document.is_credit_note else line.quantity
    cells = [
        # What was carried, or credited as an amount, has no quantity.
        number_text(quantity) if quantity else "–",
        texts.price_text(line) if quantity else "–",
        *([percent_text(line.tax.percent)] if content.taxes else []),
        content.amount(line.amount),
    ]
    parts = texts.detail_parts(line)
    # A rate of 0 % alone doesn't say which of the sums has it.
    if len(content.taxes) > 1 and not line.tax_percent:
        parts.append(tax_kind(line.tax))
    return {
        "what": line.heading,
        "detail": " · ".join(isolated(texts.unbroken(part)) for part in parts),
        "cells": cells,
    }


def _sums(content: Content) -> list[tuple[str, str]]:
    """The net sum, each tax with the net sum it is computed on, and the tax in the seller's currency."""
    if not content.taxes:
        return []
    rows = [(_("Total excluding VAT"), content.amount(content.document.net))]
    for row in content.taxes:
        on = _("%(tax)s on %(net)s") % {"tax": tax_text(row), "net": texts.ltr(content.amount(row.net))}
        rows.append((on, content.amount(row.tax)))
    if (local := content.local_tax) is not None:
        facts = {"currency": local.currency, "rate": local.rate_text, "date": day_text(local.day)}
        label = _("VAT in %(currency)s at %(rate)s, the rate of %(date)s") % facts
        rows.append((texts.whole_days(label), money_text(abs(local.amount), local.currency)))
    return rows
