"""Charges and discounts that staff enter. Invoices take them in billing/invoicing/charges.py."""

from billing.charges.changing import add_charge, end_charge, end_charges_of_archived, withdraw_charge
from billing.charges.discounts import (
    add_discount,
    end_discount,
    is_discount_invoiced,
    refuse_more_off,
    withdraw_discount,
)

__all__ = [
    "add_charge",
    "add_discount",
    "end_charge",
    "end_charges_of_archived",
    "end_discount",
    "is_discount_invoiced",
    "refuse_more_off",
    "withdraw_charge",
    "withdraw_discount",
]
