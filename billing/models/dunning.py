"""What was done about unpaid invoices: reminders, holds and promises, disputes, suspensions and safety stops."""

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager


class Reminder(models.Model):
    """A dunning step taken for one invoice, by a mail of the outbox or `skipped` in favor of a later one."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="reminders")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders", db_index=False)
    step = models.CharField(max_length=16)  # "due-3", "due+0", "warning"
    at = models.DateTimeField()
    skipped = models.BooleanField(default=False, db_default=False)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["invoice", "step"], name="reminder_step_once")]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.step}"


class Hold(models.Model):
    """ "Do not suspend until DATE, because …": on `until` itself the center may be suspended again.

    A promise to pay is a hold that also pauses reminders: `amount` will be paid by the day before `until`.
    """

    class Kind(models.TextChoices):
        HOLD = "hold", _("Hold")
        PROMISE = "promise", _("Promise to pay")

    class Outcome(models.TextChoices):
        """What became of a promise."""

        OPEN = "", _("Promised")
        KEPT = "kept", _("Promise kept")
        BROKEN = "broken", _("Promise broken")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.HOLD, db_default=Kind.HOLD)
    until = models.DateField(_("don't suspend before"))
    because = LineField(_("reason"), max_length=300)
    amount = models.DecimalField(_("promised amount"), max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    outcome = models.CharField(max_length=6, choices=Outcome, blank=True, default="", db_default="")
    judged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["center"], condition=Q(released_at__isnull=True), name="hold_one_per_center"
            ),
            models.CheckConstraint(
                condition=Q(kind="hold", amount__isnull=True, currency="", outcome="")
                | (Q(kind="promise", amount__gt=0) & ~Q(currency="")),
                name="hold_promises_an_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.center_id} until {self.until}"

    @property
    def is_promise(self) -> bool:
        """Whether it is a promise to pay."""
        return self.kind == self.Kind.PROMISE

    @property
    def is_broken(self) -> bool:
        """Whether it is a promise that wasn't kept."""
        return self.outcome == self.Outcome.BROKEN

    @property
    def is_kept(self) -> bool:
        """Whether it is a promise that was kept."""
        return self.outcome == self.Outcome.KEPT

    @property
    def last_day(self) -> date:
        """The last day it covers: that of the promised payment."""
        return self.until - timedelta(days=1)


class Dispute(models.Model):
    """A center contests an invoice: until this is closed, it gets no reminder and suspends no one."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="disputes")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="disputes", db_index=False)
    because = LineField(_("reason"), max_length=300)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decision = LineField(_("decision"), max_length=300, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(closed_at__isnull=True), name="dispute_one_per_invoice"
            )
        ]
        indexes = [models.Index(fields=["invoice"], name="dispute_of_invoice")]

    def __str__(self) -> str:
        return f"{self.invoice_id} since {self.opened_at:%Y-%m-%d}"


class Suspension(models.Model):
    """A decision to suspend one center for non-payment, until the center is resumed."""

    class Ending(models.TextChoices):
        RUNNING = "", _("Suspended")
        PAID = "paid", _("Paid")
        HELD = "held", _("Put on hold")
        SETTLED = "settled", _("No longer required")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="suspensions")
    opened_at = models.DateTimeField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)  # overdue beyond the grace days at the time
    currency = models.CharField(max_length=3)
    because = models.CharField(max_length=300)  # invoice numbers and due dates
    # The credit limit that was used up (0: prepaid); `amount` is then the exposure, and no invoice is the reason.
    limit = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    safety_stop = models.ForeignKey("SafetyStop", on_delete=models.PROTECT, null=True, related_name="cases")
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=8, choices=Ending, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["center"], condition=Q(ended_at__isnull=True), name="suspension_one_per_center"
            )
        ]

    def __str__(self) -> str:
        return f"{self.center_id} since {self.opened_at:%Y-%m-%d}"

    @property
    def is_for_limit(self) -> bool:
        """Whether the center used up its limit or what it paid in advance; else invoices are overdue."""
        return self.limit is not None

    @property
    def is_for_prepaid(self) -> bool:
        """Whether what it paid in advance was used up."""
        return self.limit == 0


class SafetyStop(models.Model):
    """A run that would have suspended too many centers; nothing happens until staff release its list."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="safety_stops")
    pulled_at = models.DateTimeField()
    center_ids = ArrayField(models.BigIntegerField())
    limit = models.PositiveIntegerField()  # how many the run could have suspended
    active_centers = models.PositiveIntegerField()
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)  # its list was processed, or became short enough

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-pulled_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseller"], condition=Q(closed_at__isnull=True), name="safety_stop_one_per_reseller"
            )
        ]

    def __str__(self) -> str:
        return f"{len(self.center_ids)} centers, {self.pulled_at:%Y-%m-%d}"
