"""What an invoice line is made of, for staff: days, readings, the steps of the price, rate lists, margin."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from billing.models import InvoiceLine
from billing.queries.comparison import compare
from billing.queries.explained import line_days, odd_readings, rate_lists, steps, sum_text
from billing.queries.plans import counted_for
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.partials import render_page

_RELATED = (
    "invoice__center__reseller",
    "invoice__credits",
    "instance",
    "margin__created_by",
    "corrects__invoice",
)


@staff(Permission.VIEW_INVOICES)
@require_GET
def invoice_line(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One line of an invoice or credit note; what it cost and the margin only for those who may see costs."""
    line = get_object_or_404(InvoiceLine.objects.select_related(*_RELATED), pk=pk)
    with_costs = Permission.VIEW_COSTS in request.permissions
    days = line_days(line)
    context = {
        "line": line,
        "invoice": line.invoice,
        "days": days,
        "sum": sum_text(days, line),
        "steps": steps(line) if with_costs else [],
        "lists": rate_lists(line) if with_costs and not line.is_carried else [],
        "odd_readings": odd_readings(line) if with_costs and days else [],
        "comparison": compare(line.invoice, instance_id=line.instance_id) if line.instance_id else None,
        "corrections": line.corrections.select_related("invoice").order_by("pk"),
        "with_costs": with_costs,
        "plan": counted_for(line.invoice_id, line.charge_id, line.instance_id, line.first_day),
    }
    return render_page(request, "billing/lines/line.html", context, parts=("line",))
