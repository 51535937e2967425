"""A center's prices by a link that staff send: its page and its PDF, without an account, cost or margin; its links."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing import queries
from billing.models import PriceLink
from billing.periods import today
from billing.pricing.links import make_link, note_opened, opened_link, revoke_link
from billing.queries.charges import lasting_charges, portal_discounts
from billing.queries.plans import plan_terms_on
from billing.tax.texts import price_note
from billing.views.pricing.price_list_pdf import price_list_pdf
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import performed
from centers.web.token_pages import opened_by, refused_on, to_center

__all__ = ["price_link", "price_link_make", "price_link_pdf", "price_link_revoke"]

_PAGE = "billing/pricing/listed/price_link.html"
_by_link = opened_by(opened_link, lambda link: to_center(link.center), refused_on(_PAGE))


@require_safe  # programs that scan a mail for harm ask for the head first
@_by_link
def price_link(request: HttpRequest, link: PriceLink, token: str) -> HttpResponse:
    """What the center pays today: messages, its plan, and what it is charged besides."""
    now, center = clock.now(), link.center
    day = today(center.reseller, now)
    if request.method == "GET":
        note_opened(link, now)
    context = {
        "center": center,
        "token": token,
        "rows": queries.portal_prices(center, now),
        "plans": plan_terms_on(center, day),
        "charges": lasting_charges(center, day),
        "discounts": portal_discounts(center, day),
        "subscription": queries.portal_subscription(center),
        "tax_note": price_note(center, day),
        "day": day,
    }
    return render(request, _PAGE, context)


@require_safe
@_by_link
def price_link_pdf(_request: HttpRequest, link: PriceLink, _token: str) -> HttpResponse:
    """The price list of today in the center's language."""
    now, center = clock.now(), link.center
    response = HttpResponse(price_list_pdf(center, now), content_type="application/pdf")
    day = today(center.reseller, now).isoformat()
    response["Content-Disposition"] = f'attachment; filename="prices-{day}.pdf"'
    return response


@staff(Permission.MANAGE_PRICES)
@require_POST
def price_link_make(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Make a link to a center's prices."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    text = _("The link was created. Copy it, or send it.")
    performed(request, lambda: make_link(center=center, by=request.user, now=clock.now()), text)
    return redirect(_tab(request, pk))


@staff(Permission.MANAGE_PRICES)
@require_POST
def price_link_revoke(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Have a link open nothing any longer."""
    link = get_object_or_404(PriceLink.objects.select_related("center__reseller"), pk=pk)
    text = _("The link was revoked. It no longer opens the prices.")
    performed(request, lambda: revoke_link(link=link, by=request.user, now=clock.now()), text)
    return redirect(_tab(request, link.center_id))


def _tab(request: TenantRequest, center_id: int) -> str:
    """The center's page with its prices open."""
    return f"{reverse('center', args=[request.reseller.slug, center_id])}?tab=center_prices"
