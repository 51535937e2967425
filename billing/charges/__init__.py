"""Charges that staff enter: one-off, recurring, set-up fees. Invoices take them in billing/invoicing/charges.py."""

from billing.charges.changing import add_charge, end_charge, end_charges_of_archived, withdraw_charge

__all__ = ["add_charge", "end_charge", "end_charges_of_archived", "withdraw_charge"]
