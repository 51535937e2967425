"""Issuing invoices: for one center with a preview, or a month for all with its progress."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import queries
from billing.advances.using import expected
from billing.documents.frozen import document_settings
from billing.forms.documents import InvoiceWordsForm
from billing.forms.invoicing import PeriodForm
from billing.invoicing import (
    Draft,
    NothingToCharge,
    blockers,
    doubtful,
    due_periods,
    issue_invoice,
    preview_invoice,
    voided_periods,
    without_buyer_number,
)
from billing.models import BillingPeriod, Invoice
from billing.periods import ONE_DAY, Period, month_of, previous_month, today
from billing.tax.identity import identity_of
from billing.usage.completeness import readable_days
from billing.views.center_chooser import choose_center
from billing.views.filters import Filters
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center, JobRun
from centers.queue.dispatch import enqueue
from centers.queue.job_runs import registered_jobs
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import day_text
from centers.web.partials import render_page
from centers.web.toasts import toast
from whatsapp.models import Alert, Instance

__all__ = ["invoice_issue", "invoice_issue_for", "invoice_read", "invoice_run"]

ISSUE = "billing/invoices/invoice_issue.html"
RUN = "billing/invoices/invoice_run.html"
INVOICE_JOB = "invoices"
SHOWN_DUE = 100


@dataclass(frozen=True, slots=True)
class Look:
    """The draft of an invoice and what blocks it; without a draft something it needs is missing."""

    draft: Draft | None
    blockers: list[str]
    unread: list[tuple[Instance, list[date]]]
    doubtful: list[Instance]  # numbers with usage to accept or dismiss


@staff(Permission.ISSUE_INVOICES)
@require_GET
def invoice_issue(request: TenantRequest) -> HttpResponseBase:
    """Find the center to invoice."""
    filters = Filters.read(request.GET, [])
    if filters.center:
        return redirect("invoice_issue_for", request.reseller.slug, filters.center.pk)
    back = {"back_url": reverse("invoices", args=[request.reseller.slug]), "back_label": _("Invoices")}
    return choose_center(request, filters, {"title": _("Which center do you want to invoice?"), **back})


@staff(Permission.ISSUE_INVOICES)
@require_http_methods(["GET", "POST"])
def invoice_issue_for(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Preview the invoice of a period (`first`, `last` in the query); a POST issues it."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    if request.method == "POST":
        form, words = PeriodForm(request.POST), InvoiceWordsForm(request.POST)
        if form.period and words.is_valid():
            return _issue(request, center, form, words)
        return _issue_page(request, center, form, words, status=422)
    given = {name: request.GET[name] for name in ("first", "last") if name in request.GET}
    return _issue_page(request, center, PeriodForm(given or _initial(request, center)))


def _issue(request: TenantRequest, center: Center, form: PeriodForm, words: InvoiceWordsForm) -> HttpResponse:
    period = form.period
    assert period is not None  # noqa: S101  # checked by the caller
    printed: dict[str, str] = {name: words.cleaned_data[name] for name in words.fields if name in words.data}
    try:
        invoice = issue_invoice(center=center, period=period, by=request.user, now=clock.now(), **printed)
    except NothingToCharge as nothing:
        toast(request, nothing.message, "info")
        return redirect("invoices", request.reseller.slug)
    except OperationRefused as error:
        form.add_error(None, error.message)
        return _issue_page(request, center, form, words, status=422)
    toast(request, _("Invoice %(number)s was issued.") % {"number": invoice.number})
    return redirect("invoice", request.reseller.slug, invoice.pk)


def _issue_page(
    request: TenantRequest,
    center: Center,
    form: PeriodForm,
    words: InvoiceWordsForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    look = _look(center, form.period) if form.period else None
    context = {
        "center": center,
        "form": form,
        "words": words or InvoiceWordsForm(initial=_usual_words(center)),
        "look": look,
        "draft": (draft := look.draft if look else None),
        "deducted": expected(center, draft.currency, draft.taxes) if draft else [],
        "closed": BillingPeriod.objects.filter(center=center, voided_at=None).select_related("invoice")[:12],
        "read_at": queries.last_read(center),
        "with_costs": Permission.VIEW_COSTS in request.permissions,
    }
    return render_page(request, ISSUE, context, parts=("invoice-preview",), status=status)


def _usual_words(center: Center) -> dict[str, str]:
    """What is printed on every invoice of the center."""
    return {
        "note": document_settings(center.reseller).note,
        "purchase_order": identity_of(center.reseller, center).purchase_order,
    }


def _look(center: Center, period: Period) -> Look:
    why_not = blockers(center, period, clock.now())
    overlapping = BillingPeriod.objects.filter(
        center=center, voided_at=None, first_day__lt=period.end_day, end_day__gt=period.first_day
    ).select_related("invoice")
    why_not += [_overlap(row) for row in overlapping]
    unread = readable_days(center, period, clock.now())
    flagged = list(dict.fromkeys(row.instance for row in doubtful([center], period)))
    try:
        draft = preview_invoice(center, period)
    except OperationRefused as error:
        return Look(None, [*why_not, error.message], unread, flagged)
    why_not += [refusal.message for refusal in without_buyer_number([draft]).values()]
    return Look(draft, why_not, unread, flagged)


def _overlap(row: BillingPeriod) -> str:
    days = {"first": day_text(row.first_day), "last": day_text(row.end_day - ONE_DAY)}
    if row.invoice is None:
        return _("%(first)s to %(last)s is closed because there was nothing to charge.") % days
    params = {**days, "number": row.invoice.number}
    return _("%(first)s to %(last)s has already been invoiced: %(number)s.") % params


def _initial(request: TenantRequest, center: Center) -> dict[str, date]:
    """A period whose invoice is blocked; else the previous month, or its days after the last closed period."""
    if Alert.objects.filter(kind=Alert.Kind.BILLING_BLOCKED, center=center, resolved_at=None).exists():
        blocked = [period for own, period in due_periods(request.reseller, clock.now()) if own == center]
        if blocked:
            return {"first": blocked[0].first_day, "last": blocked[0].last_day}
    month = previous_month(today(request.reseller, clock.now()))
    closed = BillingPeriod.objects.filter(center=center, voided_at=None).order_by("-end_day").first()
    first = max(month.first_day, closed.end_day) if closed else month.first_day
    last = month.last_day if first <= month.last_day else month_of(first).last_day
    return {"first": first, "last": last}


@staff(Permission.ISSUE_INVOICES)
@require_POST
def invoice_read(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Fetch the days that an invoice lacks; the page shows them as soon as they are stored."""
    center = get_object_or_404(Center, pk=pk)
    form = PeriodForm(request.POST)
    period = form.period
    if period is None:
        return _issue_page(request, center, form, status=422)
    enqueue(
        "billing.read_period",
        reseller_id=request.reseller.pk,
        center_id=center.pk,
        first=period.first_day.isoformat(),
        end=period.end_day.isoformat(),
    )
    toast(request, _("The missing days are being fetched. They appear on this page automatically."), "info")
    query = urlencode({"first": period.first_day.isoformat(), "last": period.last_day.isoformat()})
    return redirect(f"{reverse('invoice_issue_for', args=[request.reseller.slug, pk])}?{query}")


