"""Payments, their reversal, refunds of credit, and converting credit."""

from billing.payments.conversion import convert_credit, convertible, plan_conversion, reverse_conversion
from billing.payments.recording import payable_in, record_payment, refund_credit, reverse_payment

__all__ = [
    "convert_credit",
    "convertible",
    "payable_in",
    "plan_conversion",
    "record_payment",
    "refund_credit",
    "reverse_conversion",
    "reverse_payment",
]
