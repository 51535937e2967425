"""What documents and pages say about invoices, credit notes and their lines."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import BeyondClaim, ExchangeRate, Invoice, InvoiceLine
from billing.money import legible
from billing.periods import Period, part_of_month
from billing.pricing.rate_types.known import type_name
from centers.values.formats import day_text, money_text, number_text, percent_text

ONE = 1
_SHORT = 34  # as long as two days
#: `5 Mar 2026`, in any script.
_DAY = re.compile(r"\b(\d{1,2}) ([^\W\d]+) (\d{4})\b")


def day_in(language: str, day: date) -> str:
    """The day in that language: a document in two languages writes it once."""
    with translation.override(language):
        return day_text(day)


def title_of(document: Invoice, *, is_taxed: bool, is_simplified: bool) -> str:
    """What the document calls itself."""
    if document.is_credit_note:
        return _("Tax credit note") if is_taxed else _("Credit note")
    if document.is_advance:
        simplified = _("Simplified tax invoice for an advance payment")
        return simplified if is_simplified else _("Tax invoice for an advance payment")
    if not is_taxed:
        return _("Invoice")
    return _("Simplified tax invoice") if is_simplified else _("Tax invoice")


def credit_text(note: Invoice, credited: Invoice) -> str:
    """What a credit note does to its invoice, which is named with its day."""
    facts = {"number": credited.number, "date": day_text(credited.issued_on)}
    if note.credit_kind == Invoice.CreditKind.VOID:
        return _("This voids invoice %(number)s of %(date)s.") % facts
    if note.is_of_advance:
        return (
            _("This credits advance invoice %(number)s of %(date)s: that amount is no longer kept.") % facts
        )
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


def plan_text(line: Any) -> str:
    """`Plan “Basic”`, `Messages beyond the plan “Basic”`: of a line over a plan or its messages; "" of any other."""
    if line.is_plan_price:
        return _("Plan “%(plan)s”") % {"plan": line.description}
    if line.is_beyond:
        return _("Messages beyond the plan “%(plan)s”") % {"plan": line.description}
    if line.is_in_plan:
        return _("Messages in the plan “%(plan)s”") % {"plan": line.description}
    return ""


def counted_text(messages: int, included: int) -> str:
    """`412 of 1,000 included messages used`, or how many are beyond."""
    facts = {"messages": number_text(messages), "included": number_text(included)}
    if messages <= included:
        return _("%(messages)s of %(included)s included messages used") % facts
    facts["beyond"] = number_text(messages - included)
    return _("%(messages)s messages, %(included)s of them included, %(beyond)s beyond") % facts


def discount_text(line: Any) -> str:
    """`Discount 20 %` or `Discount 5.00 USD`; "" without one. The price is what is left after it."""
    if line.is_in_plan:
        return ""
    if line.discount_percent:
        return _("Discount %(discount)s") % {"discount": percent_text(line.discount_percent)}
    if line.discount_amount:
        amount = money_text(line.discount_amount, line.discount_currency)
        return _("Discount %(discount)s") % {"discount": amount}
    return ""


def detail_parts(line: InvoiceLine) -> list[str]:
    """What the line charges, for which days, with its discount; of a correction, the line that it corrects."""
    parts = [part for part in (*_own_detail(line), discount_text(line)) if part]
    if (billed := line.corrects) is not None:
        parts.append(corrected_text(billed.invoice.number, billed.invoice.issued_on, billed.position))
    return parts


def _own_detail(line: InvoiceLine) -> list[str]:
    if line.is_carried:
        return [_("What rounding left of earlier invoices")]
    last = line.end_day.fromordinal(line.end_day.toordinal() - 1)
    kind = type_name(line.rate_type) if line.rate_type else plan_text(line) or line.get_kind_display()
    if line.is_charge and line.number_label and not line.is_plan_price:
        kind = line.description
    if line.is_advance:
        return [line.description, day_text(line.first_day)]
    if line.is_one_off or line.kind == InvoiceLine.Kind.CHARGE:
        return [kind, day_text(line.first_day)]
    parts = [kind, f"{day_text(line.first_day)} – {day_text(last)}"]
    if line.has_share_of_month and (part := part_of_month(Period(line.first_day, line.end_day))):
        parts.append(part_text(*part))
    return parts


def price_text(line: InvoiceLine) -> str:
    """The price of one, with enough digits that it explains the amount."""
    each = legible(line.unit_price, line.quantity, line.currency)
    return money_text(each, line.currency, exact=True)


def explanations(document: Invoice, lines: Iterable[InvoiceLine]) -> list[str]:
    """How prices and amounts came about: averages, prices with tax, exchange rates. No cost is in it."""
    if document.is_of_advance:
        return (
            []
            if document.is_credit_note
            else [_("This amount was paid in advance. The next invoices deduct it.")]
        )
    rows = list(lines)
    texts = []
    averages = (line for line in rows if line.is_messages and not line.has_plan_price)
    if any(line.amount and line.quantity for line in averages):
        texts.append(
            _(
                "The unit price of messages is an average: each type of message has its own price in your price list. "
                "The average is the amount divided by the quantity."
            )
        )
    if any(line.tax_included for line in rows):
        texts.append(_("Prices in your price list include VAT; the amounts here are without it."))
    pairs = {(line.cost_currency, line.currency, line.exchange_rate): line for line in rows}
    texts += _plans(document, rows)
    return [*texts, *(_exchange(document, line) for line in pairs.values() if line.exchange_rate != ONE)]


def _plans(document: Invoice, lines: Iterable[InvoiceLine]) -> list[str]:
    """What was used of each plan of the center as a whole; a plan for each number has its counts on its lines."""
    plans = {line.charge_id: line.description for line in lines if line.is_in_plan or line.is_beyond}
    if not plans:
        return []
    claims = BeyondClaim.objects.filter(
        period__invoice=document, charge__in=list(plans), instance=None, revision=0
    )
    counts = claims.order_by("pk").values_list("charge_id", "messages", "included")
    return [f"{plans[charge]}: {counted_text(messages, included)}." for charge, messages, included in counts]


def rate_text(base: str, rate: Decimal, quote: str) -> str:
    """`1 USD = 3.75 SAR`, from left to right in every language."""
    return ltr(f"1 {base} = {number_text(rate.normalize())} {quote}")


def whole_days(text: str) -> str:
    """The text with days that are not broken at the end of a line."""
    return _DAY.sub("\\1\u00a0\\2\u00a0\\3", text)


def unbroken(text: str) -> str:
    """The text with days, and as a whole if it is short, not broken at the end of a line: `10 of 28 days`."""
    whole = whole_days(text)
    # A line may end after a dash, also before a space that is kept.
    return whole.replace(" ", "\u00a0").replace("–", "–\u2060") if len(whole) <= _SHORT else whole


def ltr(text: str) -> str:
    """Text that keeps its order from left to right and is not broken at the end of a line."""
    return f"\u2066{text}\u2069".replace(" ", "\u00a0")


def _exchange(document: Invoice, line: InvoiceLine) -> str:
    facts = {"rate": rate_text(line.cost_currency, line.exchange_rate, line.currency)}
    known = ExchangeRate.objects.filter(
        reseller_id=document.reseller_id,
        base=line.cost_currency,
        quote=line.currency,
        rate=line.exchange_rate,
        day__lt=line.end_day,
        entered_at__lte=document.issued_at,
    )
    row = known.order_by("-day", "-pk").first()
    if row is None:  # derived from other rates
        return _("Prices in another currency were converted at %(rate)s.") % facts
    facts["date"] = day_text(row.day)
    return _("Prices in another currency were converted at %(rate)s, the rate of %(date)s.") % facts
