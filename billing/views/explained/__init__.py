"""Pages that open an invoice line to what it is made of: for staff, and for the center without costs."""

from billing.views.explained.portal import portal_invoice_line
from billing.views.explained.staff import invoice_line

__all__ = ["invoice_line", "portal_invoice_line"]
