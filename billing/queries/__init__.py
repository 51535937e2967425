"""Reads with names, for pages. What a portal may ask begins with `portal_` and selects no cost at all."""

from billing.queries.money import (
    Takings,
    Unpaid,
    doubtful_readings,
    invoice_lines,
    invoices,
    ledger,
    losses,
    payments,
    state_of,
    takings,
    unpaid,
)
from billing.queries.portal import (
    PortalDay,
    PortalLine,
    PortalPrice,
    portal_balance,
    portal_invoices,
    portal_lines,
    portal_prices,
    portal_usage,
)
from billing.queries.usage import last_read, usage_by_center, usage_by_day, usage_by_instance

__all__ = [
    "PortalDay",
    "PortalLine",
    "PortalPrice",
    "Takings",
    "Unpaid",
    "doubtful_readings",
    "invoice_lines",
    "invoices",
    "last_read",
    "ledger",
    "losses",
    "payments",
    "portal_balance",
    "portal_invoices",
    "portal_lines",
    "portal_prices",
    "portal_usage",
    "state_of",
    "takings",
    "unpaid",
    "usage_by_center",
    "usage_by_day",
    "usage_by_instance",
]
