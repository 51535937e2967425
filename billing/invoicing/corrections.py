"""Corrections of invoiced days: more is billed on the next invoice, less is credited on the invoice that billed it.

A day may have been billed by several lines: first by that of its month, then by adjustments; parts may be waived. What
goes down lowers the last of them first, so that each invoice and the notes on it stay the price of the
usage that they took, and voiding it frees just that.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

from django.db.models import Sum

from billing.invoicing.draft_lines import ZERO, DraftLine, Terms, charge_of, line_over
from billing.invoicing.taxes import net_left
from billing.invoicing.unbilled import Unbilled
from billing.models import Category, Invoice, InvoiceLine, Margin, UsageClaim, Waiver
from billing.policies import Policy
from billing.pricing.exchange_rates import MissingRate, OldRate
from billing.pricing.price_list import PriceList, more_billable
from billing.tax.computing import group_of
from centers.models import Center

Kind = InvoiceLine.Kind


@dataclass(frozen=True, slots=True)
class Correction:
    """The corrections of a draft.

    `adjustments` are lines of the invoice, never below zero; `reductions` become credit notes on the invoices that
    their `corrects` belong to; `silent` only close their days; `waived` usage went down without having been charged.
    """

    adjustments: tuple[DraftLine, ...] = ()
    reductions: tuple[DraftLine, ...] = ()
    silent: tuple[DraftLine, ...] = ()
    waived: tuple[tuple[Waiver, Unbilled], ...] = ()


@dataclass(slots=True)
class _Taken:
    """What one line and the notes on it took of a day; without a line: what was waived, or closed without an invoice.

    What staff waived (`waiver` is the last one) was never charged, so that nothing is given back for it.
    """

    line: InvoiceLine | None
    waiver: Waiver | None
    margin: Margin | None
    basis: str
    sent: int = 0
    received: int = 0
    failed: int = 0
    cost: Decimal = ZERO
    quantity: int = 0

    @property
    def price(self) -> Decimal:
        """In the currency of the cost."""
        return charge_of(self.cost, self.quantity, self.margin)

    def price_of(self, day: Unbilled) -> Decimal:
        """The price of a difference on the same terms."""
        return charge_of(day.cost, day.billable(self.basis), self.margin)


def correction_lines(
    price_list: PriceList,
    center: Center,
    policy: Policy,
    days: Iterable[Unbilled],
    beyond: Callable[[list[Unbilled]], Iterable[DraftLine]],
) -> Correction:
    """The lines over these days, which were all billed, closed or waived before.

    `beyond` gives the lines over what plans have more or less beyond them, apart from days that went down since staff
    waived them.
    """
    taken = _taken_before(price_list, center, policy, days)
    groups: dict[Terms, list[Unbilled]] = {}
    waived: list[tuple[Waiver, Unbilled]] = []
    for day in days:
        for part, source in _parts(day, taken.get(day.usage_record_id, [])):
            if source and source.waiver and source.price_of(part) < 0:
                waived.append((source.waiver, part))
                continue
            terms = _terms(price_list, center, policy, part, source)
            groups.setdefault(terms, []).append(part)
    lines = [line_over(terms, parts) for terms, parts in groups.items()]
    lines += beyond([part for _waiver, part in waived])
    return replace(_sorted_out(lines, price_list.currency(center)), waived=tuple(waived))


def lowers(day: Unbilled, margin: Margin | None, basis: str) -> bool:
    """Whether the difference of the day is worth less than nothing."""
    return charge_of(day.cost, day.billable(basis), margin) < 0


def _sorted_out(lines: list[DraftLine], currency: str) -> Correction:
    """Credit what goes down where the line that billed it has something left; what is left over is carried."""
    left = _Left([line.corrects for line in lines if line.corrects and line.amount < 0])
    adjustments, reductions, silent = [], [], []
    for line in lines:
        if line.amount >= 0 and line.currency == currency:
            adjustments.append(line)
            continue
        given, before = left.take(line)
        rest = replace(line, amount=-given, credited_before=before)
        if given:
            reductions.append(rest)
        elif line.corrects and line.currency == currency:
            adjustments.append(rest)
        else:
            silent.append(rest)
    return Correction(tuple(adjustments), tuple(reductions), tuple(silent))


class _Left:
    """What notes left of the lines and of what is taxed like them on their invoices; what staff credited of each."""

    def __init__(self, lines: list[InvoiceLine]) -> None:
        self.of_line = {line.pk: line.amount for line in lines}
        self.of_group = net_left({line.invoice_id for line in lines})
        self.by_staff: dict[int, Decimal] = {}
        if not lines:
            return
        notes = InvoiceLine.objects.filter(
            corrects__in=list(self.of_line), invoice__kind=Invoice.Kind.CREDIT_NOTE
        )
        sums = notes.order_by().values_list("corrects", "invoice__credit_kind").annotate(sum=Sum("amount"))
        for pk, kind, amount in sums:
            self.of_line[pk] += amount
            if kind == Invoice.CreditKind.PARTIAL:
                self.by_staff[pk] = -amount

    def take(self, line: DraftLine) -> tuple[Decimal, Decimal]:
        """What of the line can be credited, and what of the rest staff credited before; both positive or zero."""
        billed, less = line.corrects, max(-line.amount, ZERO)
        if billed is None or not less:
            return ZERO, ZERO
        group = (billed.invoice_id, group_of(billed))
        given = max(ZERO, min(less, self.of_line[billed.pk], self.of_group[group]))
        self.of_line[billed.pk] -= given
        self.of_group[group] -= given
        return given, min(less - given, self.by_staff.get(billed.pk, ZERO))


def _parts(day: Unbilled, taken: list[_Taken]) -> Iterator[tuple[Unbilled, _Taken | None]]:
    """The difference, divided among what took the day before: what goes down leaves the last of it first."""
    if not taken:
        yield day, None
        return
    charged = [one for one in reversed(taken) if one.price > 0]
    if taken[-1].price_of(day) >= 0 or not charged:
        yield day, next((one for one in reversed(taken) if one.line), taken[-1])
        return
    rest = day
    for one in charged[:-1]:
        if -one.price_of(rest) <= one.price:
            yield rest, one
            return
        back = replace(rest, sent=-one.sent, received=-one.received, failed=-one.failed, cost=-one.cost)
        yield back, one
        rest = _after(rest, back, one.basis)
    yield rest, charged[-1]


def _after(day: Unbilled, part: Unbilled, basis: str) -> Unbilled:
    """What is left of the difference once `part` of it is claimed."""
    claimed = replace(
        day.claimed,
        sent=day.claimed.sent + part.sent,
        failed=day.claimed.failed + part.failed,
        charged=day.claimed.charged + part.billable(basis),
    )
    return replace(
        day,
        revision=day.revision + 1,
        sent=day.sent - part.sent,
        received=day.received - part.received,
        failed=day.failed - part.failed,
        cost=day.cost - part.cost,
        claimed=claimed,
    )


def _taken_before(
    price_list: PriceList, center: Center, policy: Policy, days: Iterable[Unbilled]
) -> dict[int, list[_Taken]]:
    """What took each of these days (by id of its usage record), the oldest first."""
    corrected = {day.usage_record_id: day for day in days}
    if not corrected:
        return {}
    related = (
        "margin",
        "waiver",
        "line__margin",
        "line__invoice",
        "line__charge",
        "line__corrects__charge",
        "line__corrects__margin",
        "line__corrects__invoice",
    )
    claims = UsageClaim.objects.filter(usage_record__in=list(corrected), voided_at=None)
    rows = claims.select_related(*related).order_by("usage_record_id", "revision")
    found: dict[int, list[_Taken]] = {}
    for pk, own in groupby(rows, lambda claim: claim.usage_record_id):
        of_day: dict[tuple[int | None, bool], _Taken] = {}
        for claim in own:
            line = claim.line.corrects if claim.line and claim.line.invoice.is_credit_note else claim.line
            margin = line.margin if line else claim.margin
            if claim.waiver:
                margin = price_list.margins.find(Category.MESSAGE, center, corrected[pk].day)
            basis = (line.billable if line else "") or policy.billable
            key = (line.pk if line else None, claim.waiver is not None)
            one = of_day.setdefault(key, _Taken(line, None, margin, basis))
            one.waiver = claim.waiver
            _add(one, claim)
        found[pk] = list(of_day.values())
    return found


def _add(taken: _Taken, claim: UsageClaim) -> None:
    taken.sent += claim.sent
    taken.received += claim.received
    taken.failed += claim.failed
    taken.cost += claim.cost
    before, more = (claim.sent_before, claim.failed_before), (claim.sent, claim.failed)
    taken.quantity += more_billable(before, more, taken.basis)


def _terms(
    price_list: PriceList, center: Center, policy: Policy, day: Unbilled, source: _Taken | None
) -> Terms:
    """Corrections keep the margin version, the rate, the basis, the tax and the discount of the line they correct."""
    line = source.line if source else None
    basis = source.basis if source else policy.billable
    falls = source is not None and source.price_of(day) < 0
    if line is not None:
        discount, plan = line.discount_percent, line.charge
    else:
        discount = price_list.discounts.on_messages(center, day.day).percent
        plan = price_list.discounts.plan(center, day.day)
    if line is not None and falls:
        currency, exchange_rate, margin = line.currency, line.exchange_rate, line.margin
    else:
        currency, exchange_rate = (
            price_list.currency(center),
            Decimal(1) if plan else _exchange_rate(price_list, center, day, basis, line),
        )
        margin = _margin(price_list, center, day)
    tax = line.tax if line else price_list.taxes.on(day.day, center, plan)
    own = (Kind.ADJUSTMENT, day.instance, margin, day.currency, exchange_rate, basis, currency, tax)
    return Terms(*own, line, falls, discount, plan)


def _margin(price_list: PriceList, center: Center, day: Unbilled) -> Margin | None:
    if day.before is None:
        return price_list.margins.find(Category.MESSAGE, center, day.day)
    return day.margin_before


def _exchange_rate(
    price_list: PriceList, center: Center, day: Unbilled, basis: str, line: InvoiceLine | None
) -> Decimal:
    # A line without cost may have been issued without a rate: its stored 1 is a placeholder, not a rate.
    has_rate = line is not None and (line.amount or line.exchange_rate != 1)
    if line is not None and has_rate and line.currency == price_list.currency(center):
        return line.exchange_rate
    return rate_for(price_list, center, day, basis)


def rate_for(price_list: PriceList, center: Center, day: Unbilled, basis: str) -> Decimal:
    """The exchange rate for a day's cost; 1 if the day costs nothing and there is no rate, or only an old one.

    Raises MissingRate or OldRate.
    """
    try:
        return price_list.exchange.rate(day.currency, price_list.currency(center), price_list.day)
    except (MissingRate, OldRate):
        if day.cost or day.billable(basis):
            raise
        return Decimal(1)
