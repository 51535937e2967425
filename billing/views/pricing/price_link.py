"""A center's prices by the link that staff send: its page and its PDF, without an account, cost or margin."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing import queries
from billing.periods import today
from billing.pricing.links import linked_center
from billing.tax.texts import price_note
from billing.views.pricing.price_list_pdf import price_list_pdf
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.scoping import tenant

__all__ = ["price_link", "price_link_pdf"]

_PAGE = "billing/pricing/listed/price_link.html"


@require_safe  # programs that scan a mail for harm ask for the head first
def price_link(request: HttpRequest, token: str) -> HttpResponse:
    """What the center pays today."""

    def page(center: Center) -> HttpResponse:
        day = today(center.reseller, clock.now())
        context = {
            "center": center,
            "token": token,
            "rows": queries.portal_prices(center, clock.now()),
            "subscription": queries.portal_subscription(center),
            "tax_note": price_note(center, day),
            "day": day,
        }
        return render(request, _PAGE, context)

    return _opened(request, token, page)


@require_safe
def price_link_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The price list of today in the center's language."""

    def file(center: Center) -> HttpResponse:
        response = HttpResponse(price_list_pdf(center, clock.now()), content_type="application/pdf")
        day = today(center.reseller, clock.now())
        response["Content-Disposition"] = f'attachment; filename="prices-{day.isoformat()}.pdf"'
        return response

    return _opened(request, token, file)


def _opened(request: HttpRequest, token: str, answer: Callable[[Center], HttpResponse]) -> HttpResponse:
    """The answer in the center's scope; a link that is over or invented gets one 404 page."""
    try:
        center = linked_center(token)
    except OperationRefused as refusal:
        response = render(request, _PAGE, {"refused": refusal.message}, status=404)
    else:
        request.reseller = center.reseller  # type: ignore[attr-defined]
        with tenant(center.reseller_id, center):
            response = answer(center)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
