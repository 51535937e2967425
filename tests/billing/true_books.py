"""What is true of the books of centers in dollars, whatever was done: prices, notes, taxes, days."""

from decimal import Decimal

from django.db.models import Q, Sum

from billing.models import Billable, CarriedAmount, Invoice, InvoiceLine, InvoiceTax, UsageClaim, UsageRecord
from billing.money import rounded, total_of
from billing.pricing.price_list import billable_messages, more_billable, usage_charge
from centers.models import Center

#: Credit notes that give away money, not usage.
GIVEN = ("partial", "rounding")


def check_price(center: Center) -> None:
    """What was billed, less what was credited, and what is carried: the price of the usage, to the last digit.

    Each claim is priced at the margin that its day was billed with. What staff credited is given away, once: a later
    correction of the same usage is counted in it.
    """
    documents = Invoice.objects.filter(Invoice.in_force(), center=center)
    given = {kind: total_of(row.net for row in documents if row.credit_kind == kind) for kind in GIVEN}
    billed = total_of(row.net for row in documents) - total_of(given.values())
    rows = CarriedAmount.objects.filter(center=center)
    noted = Q(period=None, document__credits__voided_at=None)
    settled = total_of(row.amount for row in rows.filter(noted, kind="settled"))
    closed = Q(period__isnull=False, period__voided_at=None)
    counted = total_of(row.amount for row in rows.filter(noted | closed, kind="credited"))
    left = total_of((*rows.values_list("amount", flat=True), -settled, -counted))
    lines = InvoiceLine.objects.filter(Invoice.in_force("invoice__"), invoice__center=center)
    lines = lines.exclude(kind="carried").exclude(invoice__credit_kind__in=GIVEN)
    claims = UsageClaim.objects.filter(usage_record__center=center, voided_at=None, period__isnull=False)
    price = total_of(price_of(claim) for claim in claims.select_related("margin"))
    assert total_of((billed, left)) == price
    assert 0 <= counted <= -given["partial"]
    assert all(
        line.exact == usage_charge(line.cost, line.quantity, line.percent, line.fixed) for line in lines
    )
    assert (
        lines.aggregate(sum=Sum("cost"))["sum"] == claims.exclude(line=None).aggregate(sum=Sum("cost"))["sum"]
    )
    # Less than a cent is carried for each line that was rounded, and for what was not billed at all.
    carried = abs(total_of(rows.values_list("amount", flat=True)))
    assert carried < Decimal("0.01") * (UsageClaim.objects.filter(usage_record__center=center).count() + 1)


def price_of(claim: UsageClaim) -> Decimal:
    margin = claim.margin
    percent, fixed = (margin.percent, margin.fixed) if margin else (Decimal(0), Decimal(0))
    return total_of((claim.cost, claim.cost * percent / 100, fixed * arrived(claim)))


def arrived(claim: UsageClaim) -> int:
    before, more = (claim.sent_before, claim.failed_before), (claim.sent, claim.failed)
    return more_billable(before, more, Billable.DELIVERED)


def check_notes(invoice: Invoice) -> None:
    """No document has the wrong sign, and no line or invoice is credited more than it billed."""
    assert invoice.total > 0
    notes = Invoice.objects.filter(credits=invoice)
    assert all(note.total < 0 and note.parties == invoice.parties for note in notes)
    assert invoice.credited == -total_of(note.total for note in notes)
    assert (invoice.left == 0) if invoice.voided_at else (invoice.left >= 0)
    for line in invoice.lines.all():
        rest = line.amount + total_of(InvoiceLine.objects.filter(
            corrects=line, invoice__kind="credit_note").values_list("amount", flat=True))  # fmt: skip
        assert min(line.amount, 0) <= rest <= max(line.amount, 0)


def check_taxes(invoice: Invoice) -> None:
    """Whatever was credited, what is left of the invoice is taxed per rate on its net sum."""
    documents = Invoice.objects.filter(Q(pk=invoice.pk) | Q(credits=invoice))
    rows = InvoiceTax.objects.filter(invoice__in=documents).order_by()
    taxes = rows.values_list("category", "percent").annotate(Sum("net"), Sum("tax"))
    assert all(tax == rounded(net * percent / 100, "USD") for _category, percent, net, tax in taxes)
    assert all(net >= 0 for _category, _percent, net, _tax in taxes)
    assert sum(row.tax for row in documents) == sum(tax for *_group, tax in taxes)
    if rows:
        assert sum(row.net for row in documents) == sum(net for _category, _percent, net, _tax in taxes)


def check_day(day: UsageRecord) -> None:
    """All of a day that is charged or waived, whatever was voided between, is charged or waived once."""
    rows = UsageClaim.objects.filter(usage_record=day, voided_at=None)
    assert len({row.revision for row in rows}) == len(rows)
    taken = (sum(row.sent for row in rows), sum(row.failed for row in rows))
    if taken == (day.sent, day.failed):
        assert sum(arrived(row) for row in rows) == billable_messages(*taken, Billable.DELIVERED)
