"""Statements of account: the page, the PDF and the file, for staff and for the center."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.documents.statements import (
    Statement,
    balance_text,
    currencies_of,
    statement_of,
    statement_sheet,
)
from billing.forms.invoicing import PeriodForm
from billing.periods import ONE_DAY, Period, today
from billing.views.documents.files import file_response
from centers import clock
from centers.models import Center
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.partials import render_page

__all__ = [
    "center_statement",
    "center_statement_export",
    "center_statement_pdf",
    "portal_statement",
    "portal_statement_export",
    "portal_statement_pdf",
]

#: What a statement covers without being asked.
USUAL = timedelta(days=90)


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_statement(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The statement of a center (`first`, `last`, `currency` in the query); the last three months without them."""
    center = _center(request, pk)
    context = _context(request, center, clock.now())
    return render_page(request, "billing/statements/staff.html", context, parts=("statement",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_statement_pdf(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The statement as PDF."""
    return _pdf(request, _center(request, pk))


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_statement_export(request: TenantRequest, pk: int, fmt: str) -> HttpResponseBase:
    """The statement as a file."""
    return _export(request, _center(request, pk), fmt)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_statement(request: PortalRequest) -> HttpResponseBase:
    """The center's own statement."""
    context = _context(request, request.center, clock.now())
    return render_page(request, "billing/statements/portal.html", context, parts=("statement",))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_statement_pdf(request: PortalRequest) -> HttpResponseBase:
    """The statement as PDF."""
    return _pdf(request, request.center)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_statement_export(request: PortalRequest, fmt: str) -> HttpResponseBase:
    """The statement as a file."""
    return _export(request, request.center, fmt)


def _center(request: TenantRequest, pk: int) -> Center:
    center: Center = get_object_or_404(Center, pk=pk)
    center.reseller = request.reseller
    return center


def _asked(request: HttpRequest, center: Center, now: datetime) -> tuple[PeriodForm, Statement]:
    """The form with what was asked for, and the statement of it; of the usual days if they are no period."""
    last = today(center.reseller, now)
    usual = Period(last - USUAL, last + ONE_DAY)
    asked = "first" in request.GET or "last" in request.GET
    form = PeriodForm(request.GET if asked else None, initial={"first": usual.first_day, "last": last})
    period = (form.period if asked else None) or usual
    currencies = currencies_of(center)
    currency = request.GET.get("currency", "")
    return form, statement_of(center, currency if currency in currencies else currencies[0], period)


def _context(request: HttpRequest, center: Center, now: datetime) -> dict[str, Any]:
    form, statement = _asked(request, center, now)
    query = {"first": statement.period.first_day, "last": statement.period.last_day}
    return {
        "center": center,
        "form": form,
        "statement": statement,
        "closing_text": balance_text(statement.closing),
        "currencies": currencies_of(center),
        "query": "&".join(
            [*(f"{name}={day.isoformat()}" for name, day in query.items()), f"currency={statement.currency}"]
        ),
    }


def _pdf(request: HttpRequest, center: Center) -> HttpResponseBase:
    now = clock.now()
    _form, statement = _asked(request, center, now)
    pdf = statement_sheet(statement, now, language=request.GET.get("language", "")).pdf()
    return file_response(pdf, f"{_name(statement)}.pdf", "application/pdf", download=True)


def _name(statement: Statement) -> str:
    return f"statement-{statement.center.pk}-{statement.period.last_day.isoformat()}"


def _export(request: HttpRequest, center: Center, fmt: str) -> HttpResponseBase:
    _form, statement = _asked(request, center, clock.now())
    header = [
        _("ID"),
        _("Day"),
        _("Type"),
        _("Reference"),
        _("Charges"),
        _("Payments and credits"),
        _("Balance"),
    ]
    header += [_("Currency")]
    currency = statement.currency

    def cells() -> Iterator[list[Any]]:
        first = statement.period.first_day
        yield ["", first, _("Opening balance"), "", "", "", Money(statement.opening, currency), currency]
        for row in statement.rows:
            amounts = [Money(one, currency) for one in (row.charged, row.credited, row.balance)]
            yield [row.entry.pk, row.day, row.what, row.reference, *amounts, currency]

    return export(request, fmt, _name(statement), header, cells())
