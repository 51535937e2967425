"""What staff chose that a payment settles, and the pictures and PDFs that prove it."""

from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice
from billing.models.payments import Payment
from centers.models import Center, Reseller, User
from centers.models.managers import TenantManager


class PaymentAllocation(models.Model):
    """How much of an invoice a payment settles by choice. Never changed; a reversed payment settles nothing.

    What is not allocated covers the oldest due date first.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations", db_index=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = models.DecimalField(max_digits=18, decimal_places=4)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "invoice"], name="allocation_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount:f}"


class PaymentAttachment(models.Model):
    """A picture (re-encoded by us) or a PDF that belongs to a payment, kept as it is."""

    class Kind(models.TextChoices):
        PNG = "png", "PNG"
        PDF = "pdf", "PDF"

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=3, choices=Kind)
    content = models.BinaryField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"payment-{self.payment_id}-{self.pk}.{'pdf' if self.is_pdf else 'png'}"

    @property
    def is_pdf(self) -> bool:
        """Whether it is a PDF; else it is a PNG."""
        return self.kind == self.Kind.PDF

    @property
    def media_type(self) -> str:
        """What it is served as."""
        return "application/pdf" if self.is_pdf else "image/png"
