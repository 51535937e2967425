"""Bank statements: uploading one, and confirming whose payment each line is."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from billing.banking.matching import Matcher, Proposal
from billing.banking.statements import import_statement, pass_line, record_line
from billing.dunning.suspension import open_invoices
from billing.forms.paying.banking import LineForm, StatementForm
from billing.models import BankLine, BankStatement
from billing.payments.references import recorded_with
from billing.views.center_chooser import choose_center
from billing.views.filters import Filters
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import (
    form_status,
    performed,
    posted,
    redirect_with_toast,
    refusal_shown,
    saved,
)
from centers.web.paging import keyset
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = ["bank_line", "bank_line_pass", "bank_lines_record", "bank_statements"]

PAGE = "billing/banking/statements.html"
ORDERS: dict[str, tuple[str, ...]] = {"-booked": ("-booked_on", "-pk")}
STATES = [(BankLine.State.NEW.value, gettext_lazy("To match")), ("done", gettext_lazy("Done"))]
_SHOWN_REFUSALS = 3


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def bank_statements(request: TenantRequest) -> HttpResponseBase:
    """Upload a file; below, the lines that wait, each with a proposal."""
    form = StatementForm(posted(request), request.FILES or None, currency=request.reseller.currency)
    if form.is_valid():
        with refusal_shown(form, "file"):
            statement = import_statement(
                reseller=request.reseller,
                content=form.content,
                filename=form.cleaned_data["file"].name or "",
                currency=form.cleaned_data["currency"],
                day_order=form.cleaned_data["day_order"],
                by=request.user,
                now=clock.now(),
            )
            return redirect_with_toast(request, _said(statement), "bank_statements", request.reseller.slug)
    filters = Filters.read(request.GET, STATES)
    done = filters.state == "done"
    rows = BankLine.objects.select_related("payment__center", "decided_by")
    rows = rows.exclude(state=BankLine.State.NEW) if done else rows.filter(state=BankLine.State.NEW)
    page = keyset(rows, request.GET, orders=ORDERS, default="-booked", size=50)
    matcher = None if done else Matcher(request.reseller, page.rows)
    context = {
        "form": form,
        "page": page,
        "done": done,
        "rows": [(row, matcher.propose(row) if matcher else None) for row in page.rows],
        "files": BankStatement.objects.select_related("uploaded_by")[:5],
    }
    return render_page(request, PAGE, context, parts=("bank-lines",), status=form_status(form))


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def bank_lines_record(request: TenantRequest) -> HttpResponseBase:
    """Record the ticked lines as proposed. A proposal that is no longer the one that was ticked is left alone."""
    ticked = dict(one.partition(":")[::2] for one in request.POST.getlist("line") if one.isascii())
    ids = [int(pk) for pk in ticked if pk.isdecimal() and len(pk) < 19]
    lines = list(BankLine.objects.filter(pk__in=ids, state=BankLine.State.NEW).order_by("booked_on", "pk"))
    recorded, refusals = 0, []
    for line in lines:
        proposal = Matcher(request.reseller, [line]).propose(line)
        if proposal is None or proposal.mark != ticked[str(line.pk)]:
            refusals.append(_("%(line)s: the proposal has changed. Look at it again.") % {"line": line})
            continue
        try:
            settles = [row.pk for row in proposal.invoices]
            record_line(line=line, center=proposal.center, settles=settles, by=request.user, now=clock.now())
            recorded += 1
        except OperationRefused as refusal:
            refusals.append(f"{line}: {refusal.message}")
    if recorded:
        text = ngettext("%(n)s payment was recorded.", "%(n)s payments were recorded.", recorded)
        toast(request, text % {"n": recorded})
    for text in refusals[:_SHOWN_REFUSALS]:
        toast(request, text, "error")
    if not lines:
        toast(request, _("Select the correct lines first."), "warning")
    return redirect("bank_statements", request.reseller.slug)


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def bank_line(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One line: choose its center (`center` in the query) and the invoices it settles."""
    line = get_object_or_404(BankLine, pk=pk)
    if not line.is_new:
        return redirect("bank_statements", request.reseller.slug)
    filters = Filters.read(request.GET, [])
    proposal = Matcher(request.reseller, [line]).propose(line)
    center = filters.center or (proposal.center if proposal and "other" not in request.GET else None)
    if center is None:
        back = {"back_url": reverse("bank_statements", args=[request.reseller.slug]), "back_label": _("Bank")}
        return choose_center(request, filters, {"title": _("Which center paid?"), **back})
    return _line_page(request, line, center, proposal)


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def bank_line_pass(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Decide that a line is no payment of a center."""
    line = get_object_or_404(BankLine, pk=pk)
    performed(
        request,
        lambda: pass_line(line=line, by=request.user, now=clock.now()),
        _("Nothing was recorded for this line."),
    )
    return redirect("bank_statements", request.reseller.slug)


def _line_page(
    request: TenantRequest, line: BankLine, center: Center, proposal: Proposal | None
) -> HttpResponse:
    invoices = [row for row in open_invoices(center) if row.currency == line.currency]
    own = proposal is not None and proposal.center.pk == center.pk
    chosen = [row.pk for row in proposal.invoices] if proposal is not None and own else []
    form = LineForm(posted(request), invoices=invoices, initial={"settles": chosen})
    if saved(
        form,
        lambda: record_line(line=line, center=center, by=request.user, now=clock.now(), **form.cleaned_data),
    ):
        text = _("The payment was recorded for %(center)s.") % {"center": center}
        return redirect_with_toast(request, text, "bank_statements", request.reseller.slug)
    context = {
        "line": line,
        "center": center,
        "form": form,
        "invoices": invoices,
        "earlier": recorded_with(request.reseller.pk, line.own_reference),
    }
    return render_page(request, "billing/banking/line.html", context, status=form_status(form))


def _said(statement: BankStatement) -> str:
    new = statement.lines_read - statement.known_before
    return _(
        "New payments: %(new)s. Known from earlier files: %(known)s. Lines that aren't incoming payments: %(other)s."
    ) % {"new": new, "known": statement.known_before, "other": len(statement.left_out)}
