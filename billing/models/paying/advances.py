"""What becomes of advance invoices: later invoices deduct them, and what isn't kept is credited."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models.invoices import Invoice
from billing.models.payments import LedgerEntry
from centers.models import Center, Reseller
from centers.models.managers import TenantManager


class AdvanceEntry(models.Model):
    """A change of what is left of an advance invoice, with its tax. Only ever added.

    Above zero when it is issued, and when a later invoice no longer deducts it (released); below when an invoice
    deducts it, and when it is credited. The sum of all is what is left, never below zero. `document` is the one that
    says so, `invoice` the one that deducts, and `entry` the change of the balance that it follows from.
    """

    class Kind(models.TextChoices):
        ISSUED = "issued", pgettext_lazy("advance invoice", "Issued")
        DEDUCTED = "deducted", _("Deducted")
        RELEASED = "released", _("No longer deducted")
        CREDITED = "credited", pgettext_lazy("advance invoice", "Credited")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="+")
    advance = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="advance_entries", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind)
    document = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="advances_in")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="deductions")
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="advance_entries")
    net = models.DecimalField(max_digits=18, decimal_places=4)
    tax = models.DecimalField(max_digits=18, decimal_places=4)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["advance", "document", "kind", "invoice"],
                name="advanceentry_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind__in=["issued", "released"], net__gte=0, tax__gte=0)
                    | Q(kind__in=["deducted", "credited"], net__lte=0, tax__lte=0)
                )
                & ~Q(net=0, tax=0),
                name="advanceentry_sign_fits",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["deducted", "released"], invoice__isnull=False)
                | Q(kind__in=["issued", "credited"], invoice__isnull=True),
                name="advanceentry_invoice_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.gross.normalize():f}"

    @property
    def gross(self) -> Decimal:
        """With tax."""
        return self.net + self.tax
