"""Mails to centers: stored in the transaction they are about, sent by a job."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller
from centers.models.fields import AddressField
from centers.models.managers import TenantManager
from centers.stored_messages import StoredMessageField


class OutgoingMail(models.Model):
    """One mail, rendered in the center's language when stored. `key` makes it unique."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not delivered")  # given up after several tries
        UNSENT = "unsent", _("Not sent: no mail server")  # passed to a backend that only prints or keeps it
        NO_ADDRESS = "no_address", _("No email address")

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="outgoing_mails", db_index=False
    )
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="outgoing_mails")
    key = models.CharField(max_length=80)  # such as "invoice:17", "reminder:17:due+3"
    kind = models.CharField(max_length=16)
    to = AddressField(blank=True)
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    invoice = models.ForeignKey(
        "Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="mails"
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    error = StoredMessageField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reseller", "key"], name="mail_once")]
        indexes = [models.Index("next_try_at", condition=Q(state="waiting"), name="mail_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def was_sent(self) -> bool:
        """Whether a mail server took it."""
        return self.state == self.State.SENT

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be sent."""
        return self.state == self.State.WAITING

    @property
    def is_undelivered(self) -> bool:
        """Whether it will reach no one unless a person acts."""
        return self.state in (self.State.FAILED, self.State.UNSENT, self.State.NO_ADDRESS)