@staff(Permission.ISSUE_INVOICES)
@require_http_methods(["GET", "POST"])
def invoice_run(request: TenantRequest) -> HttpResponseBase:
    """What is due for all centers, the last run's result, and starting a run, which continues without the page."""
    if request.method == "POST":
        return _start_run(request)
    now = clock.now()
    due = due_periods(request.reseller, now)
    run = _last_run(now)
    context: dict[str, Any] = {
        "due": due[:SHOWN_DUE],
        "due_count": len(due),
        "voided_periods": voided_periods(request.reseller),
        "more_due": max(0, len(due) - SHOWN_DUE),
        "run": run,
        "left": max(0, (run.total or 0) - run.done - run.failed) if run else 0,
        "running": run is not None and run.is_running,
        "blocked": Alert.objects.filter(kind=Alert.Kind.BILLING_BLOCKED, resolved_at=None).select_related(
            "center"
        )[:50],
        "recent": Invoice.objects.filter(issued_by=None, kind=Invoice.Kind.INVOICE).select_related("center")[
            :8
        ],
    }
    return render_page(request, RUN, context, parts=("run",))


def _last_run(now: datetime) -> JobRun | None:
    run = JobRun.objects.filter(job=INVOICE_JOB).order_by("-started_at", "-pk").first()
    return run.seen_at(now) if run else None


def _start_run(request: TenantRequest) -> HttpResponse:
    """Enqueue the run, unless one is in progress."""
    try:
        registered_jobs()[INVOICE_JOB].enqueue(request.reseller.pk)
    except OperationRefused as refusal:
        toast(request, refusal.message, "info")
    else:
        toast(request, _("The run has started. You can leave this page and return to see the result."))
    return redirect("invoice_run", request.reseller.slug)
