"""Debts that were given up."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager


class WriteOff(models.Model):
    """What was unpaid of one invoice and isn't expected any longer; only its reversal ever changes it.

    The ledger has an entry for it and, once it is reversed, another one.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="write_offs")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="write_offs")
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    because = LineField(_("reason"), max_length=300)
    written_off_on = models.DateField()  # in the reseller's zone
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    reversal_reason = LineField(max_length=300, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-written_off_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, amount__lt=10**14), name="writeoff_positive"),
        ]
        indexes = [models.Index(fields=["reseller", "-written_off_on", "-id"], name="writeoff_by_day")]

    def __str__(self) -> str:
        return str(self.invoice)
