"""Converting credit in one currency, so that it covers what is due in another one: an act of staff, never automatic.

The rate is one of the dated ones, or one that staff type with the reason, such as the bank's. A conversion is undone by
one that reverses it.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from django.db import transaction
from django.utils.translation import gettext as _

from billing.dunning.suspension import resume_if_paid
from billing.ledger import lock, post, settle, sums
from billing.limits.terms import refresh_exposure
from billing.models import CreditConversion, LedgerEntry
from billing.money import PRECISION, exact_amount, format_amount, rounded
from billing.periods import today
from billing.pricing.conversion import Converter, Way
from billing.pricing.exchange_rates import SAME, is_unusual
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from centers.values.formats import exact_text

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
    is_typed: bool = False


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


def unusual_rate(center: Center, base: str, quote: str, rate: Decimal, now: datetime) -> Decimal | None:
    """The dated rate, as one number, if the typed `rate` is so far from it that it may be a slip."""
    way = Converter(center.reseller, today(center.reseller, now)).way(base, quote)
    if not isinstance(way, Way):
        return None
    known = round(_times(SAME, way.rate, way.divisor), 10)
    return known if is_unusual(rate, known) else None


def plan_conversion(
    *,
    center: Center,
    amount: Decimal | str,
    from_currency: str,
    to_currency: str,
    now: datetime,
    rate: Decimal | None = None,
) -> Conversion:
    """What `amount` of the credit becomes, without recording it; one unit of `from_currency` is `rate` of the other.

    Without a rate the dated one is taken. OperationRefused: more than the credit, the same currency, no usable exchange
    rate, or nothing left after rounding.
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
    way = _way(center, from_currency, to_currency, rate, now)
    result = converted_amount(value, way, to_currency)
    if not result:
        raise OperationRefused(
            _("This is worth less than the smallest amount of %(currency)s.") % {"currency": to_currency},
            field="amount",
        )
    return Conversion(value, from_currency, result, to_currency, way, is_typed=rate is not None)


def convert_credit(
    *,
    center: Center,
    amount: Decimal | str,
    from_currency: str,
    to_currency: str,
    by: User | None,
    now: datetime,
    rate: Decimal | None = None,
    because: str = "",
) -> CreditConversion:
    """Convert credit at today's dated exchange rate, or at a typed `rate`, in two ledger entries that name each other.

    Refusals are those of plan_conversion(); a typed rate needs a reason. What is due is covered and the center resumed
    as by a payment.
    """
    reason = checked_line(because, 300)
    if rate is not None and not reason:
        raise OperationRefused(_("Enter the reason for another rate, such as the bank's."), field="because")
    with transaction.atomic():
        center = lock(center)
        plan = plan_conversion(
            center=center,
            amount=amount,
            from_currency=from_currency,
            to_currency=to_currency,
            now=now,
            rate=rate,
        )
        row = _written(center, plan, by, now, reason=reason if plan.is_typed else "")
        _settled("credit.converted", row, by, now)
    return row


def reverse_conversion(
    *, conversion: CreditConversion, because: str, by: User | None, now: datetime
) -> CreditConversion:
    """Undo a conversion, once, with two entries of its own: the credit is back, and what it covered is due again.

    Unlike converting back, it takes the same amounts. OperationRefused: no reason, a reversal, or reversed already.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for reversing the conversion."), field="because")
    with transaction.atomic():
        center = lock(conversion.center)
        if conversion.reverses_id or CreditConversion.objects.filter(reverses=conversion).exists():
            raise OperationRefused(_("This conversion has already been reversed."))
        way = Way(conversion.divisor, conversion.rate, conversion.rate_day)
        back = Conversion(
            conversion.to_amount,
            conversion.to_currency,
            conversion.from_amount,
            conversion.from_currency,
            way,
            conversion.is_typed,
        )
        row = _written(center, back, by, now, reason=reason, reverses=conversion)
        _settled("credit.conversion_reversed", row, by, now)
    return row


def _way(center: Center, base: str, quote: str, typed: Decimal | None, now: datetime) -> Way:
    day = today(center.reseller, now)
    if typed is not None:
        if not typed.is_finite() or not 0 < typed < 10**9 or typed != round(typed, 10):
            text = _("An exchange rate must be above zero and have at most 10 decimals.")
            raise OperationRefused(text, field="rate")
        return Way(typed, SAME, day)
    way = Converter(center.reseller, day).way(base, quote)
    if not isinstance(way, Way):
        raise OperationRefused(
            _(
                "There is no current exchange rate from %(base)s to %(quote)s. Enter one under Prices, or one for "
                "this conversion alone."
            )
            % {"base": base, "quote": quote},
            field="to_currency",
        )
    return way


def _settled(action: str, row: CreditConversion, by: User | None, now: datetime) -> None:
    """The effects of a conversion on the invoices and the center, and its audit entry; the center is locked."""
    center = row.center
    settle(center, now)
    refresh_exposure(center, now)
    resume_if_paid(center=center, now=now, by=by)
    entries.record(
        action,
        reseller=center.reseller,
        center=center,
        by=by,
        target=center,
        now=now,
        topics=("billing", "centers", "instances"),
        amount=exact_text(row.from_amount, row.from_currency),
        total=exact_text(row.to_amount, row.to_currency),
        rate=f"{row.rate.normalize():f} / {row.divisor.normalize():f} ({row.rate_day.isoformat()})",
        **({"because": row.reason} if row.reason else {}),
    )


def _written(
    center: Center,
    plan: Conversion,
    by: User | None,
    now: datetime,
    *,
    reason: str,
    reverses: CreditConversion | None = None,
) -> CreditConversion:
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
        is_typed=plan.is_typed,
        reason=reason,
        reverses=reverses,
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
