"""Money: rates and margins, usage, invoices, payments and the ledger, policies, dunning, mail."""

from billing.models.claims import SubscriptionClaim, UsageClaim, Waiver
from billing.models.dunning import Hold, Reminder, SuspensionBrake, SuspensionCase
from billing.models.invoices import (
    BillingPeriod,
    Invoice,
    InvoiceLine,
    InvoiceNumber,
)
from billing.models.mail import OutgoingMail
from billing.models.payments import LedgerEntry, Payment
from billing.models.policy import Billable, BillingPolicy, CenterPolicy, Share
from billing.models.rates import Category, ExchangeRate, Interval, Margin, Rate, RateCategory, RateFetch
from billing.models.schedule import RoundSchedule
from billing.models.usage import DOUBTS, AccountReading, UsageDay, UsageReading

__all__ = [
    "DOUBTS",
    "AccountReading",
    "Billable",
    "BillingPeriod",
    "BillingPolicy",
    "Category",
    "CenterPolicy",
    "ExchangeRate",
    "Hold",
    "Interval",
    "Invoice",
    "InvoiceLine",
    "InvoiceNumber",
    "LedgerEntry",
    "Margin",
    "OutgoingMail",
    "Payment",
    "Rate",
    "RateCategory",
    "RateFetch",
    "Reminder",
    "RoundSchedule",
    "Share",
    "SubscriptionClaim",
    "SuspensionBrake",
    "SuspensionCase",
    "UsageClaim",
    "UsageDay",
    "UsageReading",
    "Waiver",
]
