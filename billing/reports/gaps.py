"""Where the main account, the numbers and the invoices don't add up: days and months that people look after."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import COST_TOLERANCE, AccountUsageRecord, GapItem, UsageCheck
from billing.periods import ONE_DAY, Period, local_day, month_of
from billing.policies import reseller_policy
from billing.queries.late import corrections_to_come
from billing.reports.gap_items import Key, update_items
from billing.reports.reconciliation import TIME_TO_INVOICE, TOLERANCE, Reconciled, reconcile
from billing.usage.account_ahead import days_ahead
from billing.usage.completeness import unread_dates
from billing.usage.main_account import first_day_of_numbers, outdated_account_days, unread_account_days
from billing.usage.number_sums import MAIN_ACCOUNT, Window
from centers.models import Reseller
from whatsapp.accounts import account_of
from whatsapp.models import MazbotAccount

ZERO = Decimal(0)
Kind = GapItem.Kind


def check_gap(reseller: Reseller, now: datetime) -> list[date]:
    """Compare, and bring the differences and their alert up to date; return the days with a gap, oldest first.

    Compared are the days of the last months (as many as sums are compared of) and older days with a difference, if the
    main account and every number were read for since they ended: never the running day. What can't be compared stays as
    it is, so that nothing closes for lack of figures. A day that waits for the main account, or for numbers, opens
    nothing, and what is the same already is settled.
    """
    account = account_of(reseller)
    today = local_day(now, ZoneInfo(account.time_zone))
    waiting = outdated_account_days(account, today) | days_ahead(account, now)
    window = Window.of(reseller, today).days
    older = _undone(reseller, Kind.DAY).filter(first_day__lt=window.first_day)
    rows = reconcile(
        reseller,
        window,
        apart=not_comparable(reseller, now, also_waiting=False),
        also=set(older.values_list("first_day", flat=True)),
    )
    rows = [row for row in rows if not (row.differs and row.first_day in waiting)]
    amounts: dict[Key, Decimal] = {
        (Kind.DAY, row.first_day, row.currency): row.gap for row in rows if row.gap is not None
    }
    amounts |= dict(_of_months(reseller, window, today))
    update_items(reseller, amounts, now)
    return [row.first_day for row in rows if row.differs]


def not_comparable(reseller: Reseller, now: datetime, *, also_waiting: bool = True) -> set[date]:
    """The running day of MazBot's calendar, the one after it, days not read since they ended, and before all numbers.

    A number that MazBot doesn't know has an alert of its own and keeps no day from being compared. What an account used
    before its first number was entered is no difference. `also_waiting`: so are days of which a number changed since
    the main account was read, or the main account since numbers were asked about.
    """
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None:
        return set()
    zone = ZoneInfo(account.time_zone)
    today = local_day(now, zone)
    unread_numbers = unread_dates(reseller, today - ONE_DAY, zone)
    rows = AccountUsageRecord.objects.filter(reseller=reseller)
    first = first_day_of_numbers(account)
    before = set((rows.filter(day__lt=first) if first else rows).values_list("day", flat=True))
    of_account = set(unread_account_days(account, today))
    if also_waiting:
        of_account |= days_ahead(account, now)
    else:
        of_account -= outdated_account_days(account, today)
    return {today, today + ONE_DAY, *of_account, *unread_numbers, *before}


def _of_months(reseller: Reseller, window: Period, today: date) -> Iterator[tuple[Key, Decimal]]:
    """MazBot's total of a month against the month's days, and usage of a month that no invoice took, or will take."""
    account = account_of(reseller)
    checks = UsageCheck.objects.filter(reseller=reseller, mazbot_id=MAIN_ACCOUNT).exclude(checked_at=None)
    for check in checks.filter(month__gte=window.first_day, month__lt=today.replace(day=1)):
        gap = check.cost_gap if abs(check.cost_gap) > COST_TOLERANCE else ZERO
        yield (Kind.MONTH, check.month, account.cost_currency), gap
    waits = timedelta(days=reseller_policy(reseller).close_after_days) + TIME_TO_INVOICE
    rows = _months_with_items(reseller, window)
    days = Period(min([row.first_day for row in rows], default=window.first_day), window.end_day)
    coming = corrections_to_come(reseller, days)
    for row in rows:
        if month_of(row.first_day).end_day + waits <= today:
            left = row.unbilled_cost - coming.get((row.first_day, row.currency), ZERO)
            yield (Kind.UNBILLED, row.first_day, row.currency), left if abs(left) > TOLERANCE else ZERO


def _months_with_items(reseller: Reseller, window: Period) -> list[Reconciled]:
    """The window's months, and all since the first one with a difference that is still there."""
    first = _undone(reseller, Kind.UNBILLED).order_by("first_day").first()
    first_day = min(first.first_day, window.first_day) if first else window.first_day
    return reconcile(reseller, Period(first_day, window.end_day), by_months=True)


def _undone(reseller: Reseller, kind: GapItem.Kind) -> QuerySet[GapItem]:
    """Items whose figures still differ: open, explained, or settled by a person."""
    rows = GapItem.objects.filter(reseller=reseller, kind=kind)
    return rows.exclude(state=GapItem.State.SETTLED, amount=ZERO)
