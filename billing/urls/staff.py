"""URLs of the billing pages for staff."""

from django.urls import path

from billing.models import CenterVersion
from billing.views import (
    exchange_rates,
    explained,
    fragments,
    invoices,
    issue,
    late_corrections,
    number_usage,
    payments,
    prices,
    rates,
    settings,
    unpaid,
    usage,
    waivers,
)
from billing.views.credit import carried, conversion, notes, refunds
from billing.views.documents import files, statements
from billing.views.documents import settings as document_settings
from billing.views.dunning import chosen, disputes, policies, promises, write_offs
from billing.views.paying import attachments, flagged, gateways, limits, links, opening, reported
from billing.views.paying import statements as bank_files
from billing.views.pricing import center_history, charges, price_files, simulator, types
from billing.views.reports import aging, cash_forecast, gap, journal, profit, reconciliation
from billing.views.tax import report as tax_report
from billing.views.tax import settings as tax_settings

urlpatterns = [
    path("prices/", prices.prices, name="prices"),
    path("prices/simulator/", simulator.margin_simulator, name="margin_simulator"),
    path("prices/margin/", prices.margin_set, name="margin_set"),
    path("prices/margin/preview/", prices.margin_preview, name="margin_preview"),
    path("prices/types/", types.rate_types, name="rate_types"),
    path("prices/types/class/", types.rate_type_set, name="rate_type_set"),
    path("prices/types/country/", types.country_name_set, name="country_name_set"),
    path("prices/currency/", prices.rate_currency_choose, name="rate_currency_choose"),
    path("prices/refresh/", prices.rates_refresh, name="rates_refresh"),
    path("prices/rates/", rates.rate_lists, name="rate_lists"),
    path("prices/rates/<int:pk>/", rates.rate_list, name="rate_list"),
    path("prices/rates/<int:pk>/confirm/", rates.rate_list_confirm, name="rate_list_confirm"),
    path("prices/rates/<int:pk>/refuse/", rates.rate_list_refuse, name="rate_list_refuse"),
    path("exchange-rates/", exchange_rates.exchange_rates, name="exchange_rates"),
    path("usage/", usage.usage, name="usage"),
    path("usage/export/<str:fmt>/", usage.usage_export, name="usage_export"),
    path("usage/flagged/<int:pk>/", usage.flagged_usage_resolve, name="flagged_usage_resolve"),
    path("usage/waive/<int:pk>/", waivers.days_waive, name="days_waive"),
    path("usage/late-corrections/<int:pk>/", late_corrections.late_corrections, name="late_corrections"),
    path(
        "usage/late-corrections/<int:pk>/invoice/",
        late_corrections.late_corrections_invoice,
        name="late_corrections_invoice",
    ),
    path("usage/reconciliation/", reconciliation.reconciliation, name="reconciliation"),
    path("usage/reconciliation/<int:pk>/", gap.gap, name="gap"),
    path("usage/reconciliation/differences/export/<str:fmt>/", gap.gaps_export, name="gaps_export"),
    path(
        "usage/reconciliation/export/<str:fmt>/",
        reconciliation.reconciliation_export,
        name="reconciliation_export",
    ),
    path("usage/profit/", profit.profit, name="profit"),
    path("usage/profit/export/<str:fmt>/", profit.profit_export, name="profit_export"),
    path("invoices/", invoices.invoices, name="invoices"),
    path("invoices/export/<str:fmt>/", invoices.invoices_export, name="invoices_export"),
    path("invoices/issue/", issue.invoice_issue, name="invoice_issue"),
    path("invoices/issue/<int:pk>/", issue.invoice_issue_for, name="invoice_issue_for"),
    path("invoices/issue/<int:pk>/read/", issue.invoice_read, name="invoice_read"),
    path("invoices/run/", issue.invoice_run, name="invoice_run"),
    path("invoices/tax/", tax_report.report, name="tax_report"),
    path("invoices/tax/export/<str:fmt>/", tax_report.report_export, name="tax_report_export"),
    path("invoices/journal/", journal.journal_page, name="journal"),
    path("invoices/journal/export/<str:fmt>/", journal.journal_export, name="journal_export"),
    path("invoices/<int:pk>/", invoices.invoice, name="invoice"),
    path("invoices/lines/<int:pk>/", explained.invoice_line, name="invoice_line"),
    path("invoices/<int:pk>/pdf/", invoices.invoice_pdf_file, name="invoice_pdf"),
    path("invoices/<int:pk>/xml/", files.invoice_xml_file, name="invoice_xml"),
    path("invoices/<int:pk>/void/", invoices.invoice_void, name="invoice_void"),
    path("invoices/<int:pk>/credit/", notes.invoice_credit, name="invoice_credit"),
    path("invoices/<int:pk>/credit/preview/", notes.invoice_credit_preview, name="invoice_credit_preview"),
    path("invoices/<int:pk>/mail/", invoices.invoice_mail_again, name="invoice_mail_again"),
    path("invoices/<int:pk>/link/<str:provider>/", links.invoice_link, name="invoice_link"),
    path("invoices/<int:pk>/links/revoke/", reported.invoice_links_revoke, name="invoice_links_revoke"),
    path("payments/", payments.payments, name="payments"),
    path("payments/export/<str:fmt>/", payments.payments_export, name="payments_export"),
    path("payments/record/", payments.payment_record, name="payment_record"),
    path("payments/record/<int:pk>/", payments.payment_record_for, name="payment_record_for"),
    path("payments/record/<int:pk>/preview/", payments.payment_preview, name="payment_preview"),
    path("payments/<int:pk>/receipt/", files.payment_receipt, name="payment_receipt"),
    path("payments/<int:pk>/reverse/", payments.payment_reverse, name="payment_reverse"),
    path("payments/<int:pk>/attach/", attachments.payment_attach, name="payment_attach"),
    path("payments/files/<int:pk>/", attachments.payment_attachment, name="payment_attachment"),
    path("payments/flagged/", flagged.flagged_payments, name="flagged_payments"),
    path("payments/flagged/<int:pk>/", flagged.flagged_payment, name="flagged_payment"),
    path(
        "payments/flagged/<int:pk>/dismiss/", flagged.flagged_payment_dismiss, name="flagged_payment_dismiss"
    ),
    path("payments/reported/", reported.reported_payments, name="reported_payments"),
    path("payments/reported/<int:pk>/", reported.reported_payment, name="reported_payment"),
    path("payments/reported/<int:pk>/file/", reported.reported_payment_file, name="reported_payment_file"),
    path(
        "payments/reported/<int:pk>/refuse/", reported.reported_payment_refuse, name="reported_payment_refuse"
    ),
    path("payments/limits/", limits.credit_limits, name="credit_limits"),
    path("payments/opening/", opening.opening_balances, name="opening_balances"),
    path("payments/opening/record/", opening.opening_balances_record, name="opening_balances_record"),
    path("payments/bank/", bank_files.bank_statements, name="bank_statements"),
    path("payments/bank/record/", bank_files.bank_lines_record, name="bank_lines_record"),
    path("payments/bank/lines/<int:pk>/", bank_files.bank_line, name="bank_line"),
    path("payments/bank/lines/<int:pk>/pass/", bank_files.bank_line_pass, name="bank_line_pass"),
    path("payments/credit/", refunds.credit_list, name="credit_list"),
    path("payments/credit/export/<str:fmt>/", refunds.refunds_export, name="refunds_export"),
    path("payments/credit/<int:pk>/", refunds.credit_refund, name="credit_refund"),
    path("payments/credit/<int:pk>/convert/", conversion.credit_convert, name="credit_convert"),
    path(
        "payments/credit/<int:pk>/convert/preview/",
        conversion.credit_convert_preview,
        name="credit_convert_preview",
    ),
    path(
        "payments/credit/conversions/<int:pk>/reverse/",
        conversion.conversion_reverse,
        name="conversion_reverse",
    ),
    path("unpaid/", unpaid.unpaid, name="unpaid"),
    path("unpaid/export/<str:fmt>/", unpaid.unpaid_export, name="unpaid_export"),
    path("unpaid/aging/", aging.aging_report, name="aging"),
    path("unpaid/aging/export/<str:fmt>/", aging.aging_export, name="aging_export"),
    path("unpaid/forecast/", cash_forecast.cash_forecast, name="cash_forecast"),
    path(
        "unpaid/forecast/export/<str:fmt>/", cash_forecast.cash_forecast_export, name="cash_forecast_export"
    ),
    path("unpaid/hold/<int:pk>/", unpaid.hold_set, name="hold_set"),
    path("unpaid/hold/<int:pk>/release/", unpaid.hold_release, name="hold_release"),
    path("unpaid/chosen/hold/", chosen.chosen_hold, name="chosen_hold"),
    path("unpaid/chosen/release/", chosen.chosen_release, name="chosen_release"),
    path("unpaid/chosen/resend/", chosen.chosen_resend, name="chosen_resend"),
    path("unpaid/chosen/rules/", chosen.chosen_policy, name="chosen_policy"),
    path("unpaid/chosen/export/", chosen.chosen_export, name="chosen_export"),
    path("unpaid/promise/<int:pk>/", promises.promise_set, name="promise_set"),
    path("unpaid/dispute/<int:pk>/", disputes.dispute_open, name="dispute_open"),
    path("unpaid/dispute/<int:pk>/close/", disputes.dispute_close, name="dispute_close"),
    path("unpaid/write-off/<int:pk>/", write_offs.write_off_invoices, name="write_off"),
    path("unpaid/written-off/", write_offs.written_off, name="written_off"),
    path("unpaid/written-off/export/<str:fmt>/", write_offs.written_off_export, name="written_off_export"),
    path("unpaid/written-off/<int:pk>/reverse/", write_offs.write_off_reverse, name="write_off_reverse"),
    path("unpaid/safety_stop/<int:pk>/release/", unpaid.safety_stop_release, name="safety_stop_release"),
    path("settings/billing/", settings.settings_billing, name="settings_billing"),
    path("settings/billing/rules/", policies.dunning_policy_add, name="dunning_policy_add"),
    path("settings/billing/rules/<int:pk>/", policies.dunning_policy, name="dunning_policy"),
    path(
        "settings/billing/rules/<int:pk>/delete/",
        policies.dunning_policy_delete,
        name="dunning_policy_delete",
    ),
    path("settings/payments/", gateways.settings_payments, name="settings_payments"),
    path("settings/payments/secret/", gateways.hook_secret_rotate, name="hook_secret_rotate"),
    path("settings/payments/<str:provider>/", gateways.settings_gateway, name="settings_gateway"),
    path(
        "settings/payments/<str:provider>/test/", gateways.settings_gateway_test, name="settings_gateway_test"
    ),
    path("settings/documents/", document_settings.settings_documents, name="settings_documents"),
    path("settings/accounts/", journal.settings_accounts, name="settings_accounts"),
    path("settings/tax/", tax_settings.settings_tax, name="settings_tax"),
    path("settings/tax/rate/", tax_settings.tax_rate, name="tax_rate"),
    path("centers/<int:pk>/tax/", tax_settings.center_tax, name="center_tax"),
    path("centers/<int:pk>/tax/rate/", tax_settings.center_tax_rate, name="center_tax_rate"),
    path("centers/<int:pk>/billing/", settings.center_policy, name="center_policy"),
    path("centers/<int:pk>/terms/", limits.center_credit_terms, name="center_credit_terms"),
    path("centers/<int:pk>/statement/", statements.center_statement, name="center_statement"),
    path("centers/<int:pk>/statement/pdf/", statements.center_statement_pdf, name="center_statement_pdf"),
    path(
        "centers/<int:pk>/statement/export/<str:fmt>/",
        statements.center_statement_export,
        name="center_statement_export",
    ),
    path("centers/<int:pk>/carried/", carried.center_carried, name="center_carried"),
    path(
        "centers/<int:pk>/carried/export/<str:fmt>/",
        carried.center_carried_export,
        name="center_carried_export",
    ),
    path("home/money/", fragments.home_money, name="home_money"),
    path("home/quota/", fragments.home_quota, name="home_quota"),
    path("instances/<int:pk>/usage/", number_usage.instance_usage, name="instance_usage"),
    path(
        "centers/<int:pk>/prices/export/<str:fmt>/",
        price_files.center_prices_export,
        name="center_prices_export",
    ),
    path("centers/<int:pk>/prices/pdf/", price_files.center_prices_pdf, name="center_prices_pdf"),
    path("centers/<int:pk>/prices/", fragments.center_prices, name="center_prices"),
    path(
        "centers/<int:pk>/prices/history/", center_history.center_price_history, name="center_price_history"
    ),
    path(
        "centers/<int:pk>/prices/history/export/<str:fmt>/",
        center_history.center_price_changes_export,
        name="center_price_changes_export",
    ),
    *(
        path(f"centers/<int:pk>/prices/{address}", view, {"name": column}, name=name)
        for column, one in (
            (CenterVersion.Name.COUNTRY, "country"),
            (CenterVersion.Name.CURRENCY, "currency"),
        )
        for address, view, name in (
            (f"{one}/", center_history.center_change, f"center_{one}"),
            (f"{one}/preview/", center_history.center_change_preview, f"center_{one}_preview"),
        )
    ),
    path("centers/<int:pk>/charges/", charges.center_charges, name="center_charges"),
    path("centers/<int:pk>/charges/add/", charges.charge_add, name="charge_add"),
    path("centers/<int:pk>/discounts/add/", charges.discount_add, name="discount_add"),
    path("discounts/<int:pk>/end/", charges.discount_end, name="discount_end"),
    path("discounts/<int:pk>/withdraw/", charges.discount_withdraw, name="discount_withdraw"),
    path("centers/<int:pk>/charges/preview/", charges.charge_preview, name="charge_preview"),
    path("centers/<int:pk>/discounts/preview/", charges.discount_preview, name="discount_preview"),
    path("charges/<int:pk>/end/", charges.charge_end, name="charge_end"),
    path("charges/<int:pk>/withdraw/", charges.charge_withdraw, name="charge_withdraw"),
    path("centers/<int:pk>/usage/", fragments.center_usage, name="center_usage"),
    path("centers/<int:pk>/invoices/", fragments.center_invoices, name="center_invoices"),
    path("centers/<int:pk>/balance/", fragments.center_balance, name="center_balance"),
]
