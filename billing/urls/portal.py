"""URLs of the billing pages of a center's portal."""

from django.urls import path

from billing.views import explained, portal

urlpatterns = [
    path("prices/", portal.portal_prices, name="portal_prices"),
    path("usage/", portal.portal_usage, name="portal_usage"),
    path("usage/export/<str:fmt>/", portal.portal_usage_export, name="portal_usage_export"),
    path("invoices/", portal.portal_invoices, name="portal_invoices"),
    path("invoices/<int:pk>/", portal.portal_invoice, name="portal_invoice"),
    path("invoices/<int:pk>/pdf/", portal.portal_invoice_pdf, name="portal_invoice_pdf"),
    path("invoices/lines/<int:pk>/", explained.portal_invoice_line, name="portal_invoice_line"),
    path("balance/", portal.portal_balance, name="portal_balance"),
]
