"""The aging report: what is unpaid by how long it has been due, per center, and each invoice as a file."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing import queries
from billing.models import Invoice
from billing.periods import today
from billing.pricing.conversion import Converter
from billing.reports.aging import BUCKETS, Aged, aging, bucket_of, by_currency, converted
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.paging import sliced
from centers.web.partials import render_page

__all__ = ["aging_export", "aging_report"]

PAGE = "billing/reports/aging.html"
# Amounts of one currency stand together; the default begins with what has been due for longest.
KEYS: dict[str, Callable[[Aged], Any]] = {
    "center": lambda row: row.center.name.casefold() if row.center else "",
    "total": lambda row: (row.currency, row.total),
    "oldest": lambda row: tuple(getattr(row, name) for name in reversed(BUCKETS)),
    **{name: attrgetter("currency", name) for name in BUCKETS},
}
DEFAULT_SORT = "-oldest"


@staff(Permission.VIEW_INVOICES)
@require_GET
def aging_report(request: TenantRequest) -> HttpResponseBase:
    """Per currency and per center: not due yet, up to 30, 60 and 90 days, longer; and the credit of other centers."""
    day = today(request.reseller, clock.now())
    rows = aging(request.reseller, day)
    sums = by_currency(rows)
    converter = Converter(request.reseller, day)
    context = {
        "day": day,
        "page": sliced(rows, request.GET, keys=KEYS, default=DEFAULT_SORT),
        "sums": sums,
        "total": converted(sums, converter, request.reseller.currency),
        "rates": converter.rates_used({row.currency for row in sums}, request.reseller.currency),
        "credits": queries.credit_sums(request.reseller),
    }
    return render_page(request, PAGE, context, parts=("aging",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def aging_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """One line per unpaid invoice, its amount in the column of its age; and one per credit. Both add up to the ledger."""
    day = today(request.reseller, clock.now())
    header = [_("ID"), _("Number"), _("Center ID"), _("Center"), _("Issued"), _("Due date"), _("Days overdue")]
    header += [_("Not due yet"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("Over 90 days")]
    header += [_("Credit"), _("Currency"), _("Status")]
    rows = Invoice.objects.filter(reseller=request.reseller, open_amount__gt=0).select_related("center")

    def cells() -> Iterator[list[Any]]:
        for row in rows.order_by("center__name", "center", "due_on", "pk").iterator(chunk_size=1000):
            own = bucket_of(row.due_on, day)
            late = max(0, (day - row.due_on).days)
            amounts = [Money(row.open_amount if name == own else None, row.currency) for name in BUCKETS]
            status = _("Overdue") if late else _("Open")
            center = [row.center_id, row.center.name]
            days = [row.issued_on, row.due_on, late]
            yield [row.pk, row.number, *center, *days, *amounts, "", row.currency, status]
        for credit in queries.credits(request.reseller):
            amount = Money(-credit.amount, credit.currency)
            blank = [""] * (3 + len(BUCKETS))
            yield ["", "", credit.center.pk, credit.center.name, *blank, amount, credit.currency, _("Credit")]

    return export(request, fmt, "aging", header, cells())
