"""Invoices and credit notes: immutable once written (triggers), and the periods they close."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager


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

    An advance invoice is over what was paid in advance: it is no debt, has no ledger entry and nothing open.

    Only `open_amount`, `credited`, `written_off`, `settled_at` and `voided_at` ever change, and only with the ledger.
    Amounts are in `currency`, rounded to its decimals; an invoice's total is never negative, a credit note's always.
    `total` is what is to be paid: the sum of the lines, which are net, and `tax` (InvoiceTax has it by category).
    A credit note repeats the parties of the invoice it credits.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        ADVANCE = "advance", _("Advance invoice")

    class CreditKind(models.TextChoices):
        """Why a credit note was issued."""

        VOID = "void", _("Voids the invoice")  # its usage can be invoiced again
        CORRECTION = "correction", _("Usage was corrected")  # the note takes the corrected usage
        PARTIAL = "partial", _("Credited by staff")  # the usage stays invoiced
        ROUNDING = "rounding", _("Rounding returned")  # when the center was closed
        ADVANCE = "advance", _("No longer paid in advance")  # of an advance invoice

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
    tax = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
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
    # What was unpaid of an invoice and isn't expected any longer; such an invoice is never settled.
    written_off = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
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
                condition=Q(kind__in=["invoice", "advance"], credits__isnull=True, credit_kind="")
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
            models.CheckConstraint(
                condition=Q(written_off__gte=0) & (Q(written_off=0) | Q(written_off__lte=F("total"))),
                name="invoice_written_off_bounded",
            ),
        ]
        indexes = [
            models.Index(fields=["reseller", "-issued_at", "-id"], name="invoice_by_time"),
            models.Index(fields=["center", "due_on", "id"], name="invoice_of_center"),
            models.Index("reseller", "due_on", condition=Q(open_amount__gt=0), name="invoice_open"),
            # The other orders of the list; that by number has the index of its constraint.
            models.Index("reseller", "due_on", "id", name="invoice_by_due_date"),
            models.Index("reseller", "currency", "total", "id", name="invoice_by_total"),
            models.Index("reseller", "currency", "open_amount", "id", name="invoice_by_open_amount"),
            GinIndex(OpClass(Upper("number"), name="gin_trgm_ops"), name="invoice_number_trgm"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        """Whether this credits an invoice."""
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def is_advance(self) -> bool:
        """Whether this is over what was paid in advance."""
        return self.kind == self.Kind.ADVANCE

    @property
    def is_bill(self) -> bool:
        """Whether this is an invoice that asks for money."""
        return self.kind == self.Kind.INVOICE

    @property
    def is_of_advance(self) -> bool:
        """Whether this is over what was paid in advance, or a credit note on that: it has no days of usage."""
        return self.is_advance or self.credit_kind == self.CreditKind.ADVANCE

    @property
    def net(self) -> Decimal:
        """The total without tax."""
        return self.total - self.tax

    @property
    def left(self) -> Decimal:
        """What credit notes left of an invoice's total."""
        return self.total - self.credited

    @classmethod
    def in_force(cls, prefix: str = "") -> Q:
        """Documents of what was sold that count: invoices that are not void, and the credit notes on them.

        `prefix` leads to the document, such as `"invoice__"` for lines.
        """
        own = Q(**{f"{prefix}kind": cls.Kind.INVOICE, f"{prefix}voided_at": None})
        credited = {"kind": cls.Kind.INVOICE, "voided_at": None}
        notes = {f"{prefix}credits__{name}": value for name, value in credited.items()}
        return own | Q(**{f"{prefix}kind": cls.Kind.CREDIT_NOTE}, **notes)


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
