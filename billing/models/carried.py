"""What rounding left of a center's charges: an append-only account, exact, that later invoices bill."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.models.invoices import BillingPeriod, Invoice
from centers.models import Center, Reseller, User
from centers.models.managers import TenantManager


class CarriedAmount(models.Model):
    """One change of what is carried to a center's next invoice, in `currency`, with 30 decimals. Never changed.

    Positive: used but not billed yet. The sum of a center's rows, per currency, is what is carried.
    """

    class Kind(models.TextChoices):
        ROUNDING = "rounding", _("Left by rounding")
        BILLED = "billed", pgettext_lazy("carried amount", "Billed")  # by the line of an invoice
        CREDITED = "credited", _("Credited before")  # staff credited what a correction would credit
        VOIDED = "voided", _("Voided with its invoice")
        SETTLED = "settled", _("Settled when the center was closed")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    center = models.ForeignKey(
        Center, on_delete=models.PROTECT, related_name="carried_amounts", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind)
    amount = models.DecimalField(max_digits=50, decimal_places=30)
    currency = models.CharField(max_length=3)
    period = models.ForeignKey(
        BillingPeriod, on_delete=models.PROTECT, null=True, related_name="carried", db_index=False
    )
    document = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, related_name="carried", db_index=False
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "kind", "currency"],
                condition=Q(period__isnull=False),
                name="carried_once_per_period",
            ),
            models.UniqueConstraint(
                fields=["document", "kind", "currency"],
                condition=Q(document__isnull=False),
                name="carried_once_per_document",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["rounding", "credited"])
                & (Q(period__isnull=False) | Q(document__isnull=False))
                | Q(kind__in=["billed", "voided"], document__isnull=False)
                | Q(kind="settled", period__isnull=True),
                name="carried_fits_kind",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="carried_is_something"),
        ]
        indexes = [models.Index(fields=["center", "currency", "id"], name="carried_of_center")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount.normalize():f} {self.currency}"
