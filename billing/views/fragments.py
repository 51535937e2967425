"""Fragments for other apps' pages: money and quota on the home page, a center's money on its page."""

from datetime import datetime
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from billing import queries
from billing.dunning import broken_promises, open_disputes, planned_for
from billing.dunning.suspension import active_hold, open_invoices
from billing.invoicing import carried, is_late_correction
from billing.models import CreditTerms, Invoice, Suspension
from billing.payments import convertible
from billing.periods import Period, month_of, today
from billing.pricing.conversion import Converter
from billing.pricing.estimates import charges_by_number, month_so_far
from billing.pricing.links import ListedLink, working_links
from billing.pricing.price_list import PriceList
from billing.queries.kept_sums import last_read_of_all
from billing.queries.plans import chosen_plans, plans_on
from billing.reports.gaps import not_comparable
from billing.reports.kept import is_large
from billing.reports.kept_profit import kept_profits
from billing.reports.kept_refresh import ask
from billing.reports.profit import Profit, last_months, profit_report
from billing.reports.quota import BURN_DAYS, quota_runway, senders_shown
from billing.unbilled.accrued import numbers_so_far
from billing.views.sharing import share_of_prices
from billing.views.time_span import Span, chart_summary, counts_by_slot, usage_chart
from centers import clock
from centers.models import Center, Reseller
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.sharing import Share

__all__ = [
    "center_balance",
    "center_invoices",
    "center_prices",
    "center_usage",
    "home_money",
    "home_quota",
]

SHOWN = 10
SOON_DAYS = 14


def _center(pk: int) -> Center:
    center: Center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    return center


@staff(Permission.VIEW_INVOICES)
@require_GET
def home_money(request: TenantRequest) -> HttpResponseBase:
    """`#home-money`: open, overdue, this month so far; profit only for those who may see costs."""
    now = clock.now()
    month = month_of(today(request.reseller, now))
    with_costs = Permission.VIEW_COSTS in request.permissions
    takings = queries.takings(request.reseller, now)
    converter = Converter(request.reseller, today(request.reseller, now))
    earned, read_at, adding_up = _earned(request.reseller, month, now) if with_costs else ([], None, False)
    context = {
        "total": queries.total_takings(
            takings, request.reseller, converter, also=[row.currency for row in earned]
        ),
        "owing": [row for row in takings if row.open],
        "turnover": [row for row in takings if row.invoiced or row.paid],
        "late": Center.objects.filter(payment_status=Center.PaymentStatus.OVERDUE, archived_at=None).count(),
        "suspended": Suspension.objects.filter(ended_at=None).count(),
        "month": month,
        "earned": earned,
        "read_at": read_at,
        "adding_up": adding_up,
    }
    return render(request, "billing/parts/home_money.html", context)


def _earned(reseller: Reseller, month: Period, now: datetime) -> tuple[list[Profit], datetime | None, bool]:
    """The month's profit so far, as the profit page has it: one row, and one for each currency without a rate.

    Then when the usage in it was read, and whether it is still being added up.
    """
    read_at = last_read_of_all(reseller)
    if is_large(reseller):
        kept = kept_profits(reseller, month)
        ask(reseller, last_months(month), now)
        at = min(read_at, kept.made_at) if read_at and kept.made_at else None
        return kept.months, at, kept.missing
    day, apart = today(reseller, now), not_comparable(reseller, now)
    report = profit_report(reseller, month, today=day, apart=apart)
    return report.summed(report.rows, "month"), read_at, False


@staff(Permission.VIEW)
@require_GET
def home_quota(request: TenantRequest) -> HttpResponseBase:
    """`#home-quota`: what is left, how long it lasts, who uses most."""
    runway = quota_runway(request.reseller, clock.now())
    top = senders_shown(request.reseller, clock.now())
    most = max((sent for _name, sent in top.rows), default=0)
    context = {
        "runway": runway,
        "soon": runway.days_left is not None and runway.days_left < SOON_DAYS,
        "top_senders": [(name, sent, round(100 * sent / most)) for name, sent in top.rows],
        "senders_at": top.made_at,
        "burn_days": BURN_DAYS,
    }
    return render(request, "billing/parts/home_quota.html", context)


