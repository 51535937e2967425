"""Money: rates and margins, usage, invoices, payments and the ledger, policies, dunning."""

from billing.models.carried import CarriedAmount
from billing.models.center_versions import CenterVersion
from billing.models.charges import Charge, Discount
from billing.models.checks import COST_TOLERANCE, UsageCheck
from billing.models.claims import BeyondClaim, ChargeClaim, SubscriptionClaim, UsageClaim, Waiver
from billing.models.documents import DocumentKind, DocumentLogo, DocumentSettings, NumberFormat, Receipt
from billing.models.dunning import Dispute, Hold, Reminder, SafetyStop, Suspension
from billing.models.dunning_policies import DunningPolicy
from billing.models.gaps import GapItem
from billing.models.invoices import BillingPeriod, Invoice, InvoiceNumber
from billing.models.lines import InvoiceLine, LineKinds
from billing.models.paying.advances import AdvanceEntry
from billing.models.paying.bank import BankLine, BankStatement
from billing.models.paying.by_link import PriceLink, ReportedPayment, RevokedLinks
from billing.models.paying.details import PaymentAllocation, PaymentAttachment
from billing.models.paying.gateways import FlaggedPayment, Gateway, GatewayEvent, PaymentLink
from billing.models.paying.journal import JournalAccounts
from billing.models.paying.limits import CreditTerms
from billing.models.paying.write_offs import WriteOff
from billing.models.payments import CreditConversion, LedgerEntry, Payment
from billing.models.plans import Plan, PlanTerms
from billing.models.policy import Billable, BillingPolicy, CenterPolicy, Share
from billing.models.rates import (
    Category,
    ExchangeRate,
    Interval,
    Margin,
    MazbotCountry,
    Rate,
    RateCategory,
    RateClass,
    RateFetch,
)
from billing.models.reported import ReportedMonth
from billing.models.schedule import JobSchedule
from billing.models.taxing.categories import OwnTax, TaxCategory, TaxTerms
from billing.models.taxing.rates import InvoiceTax, LegalIdentity, TaxProfile, TaxRate, TaxSums
from billing.models.usage import (
    DOUBTS,
    IS_CHARGED,
    AccountUsageRecord,
    FlaggedUsage,
    UsageRecord,
    is_charged_to,
)

__all__ = [
    "COST_TOLERANCE",
    "DOUBTS",
    "IS_CHARGED",
    "AccountUsageRecord",
    "AdvanceEntry",
    "BankLine",
    "BankStatement",
    "BeyondClaim",
    "Billable",
    "BillingPeriod",
    "BillingPolicy",
    "CarriedAmount",
    "Category",
    "CenterPolicy",
    "CenterVersion",
    "Charge",
    "ChargeClaim",
    "CreditConversion",
    "CreditTerms",
    "Discount",
    "Dispute",
    "DocumentKind",
    "DocumentLogo",
    "DocumentSettings",
    "DunningPolicy",
    "ExchangeRate",
    "FlaggedPayment",
    "FlaggedUsage",
    "GapItem",
    "Gateway",
    "GatewayEvent",
    "Hold",
    "Interval",
    "Invoice",
    "InvoiceLine",
    "InvoiceNumber",
    "InvoiceTax",
    "JobSchedule",
    "JournalAccounts",
    "LedgerEntry",
    "LegalIdentity",
    "LineKinds",
    "Margin",
    "MazbotCountry",
    "NumberFormat",
    "OwnTax",
    "Payment",
    "PaymentAllocation",
    "PaymentAttachment",
    "PaymentLink",
    "Plan",
    "PlanTerms",
    "PriceLink",
    "Rate",
    "RateCategory",
    "RateClass",
    "RateFetch",
    "Receipt",
    "Reminder",
    "ReportedMonth",
    "ReportedPayment",
    "RevokedLinks",
    "SafetyStop",
    "Share",
    "SubscriptionClaim",
    "Suspension",
    "TaxCategory",
    "TaxProfile",
    "TaxRate",
    "TaxSums",
    "TaxTerms",
    "UsageCheck",
    "UsageClaim",
    "UsageRecord",
    "Waiver",
    "WriteOff",
    "is_charged_to",
]
