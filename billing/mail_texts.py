"""Texts of the mails to centers. Resale amounts only: a center never sees a cost or a margin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Charge, Invoice, Payment
from billing.money import format_amount
from centers.models import Center
from centers.notifications.registry import Content
from centers.values.formats import day_text


def invoice_issued(invoice: Invoice) -> Content:
    """A new invoice, with the amount still due after credit was used."""
    lines = [
        _("Your invoice %(number)s for %(first)s to %(last)s is ready.") % _period(invoice),
        "",
        _("Amount: %(amount)s") % {"amount": _money(invoice.total, invoice.currency)},
    ]
    if invoice.open_amount <= 0:
        lines.append(_("Nothing is left to pay."))
    elif invoice.open_amount != invoice.total:
        lines.append(_("Amount due: %(amount)s") % {"amount": _money(invoice.open_amount, invoice.currency)})
    if invoice.open_amount > 0:
        lines.append(_("Due date: %(date)s") % {"date": day_text(invoice.due_on)})
    subject = _("Invoice %(number)s from %(reseller)s") % _names(invoice)
    return letter(
        "invoice.issued",
        subject,
        invoice.center,
        lines,
        _of_invoice(invoice),
        asks_for_money=invoice.open_amount > 0,
    )


def credit_note_issued(note: Invoice, credited: Invoice) -> Content:
    """An invoice was voided, or a part of it credited."""
    if note.credit_kind == Invoice.CreditKind.VOID:
        return invoice_voided(note, credited)
    return invoice_credited(note, credited)


def invoice_voided(note: Invoice, credited: Invoice) -> Content:
    """An invoice was voided."""
    line = _("Credit note %(note)s voids invoice %(number)s for %(amount)s.") % {
        "note": note.number,
        "number": credited.number,
        "amount": _money(credited.total, credited.currency),
    }
    return _credit_letter("invoice.voided", note, credited, [line])


def invoice_credited(note: Invoice, credited: Invoice) -> Content:
    """A part of an invoice was credited: by staff, or because its usage was corrected."""
    values = {
        "note": note.number,
        "amount": _money(abs(note.total), note.currency),
        "number": credited.number,
        "date": day_text(credited.issued_on),
    }
    lines = [
        _("Credit note %(note)s credits %(amount)s of invoice %(number)s of %(date)s.") % values,
        note.reason or _("Later figures show less usage than was invoiced."),
    ]
    return _credit_letter("invoice.credited", note, credited, lines)


def _credit_letter(wording: str, note: Invoice, credited: Invoice, lines: list[str]) -> Content:
    subject = _("Credit note %(number)s from %(reseller)s") % _names(note)
    fields = {"note": note.number, "credited": _money(abs(note.total), note.currency), "reason": note.reason}
    return letter(wording, subject, note.center, lines, _of_invoice(credited) | fields)


def reminder(invoice: Invoice, day: date) -> Content:
    """An invoice that will soon be due, is due today, or is overdue."""
    late = (day - invoice.due_on).days
    values = {
        "number": invoice.number,
        "amount": _money(invoice.open_amount, invoice.currency),
        "date": day_text(invoice.due_on),
        "days": late,
    }
    if late > 0:
        subject = _("Invoice %(number)s is overdue") % values
        line = (
            ngettext(
                "Invoice %(number)s was due on %(date)s (%(days)s day ago). The unpaid amount is %(amount)s.",
                "Invoice %(number)s was due on %(date)s (%(days)s days ago). The unpaid amount is %(amount)s.",
                late,
            )
            % values
        )
    else:
        subject = _("Invoice %(number)s is due on %(date)s") % values
        line = _("Invoice %(number)s is due on %(date)s. The unpaid amount is %(amount)s.") % values
    lines, fields = [line], _of_invoice(invoice) | {"days": str(abs(late))}
    if late <= 0:
        return letter("invoice.reminder", subject, invoice.center, lines, fields, asks_for_money=True)
    fees = Charge.late_fees_of(invoice)
    fields["late_fees"] = _money(fees, invoice.currency) if fees else ""
    if fees:
        lines.append(_("Late fees charged for it so far: %(late_fees)s.") % fields)
    return letter("invoice.overdue", subject, invoice.center, lines, fields, asks_for_money=True)


def final_warning(invoice: Invoice, suspends_on: date) -> Content:
    """The last mail before the center is suspended."""
    values = {
        "number": invoice.number,
        "amount": _money(invoice.open_amount, invoice.currency),
        "date": day_text(invoice.due_on),
        "day": day_text(suspends_on),
    }
    subject = _("Final warning: invoice %(number)s") % values
    return letter(
        "invoice.final_warning",
        subject,
        invoice.center,
        [
            _("Invoice %(number)s was due on %(date)s. The unpaid amount is %(amount)s.") % values,
            _("If it isn't paid, your WhatsApp numbers will be suspended on %(day)s.") % values,
        ],
        _of_invoice(invoice) | {"suspension_day": values["day"]},
        asks_for_money=True,
    )


def prices_changed(center: Center, day: date, changes: Iterable[str]) -> Content:
    """Prices change from a day on; each change is one line."""
    lines = list(changes)
    subject = _("Your prices change on %(day)s") % {"day": day_text(day)}
    intro = _("From %(day)s these prices apply to you:") % {"day": day_text(day)}
    bullets = "\n".join(f"• {line}" for line in lines)
    fields = {"day": day_text(day), "prices": bullets}
    outro = _("Messages up to the day before are charged at the prices until then.")
    return letter("prices.changed", subject, center, [intro, bullets, "", outro], fields)


def suspended(center: Center, amount: Decimal, currency: str, numbers: str) -> Content:
    """The center is suspended."""
    subject = _("Your WhatsApp numbers are suspended")
    line = _("Your WhatsApp numbers are suspended because %(amount)s is overdue (%(numbers)s).") % {
        "amount": _money(amount, currency),
        "numbers": numbers,
    }
    lines = [line, _("Service resumes automatically once it's paid.")]
    fields = {"amount_due": _money(amount, currency), "invoices": numbers}
    return letter("center.suspended", subject, center, lines, fields, asks_for_money=True)


def resumed(center: Center) -> Content:
    """The center is resumed."""
    return letter(
        "center.resumed",
        _("Your WhatsApp numbers are active again"),
        center,
        [_("Your WhatsApp numbers are active again. Thank you.")],
        {},
    )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a payment did, as it is now: what it paid of which invoices, and what is left to pay in each currency."""

    payment: Payment
    paid: tuple[tuple[Invoice, Decimal], ...]
    credit: Decimal  # what of it is kept for later invoices
    unpaid: Mapping[str, Decimal]

    @property
    def amount(self) -> str:
        """The payment itself."""
        return _money(self.payment.amount, self.payment.currency)

    @property
    def lines(self) -> str:
        """A line for each invoice that it paid, and one for what is kept as credit."""
        lines = [_paid_line(invoice, amount) for invoice, amount in self.paid]
        if self.credit > 0:
            credit = _money(self.credit, self.payment.currency)
            lines.append(_("Credit for later invoices: %(amount)s") % {"amount": credit})
        return "\n".join(f"• {line}" for line in lines)

    @property
    def left(self) -> str:
        """What is left to pay, or "" if nothing is."""
        return " + ".join(_money(amount, currency) for currency, amount in self.unpaid.items())


