"""Exchange rates by day, as entered by staff. A missing rate is never taken as zero."""

from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db import transaction

from billing.models import ExchangeRate
from billing.policies import reseller_policy
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Reseller, User
from centers.stored_messages import StoredMessage as _

SAME = Decimal(1)
#: A rate that differs more than this from the last one is asked for again.
UNUSUAL = Decimal("0.25")


class MissingRate(OperationRefused):
    """No exchange rate was entered for this pair and day, so nothing can be priced in it."""

    def __init__(self, base: str, quote: str, day: date) -> None:
        super().__init__(
            _("There is no exchange rate from %(base)s to %(quote)s for %(day)s. Enter one under Prices.")
            % {"base": base, "quote": quote, "day": day}
        )
        self.base, self.quote, self.day = base, quote, day


class OldRate(OperationRefused):
    """The last rate entered for this pair is too old for an invoice."""

    def __init__(self, base: str, quote: str, entered: date, day: date) -> None:
        super().__init__(
            _(
                "The exchange rate from %(base)s to %(quote)s is from %(entered)s, too old for %(day)s. "
                "Enter one for that day, or a day shortly before it, under Prices."
            )
            % {"base": base, "quote": quote, "entered": entered, "day": day}
        )
        self.base, self.quote, self.entered, self.day = base, quote, entered, day


class Exchange:
    """A reseller's rates, each pair read once: create one per operation."""

    def __init__(self, reseller: Reseller, unsaved: ExchangeRate | None = None) -> None:
        self._reseller, self._unsaved = reseller, unsaved
        self._known: dict[tuple[str, str], list[tuple[Decimal, date]]] = {}

    @cached_property
    def block_days(self) -> int:
        """The age in days above which a rate is no longer used for an invoice."""
        return reseller_policy(self._reseller).exchange_block_days

    def find(self, base: str, quote: str, day: date) -> Decimal | None:
        """The newest rate for `day` or a day before it, however old; 1 within one currency; None when missing."""
        found = self.newest(base, quote, day)
        return found and found[0]

    def newest(self, base: str, quote: str, day: date) -> tuple[Decimal, date] | None:
        """The rate that `find` returns, and its first day."""
        if base == quote:
            return SAME, day
        if (base, quote) not in self._known:
            rows = ExchangeRate.objects.filter(reseller=self._reseller, base=base, quote=quote)
            known = list(rows.order_by("-day", "-pk").values_list("rate", "day"))
            self._known[base, quote] = self._with_unsaved(known, base, quote)
        return next((dated for dated in self._known[base, quote] if dated[1] <= day), None)

    def _with_unsaved(
        self, known: list[tuple[Decimal, date]], base: str, quote: str
    ) -> list[tuple[Decimal, date]]:
        own = self._unsaved
        if own is None or (own.base, own.quote) != (base, quote):
            return known
        # The newest of its day comes first; sorting keeps the order of equals.
        return sorted([(own.rate, own.day), *known], key=lambda dated: dated[1], reverse=True)

    def rate(self, base: str, quote: str, day: date) -> Decimal:
        """The rate an invoice of `day` uses. Raises MissingRate without one, OldRate when it is too old."""
        found = self.newest(base, quote, day)
        if found is None:
            raise MissingRate(base, quote, day)
        rate, entered = found
        # A rate of the day itself, such as that of one currency to itself, needs no look at the policy.
        if entered < day and is_too_old(entered, day, self.block_days):
            raise OldRate(base, quote, entered, day)
        return rate


def is_too_old(entered: date, day: date, limit: int) -> bool:
    """Whether a rate entered for `entered` is more than `limit` days older than `day`."""
    return (day - entered).days > limit


def last_known_rate(reseller: Reseller, base: str, quote: str, day: date) -> Decimal | None:
    """What a rate of `day` can be compared with: the one before it, or the next one, or that of the opposite pair."""
    rows = ExchangeRate.objects.filter(reseller=reseller)
    for pair, inverse in (((base, quote), False), ((quote, base), True)):
        of_pair = rows.filter(base=pair[0], quote=pair[1])
        row = of_pair.filter(day__lte=day).order_by("-day", "-pk").first() or of_pair.order_by("day").first()
        if row is not None:
            return 1 / row.rate if inverse else row.rate
    return None


def is_unusual(rate: Decimal, known: Decimal | None) -> bool:
    """Whether the rate is so far from the known one that it may be a slip: a currency seldom moves by a quarter."""
    return known is not None and not known * (1 - UNUSUAL) <= rate <= known * (1 + UNUSUAL)


def set_exchange_rate(
    *, reseller: Reseller, base: str, quote: str, day: date, rate: Decimal, by: User | None, now: datetime
) -> ExchangeRate:
    """Set the rate from `day` on: one unit of `base` equals `rate` units of `quote`. A correction is a new row."""
    if base == quote:
        raise OperationRefused(_("The two currencies must differ."), field="quote")
    if not rate.is_finite() or not 0 < rate < 10**9 or rate != round(rate, 10):
        raise OperationRefused(
            _("An exchange rate must be above zero and have at most 10 decimals."), field="rate"
        )
    with transaction.atomic():
        row: ExchangeRate = ExchangeRate.objects.create(
            reseller=reseller, base=base, quote=quote, day=day, rate=rate, entered_at=now, entered_by=by
        )
        entries.record(
            "exchange_rate.entered",
            reseller=reseller,
            by=by,
            target=row,
            now=now,
            topics=("billing",),
            rate=f"{rate:f}",
        )
    return row
