"""A reseller's year: the operations and jobs of the product with another clock, against a sandbox over HTTP.

Whatever is done is also written down as a fact; centers and numbers are found by name, since a restored backup has rows
of its own.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone

from billing.invoicing import Part, credit_invoice, issue_invoice, void_invoice, waive_usage
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.jobs import JOBS, due_resellers, run_if_due
from billing.ledger import sums
from billing.models import FlaggedUsage, Invoice, Payment, Suspension
from billing.payments import record_payment, refund_credit, reverse_payment
from billing.periods import Period
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.history.center_changes import change_center
from billing.tax.rates import set_tax_rate
from centers import clock, live
from centers.models import Center
from devstack.sandbox import Control
from tests.billing.conftest import Shop
from tests.billing.year import backup
from tests.billing.year.facts import (
    Booked,
    Credited,
    ExchangeRate,
    Fact,
    Held,
    MarginSet,
    Month,
    Paid,
    Priced,
    Round,
    SubscriptionRate,
    Taxed,
    Voided,
    Waived,
    bounds,
    facts_of,
    restored,
)
from whatsapp.instances import add_instance, archive_instance
from whatsapp.jobs import switching_job
from whatsapp.models import Instance
from whatsapp.moving import hand_over

D = Decimal
COUNTRIES = {"": "15", "1": "18.75", "2": "9.9", "3": "12", "4": "20.5", "5": "20", "6": "17.4"}


@dataclass
class Year:
    """The reseller, its MazBot, and the facts so far."""

    shop: Shop
    control: Control
    clock: list[datetime]
    chance: random.Random
    folder: Path

    def __post_init__(self) -> None:
        self.facts: list[Fact] = []
        self.mazbot_answers = True
        self.restored = 0

    @property
    def now(self) -> datetime:
        return self.clock[0]

    def at(self, day: date, hour: int) -> None:
        """It is so late, in UTC, everywhere."""
        self.clock[0] = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        self._tell_product()

    def _tell_product(self) -> None:
        clock.move_to(self.now - timezone.now())

    # --- Centers and numbers ---------------------------------------------------------------------

    def center(self, name: str) -> Center:
        return Center.objects.select_related("reseller").get(name=name)

    def number(self, name: str) -> Instance:
        return Instance.objects.select_related("center__reseller", "reseller").get(instance_id=name)

    def new_center(self, name: str, currency: str, country: str) -> None:
        self.shop.new_center(name=name, currency=currency, country_id=country)
        self.facts.append(Priced(self.now, name, country, currency, date(2000, 1, 1)))

    def new_number(self, name: str, center: str) -> None:
        self.control.add_instance("demo-key", name, daily_messages=0)
        add_instance(center=self.center(center), instance_id=name, by=None, now=self.now)
        self.facts.append(Held(self.now, name, center))

    def move(self, name: str, center: str) -> None:
        assert hand_over(instance=self.number(name), center=self.center(center), by=None, now=self.now)
        self.facts.append(Held(self.now, name, center))

    def archive(self, name: str) -> None:
        archive_instance(instance=self.number(name), by=None, now=self.now)
        self.facts.append(Held(self.now, name, ""))

    def change(self, name: str, since: date, **terms: str) -> None:
        """Another country or currency from a day on."""
        last = [row for row in facts_of(self.facts, Priced) if row.center == name][-1]
        new = {"country": last.country, "currency": last.currency} | terms
        columns = {"country": "mazbot_country", "currency": "invoice_currency"}
        for term, value in terms.items():
            change_center(
                center=self.center(name), name=columns[term], value=value, valid_from=since, by=None, now=self.now
            )  # fmt: skip
        self.facts.append(Priced(self.now, name, since=since, **new))

    # --- What MazBot counts and charges ----------------------------------------------------------

    def book(self, number: str, day: date, sent: int, failed: int, cost: Decimal) -> None:
        self.control.add_usage(number, day, sent=sent, failed=failed, cost=cost)
        self.facts.append(Booked(self.now, number, day, sent, failed, cost))

    def subscription(self, country: str, cost: Decimal) -> None:
        self.control.set_rate(country, "subscription_monthly", cost)
        self.facts.append(SubscriptionRate(self.now, country, cost))

    # --- Prices ----------------------------------------------------------------------------------

    def margin(self, percent: str, fixed: str, since: date, *, category: str = "message", **of: str) -> None:
        level, own = next(iter(of.items()), ("", ""))
        fields: dict[str, Any] = {}
        if level:
            fields = {"center": self.center(own)} if level == "center" else {"country_id": own}
        self.shop.margin(percent, fixed, category=category, valid_from=since, now=self.now, **fields)
        self.facts.append(MarginSet(self.now, category, level, own, D(percent), D(fixed), since))

    def exchange_rate(self, currency: str, rate: Decimal) -> None:
        day = self.now.date()
        set_exchange_rate(
            reseller=self.shop.reseller, base="USD", quote=currency, day=day, rate=rate, by=None, now=self.now
        )
        self.facts.append(ExchangeRate(self.now, currency, rate, day))

    def tax(self, percent: str, since: date) -> None:
        set_tax_rate(
            reseller=self.shop.reseller, category="S", percent=D(percent), reason="", valid_from=since,
            by=None, now=self.now,
        )  # fmt: skip
        self.facts.append(Taxed(self.now, D(percent), since))

    # --- Documents and payments ------------------------------------------------------------------

    def balance(self, name: str) -> dict[str, Decimal]:
        return sums(self.center(name))

    def pay(self, name: str, currency: str, amount: Decimal, reference: str) -> None:
        record_payment(
            center=self.center(name), amount=amount, currency=currency, reference=reference,
            received_on=self.now.date(), by=None, now=self.now,
        )  # fmt: skip
        self.facts.append(Paid(self.now, name, currency, amount))

    def bounce(self, reference: str) -> None:
        payment = Payment.objects.select_related("center").get(reference=reference)
        reverse_payment(payment=payment, because="bounced", by=None, now=self.now)
        name, currency = payment.center.name, payment.currency
        self.facts.append(Paid(self.now, name, currency, -payment.amount, "reversal"))

    def refund(self, name: str, currency: str, amount: Decimal) -> None:
        refund_credit(
            center=self.center(name), amount=amount, currency=currency, by=None, now=self.now,
            reference=f"R {name} {currency} {self.now:%m%d}",
        )  # fmt: skip
        self.facts.append(Paid(self.now, name, currency, -amount, "refund"))

    def invoice(self, name: str, month: Month) -> Invoice:
        return Invoice.objects.get(
            center__name=name, kind="invoice", voided_at=None, first_day=bounds(month)[0]
        )

    def credit(self, name: str, month: Month, share: Decimal) -> None:
        """So much of the dearest line."""
        invoice = self.invoice(name, month)
        line = max(invoice.lines.all(), key=lambda one: one.amount)
        amount = (line.amount * share).quantize(D(1) if invoice.currency == "JPY" else D("0.01"))
        parts = {line.pk: Part(amount=amount)}
        credit_invoice(invoice=invoice, parts=parts, because="a complaint", by=None, now=self.now)
        self.facts.append(Credited(self.now, name, month, amount))

    def void_and_issue(self, name: str, month: Month) -> None:
        void_invoice(invoice=self.invoice(name, month), because="wrong address", by=None, now=self.now)
        issue_invoice(center=self.center(name), period=Period(*bounds(month)), by=None, now=self.now)
        self.facts.append(Voided(self.now, name, month))

    def waive(self, number: str, first: date, end: date) -> None:
        own = self.number(number)
        waive_usage(instance=own, period=Period(first, end), because="a test", by=None, now=self.now)
        self.facts.append(Waived(self.now, number, own.center.name, first, end))

    # --- Time ------------------------------------------------------------------------------------

    def round(self) -> None:
        """Every job that is due, as the beat's ticks have them; then staff accept what went down."""
        pk = self.shop.reseller.pk
        for job in JOBS:
            if pk in due_resellers(job, self.now):
                run_if_due(job, reseller_id=pk, now=self.now)
        switching_job(reseller=self.shop.reseller, now=self.now)
        self.facts.append(Round(self.now, self.mazbot_answers))
        waiting = FlaggedUsage.objects.filter(resolved_at=None, flag="decreased")
        for flagged in waiting.select_related("reseller", "center"):
            accept_flagged_usage(flagged=flagged, by=None, now=self.now)

    def mazbot_fails(self) -> None:
        self.mazbot_answers = False
        self.control.set_fault("*", "500")

    def mazbot_works(self) -> None:
        """Hours later: what was remembered of the failures is over."""
        self.mazbot_answers = True
        self.control.clear_faults()
        live.valkey().flushdb()
        self._tell_product()

    def back_up(self) -> None:
        self._backed_up = self.now
        backup.dump(self.folder / "backup")

    def restore(self) -> None:
        """The disk is lost: what is left is the backup, and what MazBot remembers."""
        before = len(self.facts)
        backup.restore(self.folder / "backup")
        self.facts = restored(self.facts, self._backed_up)
        self.restored += before - len(self.facts)
        self._tell_product()

    def suspended(self) -> set[str]:
        rows = Suspension.objects.filter(ended_at=None)
        return set(rows.values_list("center__name", flat=True))


def next_day(day: date) -> date:
    return day + timedelta(days=1)
