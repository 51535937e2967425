"""Issuing a month's invoices: claims, lines, number, ledger entry and mail in one transaction each."""

import time
from datetime import timedelta
from decimal import Decimal

from benchmarks.results import Result
from benchmarks.rows import NOW, analyze, big_reseller
from billing.invoicing import issue_invoice
from billing.models import Category, UsageRecord
from billing.periods import day_start, month_of, today, zone_of
from billing.pricing.margin_versions import set_margin
from centers.models import Center
from centers.tenancy.scoping import tenant
from whatsapp.models import Instance, InstanceAssignment

CENTERS = 200


def measure() -> list[Result]:
    """Invoices a second in one process; a number and a month of usage each."""
    reseller, owner = big_reseller("invoices", centers=CENTERS, numbers=CENTERS)
    period = month_of(today(reseller, NOW).replace(day=1) - timedelta(days=1))
    with tenant(reseller):
        set_margin(
            reseller=reseller,
            category=Category.MESSAGE,
            percent=Decimal(20),
            fixed=Decimal("0.001"),
            valid_from=period.first_day,
            by=owner,
            now=NOW,
        )
        Instance.objects.update(held_since=day_start(period.first_day, zone_of(reseller)))
        UsageRecord.objects.bulk_create(
            UsageRecord(
                reseller=reseller,
                center_id=span.center_id,
                instance_id=span.instance_id,
                assignment=span,
                day=day,
                sent=100,
                received=50,
                failed=2,
                cost=Decimal("4.55"),
                currency="USD",
                first_read_at=NOW,
                read_at=NOW,
            )
            for span in InstanceAssignment.objects.all()
            for day in period.days()
        )
        analyze()
        started = time.perf_counter()
        for center in Center.objects.order_by("pk"):
            issue_invoice(center=center, period=period, by=owner, now=NOW)
        taken = time.perf_counter() - started
    how = f"Issuing {CENTERS} monthly invoices, one process"
    return [Result("invoices.rate", CENTERS / taken, None, "a second", how)]
