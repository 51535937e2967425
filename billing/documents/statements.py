"""Statements of account: every change of a center's balance in a time span, from the ledger."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from billing.documents.frozen import Look, document_settings, languages_of, parties
from billing.documents.parties import party
from billing.documents.texts import day_in
from billing.documents.typesetting import Sheet
from billing.models import LedgerEntry
from billing.periods import ONE_DAY, Period, day_start, local_day, zone_of
from centers.models import Center, Reseller
from centers.values.formats import money_text
from centers.values.languages import language_named

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One change; `balance` is what the center owes after it (negative: its credit)."""

    day: date
    entry: LedgerEntry
    balance: Decimal

    @property
    def charged(self) -> Decimal | None:
        """What the center owes more."""
        return self.entry.amount if self.entry.amount > 0 else None

    @property
    def credited(self) -> Decimal | None:
        """What the center owes less."""
        return -self.entry.amount if self.entry.amount < 0 else None

    @property
    def what(self) -> str:
        """Its kind. A statement is for its center, which reads of an adjustment where a debt was written off."""
        if self.entry.kind in (LedgerEntry.Kind.WRITE_OFF, LedgerEntry.Kind.RECOVERY):
            return _("Adjustment")
        return str(self.entry.get_kind_display())

    @property
    def reference(self) -> str:
        """The document's number, or the payment's reference."""
        entry = self.entry
        if entry.invoice is not None:
            return str(entry.invoice)
        if entry.payment is not None:
            return str(entry.payment)
        return str(entry.write_off or entry.conversion or entry.reference)


@dataclass(frozen=True, slots=True)
class Statement:
    """The changes of a center's balance in one currency; positive amounts are debt."""

    center: Center
    currency: str
    period: Period
    opening: Decimal
    rows: list[Row]

    @property
    def closing(self) -> Decimal:
        """The balance after the last day."""
        return self.rows[-1].balance if self.rows else self.opening

    @property
    def charged(self) -> Decimal:
        """The sum of what was added."""
        return sum((row.charged or ZERO for row in self.rows), ZERO)

    @property
    def credited(self) -> Decimal:
        """The sum of what was taken off."""
        return sum((row.credited or ZERO for row in self.rows), ZERO)


def currencies_of(center: Center) -> list[str]:
    """The currencies of the center's ledger; its own comes first."""
    rows = LedgerEntry.objects.filter(center=center).order_by("currency")
    known = rows.values_list("currency", flat=True).distinct()
    return [center.currency, *(name for name in known if name != center.currency)]


def statement_of(center: Center, currency: str, period: Period) -> Statement:
    """The statement of a half-open range of days, in the reseller's zone. Reads three times, however many rows."""
    zone = zone_of(center.reseller)
    entries = LedgerEntry.objects.filter(center=center, currency=currency)
    start, end = day_start(period.first_day, zone), day_start(period.end_day, zone)
    opening = entries.filter(at__lt=start).aggregate(sum=Sum("amount"))["sum"] or ZERO
    balance, rows = opening, []
    inside = entries.filter(at__gte=start, at__lt=end).select_related(
        "invoice", "payment", "conversion", "write_off__invoice"
    )
    for entry in inside.order_by("at", "pk"):
        balance += entry.amount
        rows.append(Row(local_day(entry.at, zone), entry, balance))
    return Statement(center, currency, period, opening, rows)


def statement_sheet(statement: Statement, now: datetime, *, language: str = "") -> Sheet:
    """The statement to be typeset, in the language of the reseller's documents or in `language`."""
    center = statement.center
    reseller = Reseller.objects.get(pk=center.reseller_id)  # with its logo
    look = Look(reseller, parties(center))
    own = languages_of(document_settings(reseller).languages, center.language)
    languages = look.languages(language, own[0]) if language else own
    data = {
        "colour": look.colour,
        "number": f"{statement.period.first_day:%Y-%m-%d} – {statement.period.last_day:%Y-%m-%d}",
        "editions": [_edition(statement, look, now, code, languages[0]) for code in languages],
    }
    return Sheet("statement.typ", data, now.astimezone(UTC).replace(microsecond=0), look.logo)


def _edition(
    statement: Statement, look: Look, now: datetime, language: str, first_language: str
) -> dict[str, Any]:
    currency, days = statement.currency, partial(day_in, first_language)
    with translation.override(language):
        return {
            "language": language,
            "rtl": language_named(language).right_to_left,
            "title": _("Statement of account"),
            "seller": party(look.parties["reseller"], look.reseller.name),
            "buyer": party(look.parties["center"], str(statement.center)),
            "facts": [
                (_("Date"), days(local_day(now, zone_of(look.reseller)))),
                (_("First day"), days(statement.period.first_day)),
                (_("Last day"), days(statement.period.end_day - ONE_DAY)),
                (_("Currency"), currency),
            ],
            "columns": [_("Date"), _("Description"), _("Charges"), _("Payments and credits"), _("Balance")],
            "lines": [_line(row, currency) | {"day": days(row.day)} for row in statement.rows],
            "opening": (_("Opening balance"), money_text(statement.opening, currency)),
            "sums": [money_text(one, currency) for one in (statement.charged, statement.credited)],
            "closing": (balance_text(statement.closing), money_text(abs(statement.closing), currency)),
            "footer": look.parties["reseller"].get("legal_name") or look.reseller.name,
            "words": {"from": _("From"), "to": _("To"), "sums": _("Total"), "logo": _("Logo")},
        }


def balance_text(balance: Decimal) -> str:
    """What a balance at the end means."""
    if balance > 0:
        return _("Balance due")
    return _("Your credit") if balance < 0 else _("Nothing due")


def _line(row: Row, currency: str) -> dict[str, Any]:
    amounts = [
        "" if one is None else money_text(one, currency) for one in (row.charged, row.credited, row.balance)
    ]
    return {
        "what": row.what,
        "reference": row.reference,
        "amounts": amounts,
    }
