"""Payments, and the append-only ledger that balances come from."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from billing.models.paying.write_offs import WriteOff
from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager
from centers.values.names import NameKey


class Payment(models.Model):
    """A payment of a center, identified by its reference, which cash may lack; only its reversal ever changes it."""

    class Method(models.TextChoices):
        BANK = "bank", _("Bank transfer")
        CASH = "cash", _("Cash")
        CARD = "card", _("Card")
        WALLET = "wallet", _("Mobile wallet")
        GATEWAY = "gateway", _("Payment gateway")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="payments", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    reference = LineField(_("reference"), max_length=80, blank=True)
    # Empty for payments recorded before the method was asked for.
    method = models.CharField(
        _("method"), max_length=7, choices=Method, blank=True, default="", db_default=""
    )
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
            models.UniqueConstraint(
                "reseller",
                NameKey("reference"),
                condition=~Q(reference=""),
                name="payment_reference_once",
            ),
            models.CheckConstraint(
                condition=Q(method="cash") | ~Q(reference=""), name="payment_reference_unless_cash"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0, amount__lt=10**14), name="payment_positive"),
        ]
        indexes = [
            models.Index(fields=["reseller", "-received_on", "-id"], name="payment_by_day"),
            models.Index("reseller", "reference", "id", name="payment_by_reference"),
            models.Index("reseller", "currency", "amount", "id", name="payment_by_amount"),
            GinIndex(OpClass(NameKey("reference"), name="gin_trgm_ops"), name="payment_reference_trgm"),
        ]

    def __str__(self) -> str:
        return self.reference or f"{self.get_method_display()} {self.amount.normalize():f} {self.currency}"


class CreditConversion(models.Model):
    """Credit in one currency turned into another by staff, at a dated or a typed exchange rate. Never changed.

    to_amount = from_amount x rate / divisor, rounded once, half up; its two ledger entries take and give. One that
    `reverses` another repeats its amounts the other way round; what was covered is due again.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="credit_conversions")
    from_amount = models.DecimalField(max_digits=18, decimal_places=4)
    from_currency = models.CharField(max_length=3)
    to_amount = models.DecimalField(max_digits=18, decimal_places=4)
    to_currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    divisor = models.DecimalField(max_digits=20, decimal_places=10)
    rate_day = (
        models.DateField()
    )  # of the older rate, where two were needed; of a typed one the day of the conversion
    is_typed = models.BooleanField(default=False, db_default=False)  # the rate is not one of the dated ones
    reason = LineField(
        max_length=300, blank=True, default="", db_default=""
    )  # of a typed rate, or of a reversal
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversal")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_amount__gt=0, to_amount__gt=0) & ~Q(from_currency=F("to_currency")),
                name="creditconversion_between_two",
            ),
            models.CheckConstraint(
                condition=Q(is_typed=False, reverses=None) | ~Q(reason=""),
                name="creditconversion_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_amount:f} {self.from_currency} = {self.to_amount:f} {self.to_currency}"


class LedgerEntry(models.Model):
    """One change of a center's balance. Positive: the center owes more. Never changed or deleted."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        PAYMENT = "payment", _("Payment")
        REVERSAL = "reversal", _("Payment reversed")
        REFUND = "refund", _("Credit refunded")
        CONVERSION = "conversion", _("Credit converted")
        WRITE_OFF = "write_off", _("Written off")
        RECOVERY = "recovery", _("Write-off reversed")
        OPENING = "opening", _("Opening balance")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    center = models.ForeignKey(
        Center, on_delete=models.PROTECT, related_name="ledger_entries", db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False
    )
    # Its other entry is the one in the other currency.
    conversion = models.ForeignKey(
        CreditConversion, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False
    )
    write_off = models.ForeignKey(
        WriteOff, on_delete=models.PROTECT, null=True, related_name="entries", db_index=False
    )
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
                "reseller",
                NameKey("reference"),
                condition=Q(kind="refund"),
                name="ledger_refund_once",
            ),
            models.UniqueConstraint(
                fields=["conversion", "currency"],
                condition=Q(conversion__isnull=False),
                name="ledger_conversion_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["invoice", "credit_note"], invoice__isnull=False, payment__isnull=True)
                | Q(kind="payment", payment__isnull=False, invoice__isnull=True, amount__lt=0)
                | Q(kind="reversal", payment__isnull=False, invoice__isnull=True, amount__gt=0)
                | Q(kind="refund", payment__isnull=True, invoice__isnull=True, amount__gt=0)
                | Q(kind__in=["conversion", "opening"], payment__isnull=True, invoice__isnull=True)
                | Q(kind="write_off", payment__isnull=True, invoice__isnull=True, amount__lt=0)
                | Q(kind="recovery", payment__isnull=True, invoice__isnull=True, amount__gt=0),
                name="ledger_entry_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="conversion", conversion__isnull=False)
                | (~Q(kind="conversion") & Q(conversion__isnull=True)),
                name="ledger_conversion_fits",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["write_off", "recovery"], write_off__isnull=False)
                | (~Q(kind__in=["write_off", "recovery"]) & Q(write_off__isnull=True)),
                name="ledger_write_off_fits",
            ),
            models.UniqueConstraint(
                fields=["write_off", "kind"],
                condition=Q(write_off__isnull=False),
                name="ledger_write_off_once",
            ),
        ]
        indexes = [models.Index(fields=["center", "currency", "id"], name="ledger_of_center")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:f} {self.currency}"
