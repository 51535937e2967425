"""Callbacks of gateways, and payments that a reseller's own systems report. The signature is the authority."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.gateways.accounts import WITH_LINKS
from billing.gateways.reading import MAX_BODY
from billing.gateways.receiving import receive
from billing.models import Gateway
from centers import clock

__all__ = ["gateway_callback", "payment_hook"]


@csrf_exempt
@require_POST
def payment_hook(request: HttpRequest, slug: str) -> HttpResponse:
    """A payment that a reseller's own systems report, in the form of docs/payments.md."""
    return _answer(request, slug, Gateway.Provider.HOOK)


@csrf_exempt
@require_POST
def gateway_callback(request: HttpRequest, slug: str, provider: str) -> HttpResponse:
    """An event of a gateway."""
    if provider not in WITH_LINKS:
        return JsonResponse({"error": "no such gateway"}, status=404)
    return _answer(request, slug, provider)


def _answer(request: HttpRequest, slug: str, provider: str) -> HttpResponse:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if not declared.isdigit() or int(declared) > MAX_BODY:
        return JsonResponse({"error": "the body is too large"}, status=413)
    receipt = receive(
        slug=slug, provider=provider, headers=request.headers, body=request.body, now=clock.now()
    )
    name = "result" if receipt.status < 300 else "error"
    return JsonResponse({name: receipt.result}, status=receipt.status)
