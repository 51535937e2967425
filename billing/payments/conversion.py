"""Converting credit in one currency, so that it covers what is due in another one: an act of staff, never automatic."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from django.db import transaction
from django.utils.translation import gettext as _

from billing.dunning.suspension import resume_if_paid
from billing.ledger import lock, post, settle, sums
from billing.models import CreditConversion, LedgerEntry
from billing.money import PRECISION, exact_amount, format_amount, rounded
from billing.periods import today
from billing.pricing.conversion import Converter, Way
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, User

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Convertible:
    """Credit in one currency beside what is due in another; `way` is None without a rate that can be used."""

    from_currency: str
    credit: Decimal
    to_currency: str
    due: Decimal
    way: Way | None

    @property
    def suggested(self) -> Decimal:
        """As much of the credit as covers what is due, at most all of it; zero without a rate."""
        if self.way is None:
            return ZERO
        needed = _times(self.due, self.way.divisor, self.way.rate)
        least = rounded(needed, self.from_currency)
        smallest = Decimal(1).scaleb(Decimal(least.as_tuple().exponent))
        if converted_amount(least, self.way, self.to_currency) < self.due:
            least += smallest
        return min(self.credit, least)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion as it would be recorded now."""

    from_amount: Decimal
    from_currency: str
    to_amount: Decimal
    to_currency: str
    way: Way


def convertible(center: Center, now: datetime) -> list[Convertible]:
    """Each currency with credit beside each with a debt, and beside the center's own; empty without such a pair."""
    balances = sums(center)
    converter = Converter(center.reseller, today(center.reseller, now))
    due = {currency: amount for currency, amount in balances.items() if amount > 0}
    due.setdefault(center.currency, ZERO)
    found = []
    for base, balance in balances.items():
        for quote, amount in sorted(due.items(), key=lambda one: (one[1] <= 0, one[0])):
            if balance < 0 and base != quote:
                way = converter.way(base, quote)
                usable = way if isinstance(way, Way) else None
                credit, debt = rounded(-balance, base), rounded(amount, quote)
                found.append(Convertible(base, credit, quote, debt, usable))
    return found


def converted_amount(amount: Decimal, way: Way, currency: str) -> Decimal:
    """The amount in the other currency, rounded once."""
    return rounded(_times(amount, way.rate, way.divisor), currency)


def plan_conversion(
    *, center: Center, amount: Decimal | str, from_currency: str, to_currency: str, now: datetime
) -> Conversion:
    """What `amount` of the credit becomes, without recording it.

    OperationRefused: more than the credit, the same currency, no usable exchange rate, or nothing left after rounding.
    """
    value = exact_amount(amount, from_currency)
    credit = max(ZERO, -sums(center).get(from_currency, ZERO))
    if value > credit:
        raise OperationRefused(
            _("“%(center)s” has a credit of %(credit)s. You can't convert %(amount)s.")
            % {
                "center": center,
                "credit": format_amount(credit, from_currency),
                "amount": format_amount(value, from_currency),
            },
            field="amount",
        )
    if from_currency == to_currency:
        raise OperationRefused(_("The two currencies must differ."), field="to_currency")
    way = Converter(center.reseller, today(center.reseller, now)).way(from_currency, to_currency)
    if not isinstance(way, Way):
        raise OperationRefused(
            _("There is no current exchange rate from %(base)s to %(quote)s. Enter one under Prices.")
            % {"base": from_currency, "quote": to_currency},
            field="to_currency",
        )
    result = converted_amount(value, way, to_currency)
    if not result:
        raise OperationRefused(
            _("This is worth less than the smallest amount of %(currency)s.") % {"currency": to_currency},
            field="amount",
        )
    return Conversion(value, from_currency, result, to_currency, way)


def convert_credit(
    *,
    center: Center,
    amount: Decimal | str,
    from_currency: str,
    to_currency: str,
    by: User | None,
    now: datetime,
) -> CreditConversion:
    """Convert credit at today's dated exchange rate, in two ledger entries that name each other.

    Refusals are those of plan_conversion(). What is due is covered and the center resumed as by a payment.
    """
    with transaction.atomic():
        center = lock(center)
        plan = plan_conversion(
            center=center, amount=amount, from_currency=from_currency, to_currency=to_currency, now=now
        )
        row = _written(center, plan, by, now)
        settle(center, now)
        resume_if_paid(center=center, now=now, by=by)
        entries.record(
            "credit.converted",
            reseller=center.reseller,
            center=center,
            by=by,
            target=center,
            now=now,
            topics=("billing", "centers", "instances"),
            amount=f"{plan.from_amount:f} {from_currency}",
            total=f"{plan.to_amount:f} {to_currency}",
            rate=f"{plan.way.rate:f} / {plan.way.divisor:f} ({plan.way.day.isoformat()})",
        )
    return row


def _written(center: Center, plan: Conversion, by: User | None, now: datetime) -> CreditConversion:
    """The row of the conversion, and the two entries that belong to it."""
    row: CreditConversion = CreditConversion.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        from_amount=plan.from_amount,
        from_currency=plan.from_currency,
        to_amount=plan.to_amount,
        to_currency=plan.to_currency,
        rate=plan.way.rate,
        divisor=plan.way.divisor,
        rate_day=plan.way.day,
        at=now,
        by=by,
    )
    for amount, currency in ((plan.from_amount, plan.from_currency), (-plan.to_amount, plan.to_currency)):
        post(
            center=center,
            kind=LedgerEntry.Kind.CONVERSION,
            amount=amount,
            currency=currency,
            conversion=row,
            by=by,
            now=now,
        )
    return row


def _times(amount: Decimal, rate: Decimal, divisor: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = PRECISION
        return amount * rate / divisor
