"""Invoices and credit notes as PDF, with only what a customer may see."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Invoice, InvoiceLine, InvoiceTax
from billing.money import legible
from billing.periods import Period, part_of_month
from billing.pricing.rate_types.known import type_name
from billing.tax.texts import address_of, numbers_of, percent_of, tax_text
from billing.typesetting import frame, typeset
from centers.models import Reseller
from centers.values.formats import day_text, money_text, number_text
from centers.values.languages import LANGUAGES


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says, read from the database; `typeset` computes, and reads nothing."""

    data: dict[str, Any]
    issued_at: datetime

    def typeset(self) -> bytes:
        """The document as PDF."""
        return typeset("invoice.typ", self.data, at=self.issued_at.astimezone(UTC).replace(microsecond=0))


def document_of(invoice: Invoice, *, language: str = "") -> Document:
    """The document in the language it was issued in, or in `language`, the code of one of ours.

    Names and amounts are those of the day of issue; only the logo, the color and the payment instructions are
    current. Costs, margins and profits are never passed to the typesetter.
    """
    chosen = next((code for code in (language, invoice.language) if code in LANGUAGES), "en")
    with translation.override(chosen):
        return Document(_document(invoice, chosen), invoice.issued_at)


def invoice_pdf(invoice: Invoice, *, language: str = "") -> bytes:
    """The document as PDF."""
    return document_of(invoice, language=language).typeset()


def invoice_filename(invoice: Invoice) -> str:
    """`INV-2026-0001.pdf`."""
    return f"{invoice.number}.pdf"


def _document(invoice: Invoice, language: str) -> dict[str, Any]:
    reseller = Reseller.objects.get(pk=invoice.reseller_id)  # with its logo, which the usual queries defer
    seller, buyer = invoice.parties.get("reseller", {}), invoice.parties.get("center", {})
    is_payable = not invoice.is_credit_note and invoice.voided_at is None
    taxes = list(invoice.taxes.all())
    return {
        **frame(reseller, language),
        "title": _title(invoice, is_taxed=bool(taxes)),
        "number": invoice.number,
        "seller": _party(seller, reseller.name),
        "buyer": _party(buyer, str(invoice.center)),
        "facts": _facts(invoice),
        "note": _note(invoice),
        "columns": [
            _("Description"),
            _("Quantity"),
            _("Unit price"),
            *([_("VAT")] if taxes else []),
            _("Amount"),
        ],
        "lines": [
            _line(line, is_taxed=bool(taxes)) for line in invoice.lines.select_related("corrects__invoice")
        ],
        "sums": _sums(invoice, taxes),
        "total": money_text(invoice.total, invoice.currency),
        "pay": reseller.payment_instructions.strip() if is_payable else "",
        "footer": seller.get("name") or reseller.name,
        "words": {
            "from": _("From"),
            "to": _("To"),
            "total": _("Total including VAT") if taxes else _("Total"),
            "pay": _("How to pay"),
        },
    }


def _title(invoice: Invoice, *, is_taxed: bool) -> str:
    if invoice.is_credit_note:
        return _("Tax credit note") if is_taxed else _("Credit note")
    return _("Tax invoice") if is_taxed else _("Invoice")


def _party(party: dict[str, Any], name: str) -> dict[str, Any]:
    """A party as it was on the day of issue: with its legal name, and its own name where that differs."""
    own = party.get("name") or name
    legal = party.get("legal_name") or own
    address = [_isolated(line) for line in address_of(party)]
    lines = [own if own != legal else "", party.get("contact_name", ""), *address]
    return {
        "name": own if own == legal else _isolated(legal),
        "lines": [line for line in lines if line],
        "numbers": numbers_of(party),
        "codes": _codes(party),
    }


def _isolated(text: str) -> str:
    """Text in its own direction: an address in Latin letters keeps its order on an Arabic document."""
    return f"\u2068{text}\u2069"


def _sums(invoice: Invoice, taxes: list[InvoiceTax]) -> list[tuple[str, str]]:
    """The net sum, and each tax with the net sum it is computed on."""
    if not taxes:
        return []
    currency = invoice.currency
    rows = [(_("Total excluding VAT"), money_text(invoice.net, currency))]
    for row in taxes:
        on = _("%(tax)s on %(net)s") % {"tax": tax_text(row), "net": money_text(row.net, currency)}
        rows.append((on, money_text(row.tax, currency)))
    return rows


def _codes(party: dict[str, Any]) -> list[str]:
    """Isolate text that is left-to-right in every language."""
    return [str(party[key]) for key in ("email", "phone", "support_contact") if party.get(key)]


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    facts = [(_("Issued"), day_text(invoice.issued_on))]
    if not invoice.is_credit_note:
        facts.append((_("Due"), day_text(invoice.due_on)))
    last = invoice.end_day.fromordinal(invoice.end_day.toordinal() - 1)
    return [*facts, (_("First day"), day_text(invoice.first_day)), (_("Last day"), day_text(last))]


def _note(invoice: Invoice) -> str:
    if invoice.credits:
        return f"{credit_text(invoice, invoice.credits)} {invoice.reason}".strip()
    return _("This invoice was voided by a credit note.") if invoice.voided_at else ""


def credit_text(note: Invoice, credited: Invoice) -> str:
    """What a credit note does to its invoice, which is named with its day."""
    facts = {"number": credited.number, "date": day_text(credited.issued_on)}
    if note.credit_kind == Invoice.CreditKind.VOID:
        return _("This voids invoice %(number)s of %(date)s.") % facts
    if note.credit_kind == Invoice.CreditKind.CORRECTION:
        return _("This credits usage of invoice %(number)s of %(date)s that was corrected later.") % facts
    return _("This credits a part of invoice %(number)s of %(date)s.") % facts


def corrected_text(number: str, issued_on: date, position: int) -> str:
    """`INV-2026-0001 of 5 Mar 2026, line 2`: the line that another one credits or adds to."""
    facts = {"number": number, "date": day_text(issued_on), "position": position}
    return _("%(number)s of %(date)s, line %(position)s") % facts


def part_text(days: int, of: int) -> str:
    """`19 of 28 days`."""
    return ngettext("%(days)s of %(of)s days", "%(days)s of %(of)s days", days) % {"days": days, "of": of}


def _line(line: InvoiceLine, *, is_taxed: bool) -> dict[str, str]:
    detail = _detail(line)
    if (billed := line.corrects) is not None:
        source = corrected_text(billed.invoice.number, billed.invoice.issued_on, billed.position)
        detail = f"{detail} · {source}"
    return {
        "what": line.number_label or _("Carried over"),
        "detail": detail,
        # What was carried, or credited as an amount, has no quantity.
        "quantity": number_text(line.quantity) if line.quantity else "–",
        "price": _price(line) if line.quantity else "–",
        **({"tax": percent_of(line.tax)} if is_taxed else {}),
        "amount": money_text(line.amount, line.currency),
    }


def _price(line: InvoiceLine) -> str:
    each = legible(line.unit_price, line.quantity, line.currency)
    return money_text(each, line.currency, exact=True)


def _detail(line: InvoiceLine) -> str:
    if line.is_carried:
        return _("What rounding left of earlier invoices")
    last = line.end_day.fromordinal(line.end_day.toordinal() - 1)
    kind = type_name(line.rate_type) if line.rate_type else line.get_kind_display()
    days = f"{day_text(line.first_day)} – {day_text(last)}"
    if line.is_one_off:
        days = day_text(line.first_day)
    elif line.is_subscription and (part := part_of_month(Period(line.first_day, line.end_day))):
        days = f"{days} · {part_text(*part)}"
    return f"{kind} · {days}"
