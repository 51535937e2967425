"""What belongs to pages that need no account: payments that the reader of an invoice reports, and their links."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from billing.models.paying.details import PaymentAttachment
from billing.models.payments import Payment
from centers.models import Center, Reseller, User
from centers.models.fields import CodeField, LineField
from centers.models.managers import TenantManager
from centers.values.names import NameKey


class ReportedPayment(models.Model):
    """“I have paid”: what the reader of an invoice's link says. It counts for nothing until staff confirm it."""

    class State(models.TextChoices):
        UNDECIDED = "undecided", _("To check")
        RECORDED = "recorded", _("Recorded")
        REFUSED = "declined", _("Refused")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reported_payments")
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    reference = LineField(max_length=80)
    # A picture (re-encoded by us) or a PDF, as an attachment of a payment; empty without one.
    kind = models.CharField(max_length=3, choices=PaymentAttachment.Kind, blank=True)
    content = models.BinaryField(null=True)
    reported_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.UNDECIDED)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decision = LineField(max_length=300, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-reported_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "invoice",
                NameKey("reference"),
                condition=Q(state="undecided"),
                name="reportedpayment_once",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="reportedpayment_positive"),
        ]
        indexes = [
            models.Index(fields=["reseller", "state", "-reported_at", "-id"], name="reportedpayment_list")
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_undecided(self) -> bool:
        """Whether it waits for staff."""
        return self.state == self.State.UNDECIDED

    @property
    def is_refused(self) -> bool:
        """Whether staff found no such payment."""
        return self.state == self.State.REFUSED

    @property
    def is_pdf(self) -> bool:
        """Whether its file is a PDF; else it is a PNG, or there is none."""
        return self.kind == PaymentAttachment.Kind.PDF

    @property
    def media_type(self) -> str:
        """What its file is served as."""
        return "application/pdf" if self.is_pdf else "image/png"

    @property
    def filename(self) -> str:
        """What its file is saved as."""
        return f"reported-payment-{self.pk}.{'pdf' if self.is_pdf else 'png'}"


class RevokedLinks(models.Model):
    """All links to one document that were made before: those of a lower `generation` no longer open it."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    invoice = models.OneToOneField(Invoice, on_delete=models.CASCADE, related_name="revoked_links")
    generation = models.PositiveIntegerField()
    revoked_at = models.DateTimeField()
    revoked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller")

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.generation}"


class PriceLink(models.Model):
    """A link that staff made to a center's prices; it opens for some time, until it is revoked."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.CASCADE, related_name="price_links")
    address_mark = CodeField(max_length=16)  # of the center's email address when it was made
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True)  # last
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.center_id}: {self.made_at:%Y-%m-%d}"
