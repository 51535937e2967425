"""Whose payment a line of a statement is: proposed by invoice number, name and amount, never decided."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.models import BankLine, Invoice
from centers.models import Center, Reseller
from centers.values.names import name_keys

_NOT_NAMED = re.compile(r"[^0-9A-Z]+")
_WORDS = re.compile(r"\w+")
_LEAST = 3  # letters of a word that counts in a name
NUMBER, NAME_AND_AMOUNT, AMOUNT, NAME = "number", "name_and_amount", "amount", "name"
_SAID: dict[str, Promise] = {
    NUMBER: _("Invoice number in the text"),
    NAME_AND_AMOUNT: _("Name and amount"),
    AMOUNT: _("Only invoice with this amount"),
    NAME: _("Name in the text"),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A center, the invoices that the payment would settle, and what speaks for it. `strong`: two facts agree."""

    center: Center
    why: str
    invoices: list[Invoice] = field(default_factory=list)
    strong: bool = False

    @property
    def said(self) -> Promise:
        """What speaks for it, in words."""
        return _SAID[self.why]

    @property
    def mark(self) -> str:
        """Center and invoices, to tell whether a proposal is still the one that was ticked."""
        return f"{self.center.pk}:{','.join(str(row.pk) for row in self.invoices)}"


class Matcher:
    """Proposes for many lines: open invoices and names are read once."""

    def __init__(self, reseller: Reseller, lines: Iterable[BankLine]) -> None:
        rows = Invoice.objects.filter(reseller=reseller, kind=Invoice.Kind.INVOICE, open_amount__gt=0)
        self._open = list(rows.select_related("center").order_by("due_on", "pk"))
        self._of_center: dict[int, list[Invoice]] = defaultdict(list)
        for invoice in self._open:
            self._of_center[invoice.center_id].append(invoice)
        self._centers = {row.pk: row for row in Center.objects.filter(reseller=reseller, archived_at=None)}
        texts = [f"{line.payer} {line.text}" for line in lines]
        self._keys = name_keys([*texts, *(row.name for row in self._centers.values())])

    def propose(self, line: BankLine) -> Proposal | None:
        """The best proposal for a line; None if nothing speaks for anyone, or for two alike."""
        return self._by_number(line) or self._by_name(line) or self._by_amount(line)

    def _by_number(self, line: BankLine) -> Proposal | None:
        text = _plain(f"{line.text} {line.reference} {line.payer}")
        named = [
            row for row in self._open if row.currency == line.currency and _holds(text, _plain(row.number))
        ]
        centers = {row.center_id for row in named}
        if len(centers) != 1:
            return None
        due = sum((row.open_amount for row in named), Decimal(0))
        return Proposal(named[0].center, NUMBER, named, strong=due == line.amount)

    def _by_name(self, line: BankLine) -> Proposal | None:
        said = set(_WORDS.findall(self._keys[f"{line.payer} {line.text}"]))
        named = []
        for center in self._centers.values():
            words = [one for one in _WORDS.findall(self._keys[center.name]) if len(one) >= _LEAST]
            if words and said.issuperset(words):
                named.append((len(words), center))
        longest = max((count for count, _center in named), default=0)
        best = [center for count, center in named if count == longest]
        if len(best) != 1:
            return None
        fitting = self._fitting(best[0], line)
        return Proposal(best[0], NAME_AND_AMOUNT if fitting else NAME, fitting, strong=bool(fitting))

    def _fitting(self, center: Center, line: BankLine) -> list[Invoice]:
        """The one invoice over this amount, or all that are open if they add up to it."""
        rows = [row for row in self._of_center[center.pk] if row.currency == line.currency]
        one = [row for row in rows if row.open_amount == line.amount]
        if one:
            return one[:1]
        return rows if rows and sum(row.open_amount for row in rows) == line.amount else []

    def _by_amount(self, line: BankLine) -> Proposal | None:
        rows = [row for row in self._open if (row.currency, row.open_amount) == (line.currency, line.amount)]
        return Proposal(rows[0].center, AMOUNT, rows) if len(rows) == 1 else None


def _plain(text: str) -> str:
    return " " + _NOT_NAMED.sub(" ", text.upper()).strip() + " "


def _holds(text: str, number: str) -> bool:
    """Whether the text has the number as whole words, also where a bank dropped what separates its parts."""
    return number in text or f" {number.replace(' ', '')} " in text
