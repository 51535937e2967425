"""The journal for a bookkeeping program: on a page, as a file, and the codes of its accounts."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from billing.forms.invoicing import PeriodForm
from billing.forms.journal import AccountsForm
from billing.periods import ONE_DAY, Period, previous_month, today
from billing.reports.journal import accounts_of, journal, journal_rows, save_accounts
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.form_views import form_page, posted, redirect_with_toast, saved
from centers.web.paging import keyset
from centers.web.partials import render_page

__all__ = ["journal_export", "journal_page", "settings_accounts"]

ORDERS: dict[str, tuple[str, ...]] = {"-at": ("-at", "-pk")}


@staff(Permission.VIEW_INVOICES)
@require_GET
def journal_page(request: TenantRequest) -> HttpResponseBase:
    """The journal entries of a period, newest first."""
    form, period = _asked(request)
    page = keyset(journal_rows(request.reseller, period), request.GET, orders=ORDERS, default="-at", size=25)
    context = {
        "form": form,
        "period": period,
        "page": page,
        "entries": list(journal(page.rows, request.reseller)),
    }
    return render_page(request, "billing/reports/journal/journal.html", context, parts=("journal",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def journal_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """One row for each posting; the rows of an entry have its ID, and their debits are their credits."""
    _form, period = _asked(request)
    header = [_("Entry ID"), _("Day"), _("Recorded"), _("Type"), _("Document"), _("Center ID"), _("Center")]
    header += [_("Account"), _("Account name"), _("Debit"), pgettext("journal", "Credit"), _("Currency")]
    header += [_("Tax"), _("Method"), _("Status"), _("Recorded by")]
    rows = journal_rows(request.reseller, period).iterator(chunk_size=500)

    def cells() -> Iterator[list[Any]]:
        for own in journal(rows, request.reseller):
            row = own.entry
            about = [
                row.pk,
                own.day,
                row.at,
                row.get_kind_display(),
                own.document,
                row.center_id,
                row.center.name,
            ]
            for posting in own.postings:
                yield [
                    *about,
                    posting.code,
                    posting.name,
                    Money(posting.debit, row.currency) if posting.debit else "",
                    Money(posting.credit, row.currency) if posting.credit else "",
                    row.currency,
                    posting.text,
                    own.method,
                    own.status,
                    str(row.by or ""),
                ]

    return export(request, fmt, "journal", header, cells())


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_accounts(request: TenantRequest) -> HttpResponseBase:
    """The codes of the accounts."""
    form = AccountsForm(posted(request), accounts=accounts_of(request.reseller))
    if saved(
        form,
        lambda: save_accounts(
            reseller=request.reseller, by=request.user, now=clock.now(), **form.cleaned_data
        ),
    ):
        text = _("The account codes were saved.")
        return redirect_with_toast(request, text, "settings_accounts", request.reseller.slug)
    return form_page(request, form, "billing/reports/journal/accounts.html")


def _asked(request: TenantRequest) -> tuple[PeriodForm, Period]:
    """The period of the query (`first`, `last`); the last whole month without one."""
    default = previous_month(today(request.reseller, clock.now()))
    asked = "first" in request.GET or "last" in request.GET
    first_and_last = {"first": default.first_day, "last": default.end_day - ONE_DAY}
    form = PeriodForm(request.GET if asked else None, initial=first_and_last)
    return form, (form.period if asked else None) or default
