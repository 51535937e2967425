"""The head of an invoice or credit note: number and due date."""

from datetime import date, timedelta

from billing.documents.numbers import next_number
from billing.models import Invoice
from billing.policies import Policy
from centers.models import Center


def number_for(center: Center, kind: Invoice.Kind, year: int) -> tuple[str, int]:
    """The next number; its row stays locked until the transaction ends, so that no number is skipped."""
    return next_number(center.reseller_id, kind, year)


def due_date(policy: Policy, issued_on: date) -> date:
    """When an invoice issued on that day is due under the center's terms."""
    return issued_on + timedelta(days=policy.payment_terms_days)