def _paid_line(invoice: Invoice, amount: Decimal) -> str:
    values = {"number": invoice.number, "amount": _money(amount, invoice.currency)}
    if invoice.open_amount <= 0 and invoice.written_off:
        return _("Invoice %(number)s: %(amount)s") % values
    if invoice.open_amount <= 0:
        return _("Invoice %(number)s: %(amount)s, paid in full") % values
    values["left"] = _money(invoice.open_amount, invoice.currency)
    return _("Invoice %(number)s: %(amount)s, %(left)s still unpaid") % values


def payment_received(receipt: Receipt) -> Content:
    """A payment arrived: what it paid, and what is left."""
    payment = receipt.payment
    values = {"amount": receipt.amount, "date": day_text(payment.received_on)}
    lines = [
        _("We received your payment of %(amount)s on %(date)s. Thank you.") % values,
        _("Reference: %(reference)s") % {"reference": payment},
    ]
    if receipt.lines:
        lines += ["", _("What it was used for:"), receipt.lines]
    unpaid = (
        _("Still unpaid: %(amount)s") % {"amount": receipt.left}
        if receipt.left
        else _("Nothing is left to pay.")
    )
    fields = {
        "amount": receipt.amount,
        "date": values["date"],
        "reference": str(payment),
        "used_for": receipt.lines,
        "unpaid": receipt.left,
    }
    subject = _("Payment received: %(amount)s") % values
    return letter("payment.received", subject, payment.center, [*lines, "", unpaid], fields)


def letter(
    wording: str,
    subject: str,
    center: Center,
    lines: list[str],
    fields: Mapping[str, str],
    *,
    asks_for_money: bool = False,
) -> Content:
    """The letter without its signature, which every message has from the reseller."""
    name = center.contact_name or center.name
    parts = [_("Hello %(name)s,") % {"name": name}, "", *lines]
    how_to_pay = center.reseller.payment_instructions if asks_for_money else ""
    if how_to_pay:
        parts += ["", _("How to pay:"), how_to_pay]
    fields = {"name": name, "center": center.name, "how_to_pay": how_to_pay, **fields}
    return Content(subject, "\n".join(parts), wording=wording, fields=fields)


def _of_invoice(invoice: Invoice) -> dict[str, str]:
    return {
        "invoice": invoice.number,
        "amount": _money(invoice.total, invoice.currency),
        "amount_due": _money(invoice.open_amount, invoice.currency),
        "due_date": day_text(invoice.due_on),
    }


def _money(amount: Decimal, currency: str) -> str:
    return format_amount(amount, currency)


def _names(invoice: Invoice) -> dict[str, str]:
    return {"number": invoice.number, "reseller": invoice.center.reseller.name}


def _period(invoice: Invoice) -> dict[str, str]:
    last = date.fromordinal(invoice.end_day.toordinal() - 1)
    return {
        "number": invoice.number,
        "first": day_text(invoice.first_day),
        "last": day_text(last),
    }
