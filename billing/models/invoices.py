"""Invoices and credit notes: immutable once written (triggers), their lines, and the periods they close."""

from decimal import Decimal
from typing import Any, Protocol

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from billing.models.policy import Billable
from billing.models.rates import Margin
from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager
from whatsapp.models import Instance


class DateRange(Func):
    """PostgreSQL's daterange(first, end, '[)')."""

    function = "DATERANGE"
    output_field = DateRangeField()


def _period() -> DateRange:
    return DateRange(F("first_day"), F("end_day"), RangeBoundary())


class InvoiceNumber(models.Model):
    """The last number used per reseller, kind and year; its row lock makes the numbers gapless."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller", "kind", "year"], name="invoicenumber_counter")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}: {self.last}"


class Invoice(models.Model):
    """An invoice over a half-open range of days, or a credit note that credits one: all of it, or a part.

    Only `open_amount`, `credited`, `settled_at` and `voided_at` ever change, and only with the ledger.
    Amounts are in `currency`, rounded to its decimals; an invoice's total is never negative, a credit note's always.
    A credit note repeats the parties of the invoice it credits.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")

    class CreditKind(models.TextChoices):
        """Why a credit note was issued."""

        VOID = "void", _("Voids the invoice")  # its usage can be invoiced again
        CORRECTION = "correction", _("Usage was corrected")  # the note takes the corrected usage
        PARTIAL = "partial", _("Credited by staff")  # the usage stays invoiced
        ROUNDING = "rounding", _("Rounding returned")  # when the center was closed

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INVOICE)
    number = models.CharField(max_length=24)  # INV-2026-0001, CN-2026-0001
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    first_day = models.DateField()
    end_day = models.DateField()  # the first day after the billed ones
    period_start = models.DateTimeField()  # UTC, of first_day in the reseller's zone
    period_end = models.DateTimeField()
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=18, decimal_places=4)
    line_count = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    issued_on = models.DateField()  # in the reseller's zone
    due_on = models.DateField()
    issued_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    language = models.CharField(max_length=5)
    # As they were on the day of issue: {"reseller": {"name": …}, "center": {"name", "contact_name", …}}
    parties = models.JSONField()
    credits = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes"
    )
    credit_kind = models.CharField(max_length=10, choices=CreditKind, blank=True, default="", db_default="")
    reason = LineField(max_length=300, blank=True)  # of a credit note
    open_amount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    # What credit notes took off an invoice; never negative.
    credited = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
    settled_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["reseller", "number"], name="invoice_number_once"),
            models.UniqueConstraint(
                fields=["reseller", "kind", "year", "sequence"], name="invoice_sequence_once"
            ),
            models.UniqueConstraint(
                fields=["center", "kind", "first_day", "end_day"],
                condition=Q(voided_at__isnull=True, kind="invoice"),
                name="invoice_once_per_period",
            ),
            ExclusionConstraint(
                name="invoice_periods_apart",
                expressions=[("center", RangeOperators.EQUAL), (_period(), RangeOperators.OVERLAPS)],
                condition=Q(voided_at__isnull=True, kind="invoice"),
            ),
            models.CheckConstraint(condition=Q(first_day__lt=F("end_day")), name="invoice_has_days"),
            models.CheckConstraint(condition=Q(period_start__lt=F("period_end")), name="invoice_has_time"),
            models.CheckConstraint(
                condition=Q(kind="invoice", credits__isnull=True, credit_kind="")
                | (Q(kind="credit_note", credits__isnull=False) & ~Q(credit_kind="")),
                name="invoice_credit_note_credits",
            ),
            models.UniqueConstraint(
                fields=["credits"], condition=Q(credit_kind="void"), name="invoice_voided_once"
            ),
            models.CheckConstraint(
                condition=Q(open_amount__gte=0)
                & (Q(open_amount=0) | Q(open_amount__lte=F("total") - F("credited"))),
                name="invoice_open_amount_bounded",
            ),
            models.CheckConstraint(
                condition=Q(credited__gte=0) & (Q(credited=0) | Q(credited__lte=F("total"))),
                name="invoice_credited_bounded",
            ),
        ]
        indexes = [
            models.Index(fields=["reseller", "-issued_at", "-id"], name="invoice_by_time"),
            models.Index(fields=["center", "due_on", "id"], name="invoice_of_center"),
            models.Index("reseller", "due_on", condition=Q(open_amount__gt=0), name="invoice_open"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        """Whether this credits an invoice."""
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def left(self) -> Decimal:
        """What credit notes left of an invoice's total."""
        return self.total - self.credited

    @classmethod
    def in_force(cls, prefix: str = "") -> Q:
        """Documents that count: invoices that are not void, and the credit notes on them.

        `prefix` leads to the document, such as `"invoice__"` for lines.
        """
        own = Q(**{f"{prefix}kind": cls.Kind.INVOICE, f"{prefix}voided_at": None})
        return own | Q(**{f"{prefix}kind": cls.Kind.CREDIT_NOTE, f"{prefix}credits__voided_at": None})


class BillingPeriod(models.Model):
    """A closed range of a center's days: invoiced, or waived because there was nothing to charge."""

    class Outcome(models.TextChoices):
        INVOICED = "invoiced", _("Invoiced")
        WAIVED = "waived", _("Nothing to charge")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="billing_periods")
    first_day = models.DateField()
    end_day = models.DateField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    invoice = models.OneToOneField(
        Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="period"
    )
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-first_day", "-pk"]
        constraints = [
            ExclusionConstraint(
                name="billingperiod_apart",
                expressions=[("center", RangeOperators.EQUAL), (_period(), RangeOperators.OVERLAPS)],
                condition=Q(voided_at__isnull=True),
            ),
            models.CheckConstraint(condition=Q(first_day__lt=F("end_day")), name="billingperiod_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} - {self.end_day}"


class HasKind(Protocol):
    """Anything with the kind of an invoice line."""

    @property
    def kind(self) -> str: ...


class LineKinds:
    """What pages ask about a line: a stored one, one of a draft, and one as its center sees it."""

    __slots__ = ()

    @property
    def is_subscription(self: HasKind) -> bool:
        """Whether it charges a subscription."""
        return self.kind == InvoiceLine.Kind.SUBSCRIPTION

    @property
    def is_adjustment(self: HasKind) -> bool:
        """Whether it corrects a day that was invoiced before."""
        return self.kind == InvoiceLine.Kind.ADJUSTMENT

    @property
    def is_carried(self: HasKind) -> bool:
        """Whether it bills what rounding left of earlier invoices."""
        return self.kind == InvoiceLine.Kind.CARRIED


class InvoiceLine(LineKinds, models.Model):
    """One rounded amount and everything it was calculated from; costs are for staff only.

    exact = (cost x (1 + percent/100) + fixed x quantity) x exchange_rate; amount = round(exact), once, half up. For a
    subscription of part of a month, `cost` is that share of the rate, and the amount contains the same share of
    `fixed`. What rounding leaves, exact - amount, is carried to a later invoice (CarriedAmount).
    """

    class Kind(models.TextChoices):
        USAGE = "usage", _("Messages")
        SUBSCRIPTION = "subscription", _("Subscription")
        ADJUSTMENT = "adjustment", _("Adjustment")
        CARRIED = "carried", _("Carried over")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, null=True, related_name="+")
    number_label = models.CharField(max_length=160)  # label and id of the number on the day of issue
    rate_type = models.CharField(max_length=64, blank=True)  # of a subscription
    first_day = models.DateField()
    end_day = models.DateField()
    quantity = models.BigIntegerField()  # billable messages, or subscriptions
    billable = models.CharField(
        max_length=9, choices=Billable, blank=True
    )  # which messages count; "" for a subscription
    sent = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=24, decimal_places=10)
    unit_cost = models.DecimalField(max_digits=24, decimal_places=10)  # average, for display
    cost_currency = models.CharField(max_length=3)
    margin = models.ForeignKey(Margin, on_delete=models.PROTECT, null=True, related_name="+")
    percent = models.DecimalField(max_digits=9, decimal_places=4)
    fixed = models.DecimalField(max_digits=18, decimal_places=8)
    exchange_rate = models.DecimalField(max_digits=20, decimal_places=10)  # 1 within one currency
    unit_price = models.DecimalField(max_digits=24, decimal_places=10)  # average, in `currency`
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    exact = models.DecimalField(max_digits=50, decimal_places=30, null=True)  # null: of an older version
    # The line of an earlier invoice that this one credits (on a credit note) or adds to (an adjustment).
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")

    objects = TenantManager(reseller="reseller", center="invoice__center")

    #: A credit note has these with the opposite sign and repeats all others.
    NEGATED = ("quantity", "sent", "received", "failed", "cost", "amount", "exact")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoiceline_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.number_label} {self.first_day} - {self.end_day}"

    @classmethod
    def content_fields(cls) -> "list[models.Field[Any, Any]]":
        """The fields that drafts and credit notes fill in: all but the line's place in its invoice."""
        place = ("id", "reseller", "invoice", "position")
        return [field for field in cls._meta.concrete_fields if field.name not in place]
