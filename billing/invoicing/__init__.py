"""Invoices: what would be on one, issuing it, taking it back, and the monthly run."""

from billing.invoicing.blocking import blockers
from billing.invoicing.credit import void_invoice
from billing.invoicing.drafts import Draft, DraftLine, preview_invoice
from billing.invoicing.issue import NothingToCharge, close_period, issue_invoice
from billing.invoicing.leftover import (
    check_left_over,
    is_left_over,
    issue_last_invoice,
    last_period,
    waive_left_over,
)
from billing.invoicing.run import due_periods, invoice_reseller, taken_back
from billing.invoicing.usage import corrections
from billing.invoicing.waiving import waivable, waive_usage

__all__ = [
    "Draft",
    "DraftLine",
    "NothingToCharge",
    "blockers",
    "check_left_over",
    "close_period",
    "corrections",
    "due_periods",
    "invoice_reseller",
    "is_left_over",
    "issue_invoice",
    "issue_last_invoice",
    "last_period",
    "preview_invoice",
    "taken_back",
    "void_invoice",
    "waivable",
    "waive_left_over",
    "waive_usage",
]
