"""Named reads for pages. Those for portals start with `portal_` and select no cost."""

from billing.queries.money import (
    Credit,
    Takings,
    Total,
    credits,
    flagged_usage_rows,
    late_corrections,
    payments,
    refunds,
    takings,
    total_takings,
)
from billing.queries.portal import (
    PortalDay,
    PortalLine,
    PortalPrice,
    portal_balance,
    portal_invoices,
    portal_lines,
    portal_prices,
    portal_subscription,
    portal_usage,
)
from billing.queries.portal_line import (
    PortalLineDay,
    PortalListedPrice,
    portal_line_days,
    portal_line_prices,
)
from billing.queries.usage import (
    last_read,
    last_read_of,
    usage_by_center,
    usage_by_day,
    usage_by_instance,
)

__all__ = [
    "Credit",
    "PortalDay",
    "PortalLine",
    "PortalLineDay",
    "PortalListedPrice",
    "PortalPrice",
    "Takings",
    "Total",
    "credits",
    "flagged_usage_rows",
    "last_read",
    "last_read_of",
    "late_corrections",
    "payments",
    "portal_balance",
    "portal_invoices",
    "portal_line_days",
    "portal_line_prices",
    "portal_lines",
    "portal_prices",
    "portal_subscription",
    "portal_usage",
    "refunds",
    "takings",
    "total_takings",
    "usage_by_center",
    "usage_by_day",
    "usage_by_instance",
]
