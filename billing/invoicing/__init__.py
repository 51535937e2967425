"""Invoices: what would be on one, issuing it, taking it back, and the monthly run."""

from billing.invoicing.blocking import blockers
from billing.invoicing.credit import void_invoice
from billing.invoicing.drafts import Draft, DraftLine, preview_invoice
from billing.invoicing.issue import NothingToCharge, close_period, issue_invoice
from billing.invoicing.run import due_periods, invoice_reseller

__all__ = [
    "Draft",
    "DraftLine",
    "NothingToCharge",
    "blockers",
    "close_period",
    "due_periods",
    "invoice_reseller",
    "issue_invoice",
    "preview_invoice",
    "void_invoice",
]
