"""What an invoice line is made of, for the center: days, counts, prices, comparison. No cost is shown."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from billing import queries
from billing.models import InvoiceLine
from billing.queries.comparison import compare
from billing.queries.plans import counted_for
from centers.tenancy.access import PortalRequest, portal
from centers.tenancy.permissions import Permission
from centers.web.partials import render_page


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_invoice_line(request: PortalRequest, pk: int) -> HttpResponseBase:
    """One line of one of the center's invoices or credit notes."""
    found = get_object_or_404(
        InvoiceLine.objects.filter(invoice__center=request.center).only("invoice_id", "instance_id"),
        pk=pk,
    )
    invoice = queries.portal_invoices(request.center).select_related("credits").get(pk=found.invoice_id)
    (line,) = queries.portal_lines(invoice, line_id=pk)
    context = {
        "line": line,
        "invoice": invoice,
        "days": queries.portal_line_days(pk),
        "plan": counted_for(found.invoice_id, line.charge_id, found.instance_id, line.first_day),
        "prices": queries.portal_line_prices(pk),
        "comparison": compare(invoice, instance_id=found.instance_id) if found.instance_id else None,
    }
    return render_page(request, "billing/portal/portal_line.html", context, parts=("line",))
