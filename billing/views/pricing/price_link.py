"""A center's prices by the link that staff send: its page and its PDF, without an account, cost or margin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing import queries
from billing.periods import today
from billing.pricing.links import linked_center
from billing.tax.texts import price_note
from billing.views.pricing.price_list_pdf import price_list_pdf
from centers import clock
from centers.models import Center
from centers.web.token_pages import opened_by

__all__ = ["price_link", "price_link_pdf"]

_PAGE = "billing/pricing/listed/price_link.html"
_by_link = opened_by(linked_center, lambda center: center, _PAGE)


@require_safe  # programs that scan a mail for harm ask for the head first
@_by_link
def price_link(request: HttpRequest, center: Center, token: str) -> HttpResponse:
    """What the center pays today."""
    now = clock.now()
    day = today(center.reseller, now)
    context = {
        "center": center,
        "token": token,
        "rows": queries.portal_prices(center, now),
        "subscription": queries.portal_subscription(center),
        "tax_note": price_note(center, day),
        "day": day,
    }
    return render(request, _PAGE, context)


@require_safe
@_by_link
def price_link_pdf(_request: HttpRequest, center: Center, _token: str) -> HttpResponse:
    """The price list of today in the center's language."""
    now = clock.now()
    response = HttpResponse(price_list_pdf(center, now), content_type="application/pdf")
    day = today(center.reseller, now).isoformat()
    response["Content-Disposition"] = f'attachment; filename="prices-{day}.pdf"'
    return response
