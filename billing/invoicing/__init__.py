"""Invoices: drafting, issuing, crediting and voiding them, and the monthly run."""

from billing.invoicing.carried import carried
from billing.invoicing.closing import settle_closed_centers
from billing.invoicing.credit_notes import void_invoice
from billing.invoicing.draft_lines import DraftLine
from billing.invoicing.drafts import Draft, preview_invoice
from billing.invoicing.issue import NothingToCharge, close_period, issue_invoice
from billing.invoicing.late_corrections import (
    check_late_corrections,
    is_late_correction,
    issue_last_invoice,
    last_period,
    waive_late_corrections,
)
from billing.invoicing.left import LineLeft, lines_left
from billing.invoicing.monthly import due_periods, voided_periods
from billing.invoicing.partial_credits import CreditPlan, Part, credit_invoice, plan_credit
from billing.invoicing.preconditions import blockers, doubtful, without_buyer_number
from billing.invoicing.run.monthly_run import invoice_reseller
from billing.invoicing.unbilled import corrections
from billing.invoicing.waivers import waivable, waive_usage

__all__ = [
    "CreditPlan",
    "Draft",
    "DraftLine",
    "LineLeft",
    "NothingToCharge",
    "Part",
    "blockers",
    "carried",
    "check_late_corrections",
    "close_period",
    "corrections",
    "credit_invoice",
    "doubtful",
    "due_periods",
    "invoice_reseller",
    "is_late_correction",
    "issue_invoice",
    "issue_last_invoice",
    "last_period",
    "lines_left",
    "plan_credit",
    "preview_invoice",
    "settle_closed_centers",
    "void_invoice",
    "voided_periods",
    "waivable",
    "waive_late_corrections",
    "waive_usage",
    "without_buyer_number",
]
