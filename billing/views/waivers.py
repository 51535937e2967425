"""Days of a number that can no longer be read or should not be charged: waived with a reason."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.forms.invoicing import PeriodForm, WaiveForm
from billing.invoicing import waivable
from billing.invoicing.flagged_usage import unread_of, waive_days
from billing.periods import Period
from billing.views.filters import Filters
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import posted, redirect_with_toast, saved
from whatsapp.models import Instance

__all__ = ["days_waive"]


@staff(Permission.ISSUE_INVOICES)
@require_http_methods(["GET", "POST"])
def days_waive(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Stop waiting for days (`first` to `last`) of a number, or waive their usage, with a reason.

    They are those of the center that holds it, or of an earlier one (`center`).
    """
    number = get_object_or_404(Instance.objects.select_related("reseller"), pk=pk)
    center = _center(request, number)
    form = WaiveForm(posted(request))
    days = PeriodForm(request.POST if form.is_bound else request.GET or None)
    period = days.period
    if period and saved(
        form,
        lambda: waive_days(
            instance=number,
            center=center,
            period=period,
            by=request.user,
            now=clock.now(),
            **form.cleaned_data,
        ),
    ):
        text = _("These days of “%(number)s” were waived.") % {"number": number}
        return redirect_with_toast(request, text, _invoice_url(request, center, period))
    return _page(request, number, center, days, form)


def _center(request: TenantRequest, number: Instance) -> Center:
    given = Filters.read(request.POST if request.method == "POST" else request.GET, []).center
    pk = given.pk if given else number.center_id
    center: Center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    return center


def _page(
    request: TenantRequest, number: Instance, center: Center, days: PeriodForm, form: WaiveForm
) -> HttpResponse:
    context: dict[str, Any] = {"number": number, "center": center, "days": days, "form": form}
    if days.period:
        context["period"] = days.period
        context["back"] = _invoice_url(request, center, days.period)
        try:
            context["unread"] = unread_of(number, center, days.period, clock.now())
            context["read"] = waivable(number, center, days.period, clock.now())
        except OperationRefused as error:
            context["refused"] = error.message
    context["sent"] = sum(row.sent for row in context.get("read", ()))
    wrong = request.method == "POST" or (bool(request.GET) and not days.period)
    return render(request, "billing/invoices/days_waive.html", context, status=422 if wrong else 200)


def _invoice_url(request: TenantRequest, center: Center, period: Period) -> str:
    query = urlencode({"first": period.first_day.isoformat(), "last": period.last_day.isoformat()})
    return f"{reverse('invoice_issue_for', args=[request.reseller.slug, center.pk])}?{query}"
