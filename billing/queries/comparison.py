"""Why an amount differs from that of the invoice before: from counts and amounts alone, so that centers may read it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Invoice, InvoiceLine
from billing.money import rounded
from centers.values.formats import money_text, number_text
from centers.values.languages import active_language

ZERO = Decimal(0)
NO_BREAK_SPACE = "\u00a0"
Kind = InvoiceLine.Kind


@dataclass(frozen=True, slots=True)
class Side:
    """What one invoice charges, of all its numbers or of one."""

    invoice: Invoice
    messages: int
    for_messages: Decimal
    for_subscriptions: Decimal
    once: Decimal  # what numbers are charged once
    for_charges: Decimal  # what staff entered
    for_the_rest: Decimal  # corrections of earlier months, and what rounding left
    tax: Decimal  # of the whole invoice; zero of one number

    @property
    def amount(self) -> Decimal:
        """All of it."""
        several = self.for_subscriptions + self.once + self.for_charges
        return self.for_messages + several + self.for_the_rest + self.tax

    @property
    def average(self) -> Decimal | None:
        """The average price of a message; None without messages."""
        return self.for_messages / self.messages if self.messages else None

    @property
    def shown_average(self) -> Decimal | None:
        """The average with the decimals that the sentence has."""
        return None if self.average is None else round(self.average, 6).normalize()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two invoices of a center that follow each other, in one currency."""

    before: Side
    now: Side
    currency: str
    is_net: bool = False  # of one number on invoices with tax

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both invoices, the later one first."""
        return self.now, self.before

    @property
    def difference(self) -> Decimal:
        """What `now` is above `before`."""
        return self.now.amount - self.before.amount

    @property
    def effects(self) -> list[tuple[str, Decimal]]:
        """What the difference is made of, each a part of the sentence and an amount; they add up to it."""
        messages, price = self._of_messages()
        subscriptions = self.now.for_subscriptions - self.before.for_subscriptions
        once = self.now.once - self.before.once
        charges = self.now.for_charges - self.before.for_charges
        rest = self.now.for_the_rest - self.before.for_the_rest
        tax = self.now.tax - self.before.tax
        if self.now.shown_average == self.before.shown_average:
            price, rest = ZERO, rest + price
        found = [
            (self._messages_text(messages), messages),
            (self._price_text(price), price),
            (_("%(amount)s for subscriptions") % {"amount": self._signed(subscriptions)}, subscriptions),
            (_("%(amount)s for one-off charges") % {"amount": self._signed(once)}, once),
            (_("%(amount)s for other charges") % {"amount": self._signed(charges)}, charges),
            (_("%(amount)s for corrections and rounding") % {"amount": self._signed(rest)}, rest),
            (_("%(amount)s for VAT") % {"amount": self._signed(tax)}, tax),
        ]
        return [(text, amount) for text, amount in found if amount]

    @property
    def sentence(self) -> str:
        """`12.50 USD more than INV-2026-0003: +10.00 USD for 1,250 more messages, +2.50 USD because …`."""
        params = {
            "amount": self._money(abs(self.difference)),
            "number": self.before.invoice.number,
            "reasons": active_language().comma.join(text for text, _amount in self.effects),
        }
        if not self.effects:
            return _("The same amount as on %(number)s.") % params
        if not self.difference:
            return _("The same amount as on %(number)s: %(reasons)s.") % params
        if self.difference > 0:
            return _("%(amount)s more than on %(number)s: %(reasons)s.") % params
        return _("%(amount)s less than on %(number)s: %(reasons)s.") % params

    def _of_messages(self) -> tuple[Decimal, Decimal]:
        """What more or fewer messages account for, at the average price before; and what the price does."""
        whole = self.now.for_messages - self.before.for_messages
        if self.before.average is None or not self.now.messages:
            return whole, ZERO
        by_count = rounded((self.now.messages - self.before.messages) * self.before.average, self.currency)
        return by_count, whole - by_count

    def _messages_text(self, amount: Decimal) -> str:
        more = self.now.messages - self.before.messages
        params = {"amount": self._signed(amount), "count": number_text(abs(more))}
        if more < 0:
            return (
                ngettext(
                    "%(amount)s for %(count)s fewer message",
                    "%(amount)s for %(count)s fewer messages",
                    abs(more),
                )
                % params
            )
        return (
            ngettext("%(amount)s for %(count)s more message", "%(amount)s for %(count)s more messages", more)
            % params
        )

    def _price_text(self, amount: Decimal) -> str:
        before, now = self.before.average or ZERO, self.now.average or ZERO
        params = {
            "amount": self._signed(amount),
            "before": self._each(self.before),
            "now": self._each(self.now),
        }
        if now > before:
            return _("%(amount)s because a message costs %(now)s on average, up from %(before)s") % params
        return _("%(amount)s because a message costs %(now)s on average, down from %(before)s") % params

    def _each(self, side: Side) -> str:
        return self._money(side.shown_average or ZERO, exact=True)

    def _signed(self, amount: Decimal) -> str:
        return f"{'+' if amount > 0 else '−'}{self._money(abs(amount))}"

    def _money(self, amount: Decimal, *, exact: bool = False) -> str:
        """On one line: the sentence has several amounts, and a phone breaks it."""
        return money_text(amount, self.currency, exact=exact).replace(" ", NO_BREAK_SPACE)


def compare(invoice: Invoice, *, instance_id: int | None = None) -> Comparison | None:
    """The invoice, or its lines over one number, against the center's invoice before it that counts.

    None for other documents, for the first invoice in its currency, and for a number that the one before doesn't name.
    """
    if not invoice.is_bill:
        return None
    earlier = Invoice.objects.filter(
        Invoice.in_force(),
        kind=Invoice.Kind.INVOICE,
        center_id=invoice.center_id,
        currency=invoice.currency,
        first_day__lt=invoice.first_day,
    )
    before = earlier.only("pk", "number", "first_day", "end_day", "tax").order_by("-first_day").first()
    if before is None:
        return None
    sides = [_side(one, instance_id) for one in (before, invoice)]
    if sides[0] is None or sides[1] is None:
        return None
    is_net = instance_id is not None and bool(before.tax or invoice.tax)
    return Comparison(sides[0], sides[1], invoice.currency, is_net)


def _side(invoice: Invoice, instance_id: int | None) -> Side | None:
    lines = InvoiceLine.objects.filter(invoice=invoice)
    if instance_id is not None:
        lines = lines.filter(instance_id=instance_id)
    rows: Any = lines.order_by().values("kind").annotate(messages=Sum("quantity"), charged=Sum("amount"))
    sums: dict[str, Any] = {row["kind"]: row for row in rows}
    if not sums:
        return None
    amounts: dict[str, Decimal] = {kind: row["charged"] for kind, row in sums.items()}
    return Side(
        invoice,
        messages=sums[Kind.USAGE]["messages"] if Kind.USAGE in sums else 0,
        for_messages=amounts.pop(Kind.USAGE, ZERO) + amounts.pop(Kind.BEYOND, ZERO),
        for_subscriptions=amounts.pop(Kind.SUBSCRIPTION, ZERO),
        once=amounts.pop(Kind.ONE_OFF, ZERO),
        for_charges=sum((amounts.pop(kind, ZERO) for kind in (Kind.CHARGE, Kind.RECURRING, Kind.PLAN)), ZERO),
        for_the_rest=sum(amounts.values(), ZERO),
        tax=invoice.tax if instance_id is None else ZERO,
    )
