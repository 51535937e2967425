"""The tax report of a period, and its documents as a file."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.documents.local_tax import own_total
from billing.forms.invoicing import PeriodForm
from billing.periods import Period, previous_month, today
from billing.tax.report import Deduction, documents_of, report_lines, sums_of, tax_report, with_sums
from billing.tax.texts import tax_text
from billing.views.filters import INVOICE_ORDERS
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.paging import keyset
from centers.web.partials import render_page

__all__ = ["report", "report_export"]

PAGE = "billing/tax/report.html"


@staff(Permission.VIEW_INVOICES)
@require_GET
def report(request: TenantRequest) -> HttpResponseBase:
    """Net, tax and total per category and rate of the documents issued in a period, and each of them."""
    form, period = _asked(request)
    documents = with_sums(documents_of(request.reseller, period).select_related("center"))
    page = keyset(documents, request.GET, orders=INVOICE_ORDERS, default="-issued")
    context = {
        "form": form,
        "period": period,
        "rows": tax_report(request.reseller, period),
        "own_total": own_total(request.reseller, period),
        "page": page,
        "documents": [(row, sums_of(row)) for row in page.rows],
    }
    return render_page(request, PAGE, context, parts=("tax-report",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def report_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """One line per document, category and rate, as a file; its columns add up to the report."""
    _form, period = _asked(request)
    header = [_("ID"), _("Number"), _("Type"), _("Issued"), _("Center ID"), _("Center"), _("VAT number")]
    header += [_("Category"), _("Percent"), _("Description"), _("Total excluding VAT"), _("VAT"), _("Total")]
    header += [_("Currency"), _("Credits invoice"), _("Status"), _("Deducted advance invoice")]
    documents = documents_of(request.reseller, period).select_related("center", "credits")

    def cells() -> Iterator[list[Any]]:
        for row, sums in report_lines(documents.order_by("issued_on", "pk")):
            for own in sums:
                yield [
                    row.pk,
                    row.number,
                    row.get_kind_display(),
                    row.issued_on,
                    row.center_id,
                    row.center.name,
                    row.parties.get("center", {}).get("tax_number", ""),
                    own.category,
                    own.percent.normalize(),
                    tax_text(own),
                    *(Money(amount, row.currency) for amount in (own.net, own.tax, own.gross)),
                    row.currency,
                    row.credits.number if row.credits else "",
                    _("Void") if row.voided_at else _("Issued"),
                    own.advance.number if isinstance(own, Deduction) else "",
                ]

    return export(request, fmt, "tax-report", header, cells())


def _asked(request: TenantRequest) -> tuple[PeriodForm, Period]:
    """The period of the query (`first`, `last`); the last whole month without one."""
    default = previous_month(today(request.reseller, clock.now()))
    asked = "first" in request.GET or "last" in request.GET
    first_and_last = {"first": default.first_day, "last": default.end_day - timedelta(days=1)}
    form = PeriodForm(request.GET if asked else None, initial=first_and_last)
    return form, (form.period if asked else None) or default
