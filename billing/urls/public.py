"""URLs without an account: what gateways and a reseller's own systems report."""

from django.urls import path

from billing.views.paying import callbacks

urlpatterns = [
    path("hooks/payments/<slug:slug>", callbacks.payment_hook, name="payment_hook"),
    path("hooks/payments/<slug:slug>/<str:provider>", callbacks.gateway_callback, name="gateway_callback"),
]
