"""Three months of the demo's money: rates, margins, usage, invoices, payments and open balances."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count

from billing.charges import add_charge, add_discount
from billing.invoicing import issue_invoice
from billing.models import Category, Charge, Invoice, Margin, UsageRecord
from billing.money import rounded
from billing.payments import record_payment
from billing.periods import Period, day_start, month_of, today, zone_of
from billing.policies import save_center_policy, save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.margin_versions import set_margin
from billing.pricing.rates import refresh_rates
from billing.usage.fetching import read_usage
from billing.usage.main_account import read_account_usage
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.tenancy.scoping import tenant
from devstack.demo_data.places import PLACES
from whatsapp.models import Instance

Say = Callable[[str], None]
SLICE = 6  # numbers per line of progress

_RATES = {"SAR": "3.75", "EGP": "49.2", "LYD": "5.46", "KWD": "0.3071", "AED": "3.6725", "OMR": "0.3845"}
#: Positions in PLACES of centers whose invoice of the month before last is unpaid: long overdue, so they get suspended.
_OWE_TWO = (5, 17)
#: ... of those whose last invoice is overdue.
_OWE_ONE = (3, 12, 24)
#: ... of those with longer terms, whose last invoice is open.
_LONG_TERMS = (0, 8, 20, 31)
#: ... of those whose last invoice is overdue, with some extra days, so their suspension is near.
_SOON = (14, 28)
_SOON_DAYS = 3
_ISSUE_TO_DUE_DAYS = 14
ONCE = Charge.Every.ONCE
#: Position of a center, amount in US dollars, what the invoice says, and how often.
_CHARGES: tuple[tuple[int, str, str, dict[str, Any]], ...] = (
    (1, "20", "Priority support", {"every": Charge.Every.MONTH}),
    (2, "5", "نسخ احتياطي لكل رقم", {"every": Charge.Every.MONTH, "per_number": True}),
    (7, "15", "Set-up of a new number", {"per_number": True}),
    (11, "60", "Training of the front desk", {}),
    (19, "120", "Yearly service plan", {"every": Charge.Every.YEAR}),
)
#: Percent off everything, by the center's position.
_DISCOUNTS = {1: "5", 26: "10"}


def months(reseller: Reseller, now: datetime) -> tuple[Period, Period]:
    """The month before last and last month, the two that are invoiced."""
    last = month_of(today(reseller, now).replace(day=1) - timedelta(days=1))
    return month_of(last.first_day - timedelta(days=1)), last


def set_prices(reseller: Reseller, owner: User, now: datetime) -> None:
    """Rates from MazBot; margins for all, for one country and for one center; exchange rates."""
    start = months(reseller, now)[0].first_day
    with tenant(reseller):
        if Margin.objects.exists():
            return
        # An install of that age would know them since then; the second answer is the same, and current.
        for read_at in (day_start(start, zone_of(reseller)), now):
            refresh_rates(reseller=reseller, now=read_at)
    with tenant(reseller), transaction.atomic():
        favourite = Center.objects.get(name=PLACES[1].name)
        margins = (
            (Category.MESSAGE, "22", "0.002", None, ""),
            (Category.SUBSCRIPTION, "15", "1", None, ""),
            (Category.MESSAGE, "30", "0.0015", None, "3"),
            (Category.MESSAGE, "18", "0.001", favourite, ""),
        )
        for category, percent, fixed, center, country_id in margins:
            set_margin(
                reseller=reseller,
                category=category,
                percent=Decimal(percent),
                fixed=Decimal(fixed),
                center=center,
                country_id=country_id,
                valid_from=start,
                by=owner,
                now=now,
            )
        for day in (start, months(reseller, now)[1].first_day, today(reseller, now).replace(day=1)):
            for quote, rate in _RATES.items():
                set_exchange_rate(
                    reseller=reseller, base="USD", quote=quote, day=day, rate=Decimal(rate), by=owner, now=now
                )


def hold_invoicing(reseller: Reseller, owner: User, now: datetime) -> None:
    """Nothing is invoiced automatically until the demo is filled."""
    with tenant(reseller):
        save_policy(reseller=reseller, by=owner, now=now, auto_invoice=False)


def set_policies(reseller: Reseller, owner: User, now: datetime) -> None:
    """A few centers have longer payment terms, two a longer time until suspension."""
    due_on = months(reseller, now)[1].end_day + timedelta(days=1 + _ISSUE_TO_DUE_DAYS)
    grace = max(0, (today(reseller, now) - due_on).days + _SOON_DAYS)
    policies = {position: {"payment_terms_days": 45} for position in _LONG_TERMS}
    policies |= {position: {"grace_days": grace} for position in _SOON}
    with tenant(reseller):
        for position, terms in policies.items():
            center = Center.objects.get(name=PLACES[position].name)
            save_center_policy(center=center, by=owner, now=now, **terms)


def add_charges(reseller: Reseller, owner: User, now: datetime) -> None:
    """Support and set-up fees since the first invoiced month, a training with the next invoice, two discounts."""
    first, today_ = months(reseller, now)[0].first_day, today(reseller, now)
    with tenant(reseller), transaction.atomic():
        if Charge.objects.exists():
            return
        for position, dollars, description, fields in _CHARGES:
            center = Center.objects.get(name=PLACES[position].name)
            amount = rounded(Decimal(dollars) * Decimal(_RATES[center.currency]), center.currency)
            day = today_ if fields.get("every", ONCE) == ONCE and not fields.get("per_number") else first
            add_charge(
                center=center, amount=amount, description=description, day=day, by=owner, now=now, **fields
            )
        for position, percent in _DISCOUNTS.items():
            center = Center.objects.get(name=PLACES[position].name)
            add_discount(center=center, percent=Decimal(percent), day=first, by=owner, now=now)


def read_history(reseller: Reseller, now: datetime, say: Say) -> None:
    """Every day of every number since the first invoiced month, as MazBot answers it."""
    first, last_day = months(reseller, now)[0].first_day, today(reseller, now)
    days = [first + timedelta(days=ahead) for ahead in range((last_day - first).days + 1)]
    started = time.monotonic()
    with tenant(reseller):
        seen = _days_read()
        numbers = [
            one
            for one in Instance.objects.select_related("center").order_by("pk")
            if seen.get(one.pk, 0) < len(days)
        ]
        for begin in range(0, len(numbers), SLICE):
            outcome = read_usage(
                reseller=reseller, instances=numbers[begin : begin + SLICE], days=days, now=now
            )
            if outcome.failures:
                raise OperationRefused(f"{outcome.failures[0][0]}: {outcome.failures[0][1]}")
            done = min(begin + SLICE, len(numbers))
            say(f"usage: {done} of {len(numbers)} numbers, {time.monotonic() - started:.0f} s")
        read_account_usage(reseller=reseller, now=now, days=days)


def _days_read() -> dict[int, int]:
    """How many days of each number an earlier, killed run imported."""
    return dict(UsageRecord.objects.order_by().values_list("instance").annotate(Count("pk")))


def issue_and_pay(reseller: Reseller, owner: User, biller: User, now: datetime) -> None:
    """Invoices on the second of each following month; most are paid a week later."""
    with tenant(reseller):
        centers = {center.name: center for center in Center.objects.order_by("pk")}
        for back, period in zip((1, 0), months(reseller, now), strict=True):
            issued_at = _morning(reseller, period.end_day + timedelta(days=1), now)
            for position, place in enumerate(PLACES):
                invoice = _issue(centers[place.name], period, owner, issued_at)
                if invoice is not None and invoice.open_amount and not _still_unpaid(position, back):
                    _pay(invoice, position, biller, now)


def finish(reseller: Reseller, owner: User, now: datetime) -> None:
    """From here on the product invoices automatically."""
    with tenant(reseller):
        save_policy(reseller=reseller, by=owner, now=now, auto_invoice=True)


def _issue(center: Center, period: Period, owner: User, at: datetime) -> Invoice | None:
    try:
        return issue_invoice(center=center, period=period, by=owner, now=at)
    except OperationRefused:
        # Issued by an earlier, killed run; or a number was disconnected all month and nothing is to be charged.
        issued = Invoice.objects.filter(center=center, kind=Invoice.Kind.INVOICE, voided_at=None)
        return issued.filter(first_day=period.first_day).first()


def _pay(invoice: Invoice, position: int, biller: User, now: datetime) -> None:
    paid_on = min(invoice.issued_on + timedelta(days=4 + position % 8), today(invoice.reseller, now))
    record_payment(
        center=invoice.center,
        amount=invoice.total,
        currency=invoice.currency,
        reference=f"TRF-{paid_on:%Y%m%d}-{invoice.sequence:04d}",
        received_on=paid_on,
        by=biller,
        now=_morning(invoice.reseller, paid_on, now),
    )


def _still_unpaid(position: int, back: int) -> bool:
    """`back` is 0 for last month's invoice, 1 for the one before."""
    if position in _OWE_TWO:
        return True
    return back == 0 and position in (*_OWE_ONE, *_LONG_TERMS, *_SOON)


def _morning(reseller: Reseller, day: date, now: datetime) -> datetime:
    """Nine o'clock on that day, but never after now."""
    return min(day_start(day, zone_of(reseller)).astimezone(UTC) + timedelta(hours=9), now)
