"""What rounding leaves: carried to the center's next invoice as its own line, exact, or settled when it is closed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from billing.invoicing.draft_lines import ZERO, DraftLine
from billing.models import BillingPeriod, CarriedAmount, Invoice, InvoiceLine, TaxTerms
from billing.money import total_of, truncated
from billing.periods import Period
from billing.tax.computing import Group, group_of
from centers.models import Center, User

Kind = CarriedAmount.Kind


@dataclass(frozen=True, slots=True)
class Rest:
    """What lines leave to be carried, by currency: price less amount, and what staff had credited of it before."""

    rounding: dict[str, Decimal]
    credited_before: dict[str, Decimal]

    @classmethod
    def of(cls, lines: Iterable[DraftLine], *, is_billed: bool = True) -> "Rest":
        """The rest of these lines; of all of their price if they are not billed."""
        rounding: dict[str, Decimal] = {}
        before: dict[str, Decimal] = {}
        for line in lines:
            amount = line.amount if is_billed else ZERO
            if not line.is_carried:
                own = (rounding.get(line.currency, ZERO), line.exact, amount.copy_negate())
                rounding[line.currency] = total_of(own)
                before[line.currency] = before.get(line.currency, ZERO) + line.credited_before
        return cls(rounding, before)


def carried(center: Center) -> dict[str, Decimal]:
    """What is carried to the center's next invoice, by currency, without zeros; negative: too much was billed."""
    return carried_of([center])[center.pk]


def carried_of(centers: Iterable[Center]) -> dict[int, dict[str, Decimal]]:
    """The same for each of several centers, by id."""
    found: dict[int, dict[str, Decimal]] = {center.pk: {} for center in centers}
    rows = CarriedAmount.objects.filter(center__in=list(found)).order_by("center_id", "currency")
    for pk, currency, amount in rows.values_list("center_id", "currency").annotate(sum=Sum("amount")):
        if amount:
            found[pk][currency] = amount
    return found


def carried_line(
    carried: Mapping[str, Decimal], period: Period, currency: str, lines: Iterable[DraftLine], tax: TaxTerms
) -> DraftLine | None:
    """The line that bills what is `carried`, as far as `currency` has decimals; None below the smallest one.

    What is carried is net and was taxed on no document: it is taxed here, with the lines that have the largest sum,
    or by `tax` where there are none. Never more than what makes that sum zero, when too much was billed before.
    """
    priced = [line for line in lines if line.currency == currency]
    amount = truncated(carried.get(currency, ZERO), currency)
    largest, like = _largest(priced, tax)
    amount = max(amount, -largest)
    if not amount:
        return None
    terms = next((line for line in priced if line.amount), None)
    return DraftLine(
        kind=InvoiceLine.Kind.CARRIED,
        instance=None,
        first_day=period.first_day,
        end_day=period.end_day,
        quantity=0,
        sent=0,
        received=0,
        failed=0,
        cost=ZERO,
        # Profit is compared in the currency of the costs.
        cost_currency=terms.cost_currency if terms else currency,
        margin=None,
        percent=ZERO,
        fixed=ZERO,
        exchange_rate=terms.exchange_rate if terms else Decimal(1),
        amount=amount,
        exact=amount,
        currency=currency,
        tax=like,
    )


def _largest(lines: Iterable[DraftLine], otherwise: TaxTerms) -> tuple[Decimal, TaxTerms]:
    """The largest net sum of the lines that are taxed alike, and their tax."""
    sums: dict[Group, Decimal] = {}
    terms: dict[Group, TaxTerms] = {}
    for line in lines:
        sums[group_of(line)] = sums.get(group_of(line), ZERO) + line.amount
        terms.setdefault(group_of(line), line.tax)
    found = max(sums, key=lambda group: sums[group], default=None)
    return (ZERO, otherwise) if found is None else (sums[found], terms[found])


def billed(
    *, period: BillingPeriod, lines: Iterable[InvoiceLine], by: User | None, now: datetime
) -> list[CarriedAmount]:
    """The unsaved row that takes what the carried line of the period's invoice bills; stored before what is carried."""
    about = {"period": period, "document": period.invoice, "by": by, "at": now}
    return [
        _row(period.center, Kind.BILLED, line.currency, -line.amount, **about)
        for line in lines
        if line.is_carried
    ]


def left_of(
    *,
    center: Center,
    rest: Rest,
    by: User | None,
    now: datetime,
    period: BillingPeriod | None = None,
    document: Invoice | None = None,
) -> list[CarriedAmount]:
    """The unsaved rows that carry what is left of a closed period or of a credit note."""
    about = {"period": period, "document": document, "by": by, "at": now}
    return [
        _row(center, kind, currency, amount, **about)
        for kind, amounts in ((Kind.ROUNDING, rest.rounding), (Kind.CREDITED, rest.credited_before))
        for currency, amount in amounts.items()
        if amount
    ]


def carry(*, center: Center, rest: Rest, document: Invoice, by: User | None, now: datetime) -> None:
    """Carry what is left of a credit note."""
    CarriedAmount.objects.bulk_create(left_of(center=center, rest=rest, document=document, by=by, now=now))


def void_carried(
    *, invoice: Invoice, period: BillingPeriod, note: Invoice, by: User | None, now: datetime
) -> None:
    """Undo what the voided invoice and the notes on it carried or billed: its usage is to be billed again."""
    own = Q(document=invoice) | Q(document__credits=invoice) | Q(period=period)
    rows = CarriedAmount.objects.filter(own).order_by("currency").values_list("currency")
    for currency, amount in rows.annotate(sum=Sum("amount")):
        _add(note.center, Kind.VOIDED, currency, amount.copy_negate(), document=note, by=by, at=now)


def write_off(
    *, center: Center, currency: str, document: Invoice | None, by: User | None, now: datetime
) -> None:
    """Settle what is carried, once no invoice will bill it; `document` is the note that gave back what it could."""
    amount = carried(center).get(currency, ZERO)
    _add(center, Kind.SETTLED, currency, amount.copy_negate(), document=document, by=by, at=now)


def _add(center: Center, kind: CarriedAmount.Kind, currency: str, amount: Decimal, **fields: Any) -> None:
    rows = [_row(center, kind, currency, amount, **fields)] if amount else []
    CarriedAmount.objects.bulk_create(rows)


def _row(
    center: Center, kind: CarriedAmount.Kind, currency: str, amount: Decimal, **fields: Any
) -> CarriedAmount:
    return CarriedAmount(
        reseller_id=center.reseller_id,
        center=center,
        kind=kind,
        amount=amount,
        currency=currency,
        **fields,
    )
