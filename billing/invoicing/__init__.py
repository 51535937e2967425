"""Invoices: drafting, issuing and voiding them, and the monthly run."""

from billing.invoicing.credit_notes import void_invoice
from billing.invoicing.drafts import Draft, DraftLine, preview_invoice
from billing.invoicing.issue import NothingToCharge, close_period, issue_invoice
from billing.invoicing.late_corrections import (
    check_late_corrections,
    is_late_correction,
    issue_last_invoice,
    last_period,
    waive_late_corrections,
)
from billing.invoicing.monthly import due_periods, invoice_reseller, voided_periods
from billing.invoicing.preconditions import blockers
from billing.invoicing.unbilled import corrections
from billing.invoicing.waivers import waivable, waive_usage

__all__ = [
    "Draft",
    "DraftLine",
    "NothingToCharge",
    "blockers",
    "check_late_corrections",
    "close_period",
    "corrections",
    "due_periods",
    "invoice_reseller",
    "is_late_correction",
    "issue_invoice",
    "issue_last_invoice",
    "last_period",
    "preview_invoice",
    "void_invoice",
    "voided_periods",
    "waivable",
    "waive_late_corrections",
    "waive_usage",
]
