"""Payments that gateways and a reseller's own systems report: links to pay an invoice, callbacks, flagged payments."""
