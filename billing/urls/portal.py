"""URLs of the billing pages of a center's portal."""

from django.urls import path

from billing.views import explained, portal
from billing.views.documents import files, statements
from billing.views.paying import limits, links
from billing.views.pricing import center_history, price_files

urlpatterns = [
    path("prices/", portal.portal_prices, name="portal_prices"),
    path("prices/export/<str:fmt>/", price_files.portal_prices_export, name="portal_prices_export"),
    path("prices/pdf/", price_files.portal_prices_pdf, name="portal_prices_pdf"),
    path(
        "prices/changes/export/<str:fmt>/",
        center_history.portal_price_changes_export,
        name="portal_price_changes_export",
    ),
    path("usage/", portal.portal_usage, name="portal_usage"),
    path("usage/export/<str:fmt>/", portal.portal_usage_export, name="portal_usage_export"),
    path("invoices/", portal.portal_invoices, name="portal_invoices"),
    path("invoices/<int:pk>/", portal.portal_invoice, name="portal_invoice"),
    path("invoices/<int:pk>/pdf/", portal.portal_invoice_pdf, name="portal_invoice_pdf"),
    path("invoices/<int:pk>/pay/<str:provider>/", links.portal_pay, name="portal_pay"),
    path("invoices/<int:pk>/xml/", files.portal_invoice_xml, name="portal_invoice_xml"),
    path("receipts/<int:pk>/", files.portal_receipt, name="portal_receipt"),
    path("statement/", statements.portal_statement, name="portal_statement"),
    path("statement/pdf/", statements.portal_statement_pdf, name="portal_statement_pdf"),
    path("statement/export/<str:fmt>/", statements.portal_statement_export, name="portal_statement_export"),
    path("invoices/lines/<int:pk>/", explained.portal_invoice_line, name="portal_invoice_line"),
    path("top-up/", limits.portal_top_up, name="portal_top_up"),
    path("top-up/ask/", limits.portal_top_up_ask, name="portal_top_up_ask"),
    path("balance/", portal.portal_balance, name="portal_balance"),
]
