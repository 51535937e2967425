"""The aging report: what is unpaid, now or on a day in the past, by how long it has been due."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from operator import attrgetter
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing import queries
from billing.forms.reports import AsOfForm
from billing.models import Invoice
from billing.periods import ONE_DAY, day_start, today, zone_of
from billing.pricing.conversion import Converter
from billing.reports.aging import (
    BUCKETS,
    ORDERS,
    Aged,
    Unpaid,
    aged,
    aging_part,
    aging_sums,
    bucket_of,
    by_currency,
    converted,
)
from billing.reports.unpaid_at import unpaid_at
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.paging import SORT, Page, numbered, sliced
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = ["aging_export", "aging_report"]

PAGE = "billing/reports/debts/aging.html"
# As ORDERS has them for the present; the default begins with what has been due for longest.
KEYS: dict[str, Callable[[Aged], Any]] = {
    "center": lambda row: row.center.name.casefold() if row.center else "",
    "total": lambda row: (row.currency, row.total),
    "oldest": lambda row: tuple(getattr(row, name) for name in reversed(BUCKETS)),
    **{name: attrgetter("currency", name) for name in BUCKETS},
}
DEFAULT_SORT = "-oldest"


@dataclass(frozen=True, slots=True)
class _Asked:
    """The day of the report; in the past with the instant after it."""

    form: AsOfForm
    day: date
    before: datetime | None


@staff(Permission.VIEW_INVOICES)
@require_GET
def aging_report(request: TenantRequest) -> HttpResponseBase:
    """Per currency and per center: not due yet, up to 30, 60 and 90 days, longer; and the credit of other centers.

    As of today, or with `on` of a day in the past.
    """
    asked = _asked(request)
    page, sums = _past(request, asked.day, asked.before) if asked.before else _present(request, asked.day)
    converter = Converter(request.reseller, asked.day)
    context = {
        "form": asked.form,
        "day": asked.day,
        "page": page,
        "sums": sums,
        "total": converted(sums, converter, request.reseller.currency),
        "rates": converter.rates_used({row.currency for row in sums}, request.reseller.currency),
        "credits": queries.credit_sums(request.reseller, asked.before),
    }
    return render_page(request, PAGE, context, parts=("aging",))


def _present(request: TenantRequest, day: date) -> tuple[Page[Any], list[Aged]]:
    """A page of the rows, added up by the database, and the sums of all."""
    asked = request.GET.get(SORT, "")
    sort = asked if asked.removeprefix("-") in ORDERS else DEFAULT_SORT
    page = numbered(partial(aging_part, request.reseller, day, sort), request.GET)
    return replace(page, sort=sort), aging_sums(request.reseller, day)


def _past(request: TenantRequest, day: date, before: datetime) -> tuple[Page[Any], list[Aged]]:
    """The same, recounted from the ledger."""
    rows = aged(unpaid_at(request.reseller, before), day)
    return sliced(rows, request.GET, keys=KEYS, default=DEFAULT_SORT), by_currency(rows)


@staff(Permission.VIEW_INVOICES)
@require_GET
def aging_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """A line per unpaid invoice, its amount in the column of its age, and one per credit: they add up to the ledger.

    For a day to come, or that is none, the page says why there is no file: another day's figures would pass for it.
    """
    asked = _asked(request)
    if asked.form.errors:
        toast(request, _("There is no file for this day. Enter today or an earlier day."), "error")
        return redirect(f"{reverse('aging', args=[request.reseller.slug])}?{request.GET.urlencode()}")
    header = [
        _("ID"),
        _("Number"),
        _("Center ID"),
        _("Center"),
        _("Issued"),
        _("Due date"),
        _("Days overdue"),
    ]
    header += [_("Not due yet"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days")]
    header += [_("Credit"), _("Currency"), _("Status")]

    def cells() -> Iterator[list[Any]]:
        for row, amount in _unpaid(request, asked):
            own = bucket_of(row.due_on, asked.day)
            late = max(0, (asked.day - row.due_on).days)
            amounts = [Money(amount if name == own else None, row.currency) for name in BUCKETS]
            status = _("Overdue") if late else _("Open")
            center = [row.center_id, row.center.name]
            days = [row.issued_on, row.due_on, late]
            yield [row.pk, row.number, *center, *days, *amounts, "", row.currency, status]
        for credit in queries.credits(request.reseller, asked.before):
            money = Money(-credit.amount, credit.currency)
            blank = [""] * (3 + len(BUCKETS))
            yield ["", "", credit.center.pk, credit.center.name, *blank, money, credit.currency, _("Credit")]

    return export(request, fmt, f"aging-{asked.day:%Y-%m-%d}", header, cells())


def _unpaid(request: TenantRequest, asked: _Asked) -> Iterator[Unpaid]:
    """The unpaid invoices, by center and due date."""
    if asked.before:
        rows = unpaid_at(request.reseller, asked.before)
        yield from sorted(rows, key=lambda pair: (pair[0].center.name.casefold(), pair[0].center_id))
        return
    now = Invoice.objects.filter(reseller=request.reseller, open_amount__gt=0).select_related("center")
    for row in now.order_by("center__name", "center", "due_on", "pk").iterator(chunk_size=1000):
        yield row, row.open_amount


def _asked(request: TenantRequest) -> _Asked:
    """The day of the query; today without one, and for one that isn't over."""
    day = today(request.reseller, clock.now())
    form = AsOfForm(request.GET if "on" in request.GET else None, today=day)
    on = form.cleaned_data["on"] if form.is_valid() else day
    past = on < day
    return _Asked(form, on, day_start(on + ONE_DAY, zone_of(request.reseller)) if past else None)
