"""URLs without an account: linked invoices and prices, and what gateways and a reseller's own systems report."""

from django.urls import path

from billing.views import invoice_link
from billing.views.paying import callbacks
from billing.views.pricing import price_link

urlpatterns = [
    path("invoice/<str:token>/", invoice_link.invoice_link, name="invoice_link"),
    path("invoice/<str:token>/pdf/", invoice_link.invoice_link_pdf, name="invoice_link_pdf"),
    path("invoice/<str:token>/paid/", invoice_link.invoice_link_paid, name="invoice_link_paid"),
    path("invoice/<str:token>/pay/<str:provider>/", invoice_link.invoice_link_pay, name="invoice_link_pay"),
    path("price-list/<str:token>/", price_link.price_link, name="price_link"),
    path("price-list/<str:token>/pdf/", price_link.price_link_pdf, name="price_link_pdf"),
    path("invoice-paid/<str:token>/", invoice_link.payment_return, name="payment_return"),
    path("hooks/payments/<slug:slug>", callbacks.payment_hook, name="payment_hook"),
    path("hooks/payments/<slug:slug>/<str:provider>", callbacks.gateway_callback, name="gateway_callback"),
]
