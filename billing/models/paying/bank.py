"""Bank statements: the files that staff upload, and the incoming payments in them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.payments import Payment
from centers.models import Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager


class BankStatement(models.Model):
    """An uploaded file, read completely or refused. `left_out` are its lines that are no incoming payments."""

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    filename = LineField(max_length=200, blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    lines_read = models.PositiveIntegerField()
    known_before = models.PositiveIntegerField()  # lines that an earlier file brought
    left_out = models.JSONField(default=list)  # [{"line": 2, "text": "..."}]

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["reseller", "-id"], name="bankstatement_list")]

    def __str__(self) -> str:
        return self.filename or str(self.pk)


class BankLine(models.Model):
    """An incoming payment on a statement. `fingerprint` makes it one row, however many files contain it."""

    class State(models.TextChoices):
        NEW = "unmatched", _("To match")
        RECORDED = "recorded", _("Recorded")
        PASSED = "passed", _("Not a center's payment")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()  # of its line in the file
    fingerprint = models.CharField(max_length=64)
    booked_on = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    text = LineField(max_length=500, blank=True)
    payer = LineField(max_length=200, blank=True)
    reference = LineField(max_length=80, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.NEW)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-booked_on", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reseller", "fingerprint"], name="bankline_once")]
        indexes = [models.Index(fields=["reseller", "state", "-booked_on", "-id"], name="bankline_list")]

    def __str__(self) -> str:
        return f"{self.booked_on:%Y-%m-%d} {self.amount.normalize():f} {self.currency}"

    @property
    def is_new(self) -> bool:
        """Whether staff have not decided about it."""
        return self.state == self.State.NEW

    @property
    def own_reference(self) -> str:
        """The reference of its payment: the bank's, else one that this line alone has."""
        return self.reference or f"BANK-{self.booked_on:%Y%m%d}-{self.fingerprint[:8].upper()}"