@staff(Permission.VIEW_COSTS)
@require_GET
def center_prices(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#center-prices`: the center's price list with cost and margin."""
    center = _center(pk)
    price_list = PriceList(request.reseller, today(request.reseller, clock.now()), center=center)
    rows = price_list.for_center(center)
    chosen = chosen_plans(center, price_list.day)
    context = {
        "center": center,
        "rows": rows,
        "fetched_at": price_list.read_at(price_list.country_id(center)),
        "plans": plans_on(center, price_list.day),
        "chosen": chosen,
        "later": [charge for charge in chosen if charge.first_day > price_list.day],
        "links": [] if center.archived_at else _price_links(request, center),
    }
    return render(request, "billing/parts/center_prices.html", context)


def _price_links(request: TenantRequest, center: Center) -> list[tuple[ListedLink, Share]]:
    """The links to the center's prices that open, each with the text to send it with."""
    found = working_links(center, clock.now())
    return [(listed, share_of_prices(listed, center, request.reseller)) for listed in found]


@staff(Permission.VIEW)
@require_GET
def center_usage(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#center-usage`: this month (or `month`) by days, with its numbers."""
    center = _center(pk)
    span = Span.read(request.GET, today(request.reseller, clock.now()))
    slots = counts_by_slot(span, queries.usage_by_day(span.period, center=center))
    charges = charges_by_number(request.reseller, [center], span.period)
    rows: list[Any] = queries.usage_by_instance(span.period, center=center)
    context = {
        "center": center,
        "span": span,
        "slots": slots,
        "chart": usage_chart(span, slots),
        "chart_summary": chart_summary(span, slots),
        "rows": [
            {**row, "charge": charges.get((center.pk, row["instance_id"], row["currency"]))} for row in rows
        ],
        "read_at": queries.last_read(center),
        "with_costs": Permission.VIEW_COSTS in request.permissions,
        "with_money": Permission.VIEW_INVOICES in request.permissions,
    }
    return render(request, "billing/parts/center_usage.html", context)


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_invoices(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#center-invoices`: the latest invoices and payments."""
    center = _center(pk)
    invoices = list(Invoice.objects.filter(center=center)[: SHOWN + 1])
    context = {
        "center": center,
        "invoices": invoices[:SHOWN],
        "more": len(invoices) > SHOWN,
        "payments": queries.payments().filter(center=center)[:5],
        "today": today(request.reseller, clock.now()),
    }
    return render(request, "billing/parts/center_invoices.html", context)


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_balance(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#center-balance`: the balance, upcoming dunning steps, and what staff can do."""
    center = _center(pk)
    now = clock.now()
    day = today(request.reseller, now)
    case = Suspension.objects.filter(center=center, ended_at=None).first()
    opened = open_invoices(center)
    context = {
        "center": center,
        "balances": queries.portal_balance(center, now),
        "so_far": month_so_far(center, now),
        "numbers_so_far": numbers_so_far(center, now),
        "read_at": queries.last_read(center),
        "carried": carried(center),
        "can_convert": any(row.due for row in convertible(center, now)),
        "since": next((row.due_on for row in opened if row.due_on < day), None),
        "planned": planned_for(center, now),
        "terms": CreditTerms.objects.filter(center=center).first(),
        "case": case,
        "hold": active_hold(center, day),
        "broken": broken_promises(center.reseller, day).filter(center=center).first(),
        "disputes": open_disputes(center.reseller).filter(center=center)[:SHOWN],
        "late_corrections": is_late_correction(center),
    }
    return render(request, "billing/parts/center_balance.html", context)
