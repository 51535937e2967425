"""Payments, and the append-only ledger that balances come from."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager


class Payment(models.Model):
    """A payment of a center, identified by its reference; only its reversal ever changes it."""

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="payments", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    reference = LineField(_("reference"), max_length=80)
    received_on = models.DateField(_("received on"))
    note = LineField(_("note"), max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    reversal_reason = LineField(max_length=300, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-received_on", "-pk"]
        constraints = [
            models.UniqueConstraint("reseller", Upper("reference"), name="payment_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0, amount__lt=10**14), name="payment_positive"),
        ]
        indexes = [models.Index(fields=["reseller", "-received_on", "-id"], name="payment_by_day")]

    def __str__(self) -> str:
        return self.reference


class LedgerEntry(models.Model):
    """One change of a center's balance. Positive: the center owes more. Never changed or deleted."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        PAYMENT = "payment", _("Payment")
        REVERSAL = "reversal", _("Payment reversed")
        REFUND = "refund", _("Credit refunded")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    center = models.ForeignKey(
        Center, on_delete=models.PROTECT, related_name="ledger_entries", db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="entries")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="entries")
    reference = LineField(max_length=80, blank=True)  # of a refund
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(invoice__isnull=False), name="ledger_invoice_once"
            ),
            models.UniqueConstraint(
                fields=["payment", "kind"], condition=Q(payment__isnull=False), name="ledger_payment_once"
            ),
            models.UniqueConstraint(
                "reseller", Upper("reference"), condition=Q(kind="refund"), name="ledger_refund_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["invoice", "credit_note"], invoice__isnull=False, payment__isnull=True)
                | Q(kind="payment", payment__isnull=False, invoice__isnull=True, amount__lt=0)
                | Q(kind="reversal", payment__isnull=False, invoice__isnull=True, amount__gt=0)
                | Q(kind="refund", payment__isnull=True, invoice__isnull=True, amount__gt=0),
                name="ledger_entry_fits_kind",
            ),
        ]
        indexes = [models.Index(fields=["center", "currency", "id"], name="ledger_of_center")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:f} {self.currency}"
