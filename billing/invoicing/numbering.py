"""The head of an invoice or credit note: number, parties, due date."""

from datetime import date, timedelta

from django.db.models import F

from billing.models import Invoice, InvoiceNumber
from billing.policies import policy_for
from billing.tax.identity import party_fields
from centers.models import Center

PREFIXES = {Invoice.Kind.INVOICE: "INV", Invoice.Kind.CREDIT_NOTE: "CN"}


def number_for(center: Center, kind: Invoice.Kind, year: int) -> tuple[str, int]:
    """The next number; its row stays locked until the transaction ends, so that no number is skipped."""
    counters = InvoiceNumber.objects.filter(reseller_id=center.reseller_id, kind=kind, year=year)
    InvoiceNumber.objects.bulk_create(
        [InvoiceNumber(reseller_id=center.reseller_id, kind=kind, year=year)], ignore_conflicts=True
    )
    counters.update(last=F("last") + 1)
    last: int = counters.values_list("last", flat=True)[0]
    return f"{PREFIXES[kind]}-{year}-{last:04d}", last


def parties(center: Center) -> dict[str, dict[str, str]]:
    """Who bills whom, as they are now; what is known of their legal identities with it."""
    reseller = center.reseller
    return {
        "reseller": {
            "name": reseller.name,
            "support_contact": reseller.support_contact,
            "payment_instructions": reseller.payment_instructions,
            **party_fields(reseller),
        },
        "center": {
            "name": center.name,
            "contact_name": center.contact_name,
            "email": center.email,
            "phone": center.phone,
            **party_fields(reseller, center),
        },
    }


def due_date(center: Center, issued_on: date) -> date:
    """When an invoice issued on that day is due under the center's terms."""
    return issued_on + timedelta(days=policy_for(center).payment_terms_days)
