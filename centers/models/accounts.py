"""What proves that an account is its owner's, and how a lost second factor is replaced."""

from django.db import models
from django.db.models import Q

from centers import clock
from centers.models.people import User
from centers.models.tenancy import Invitation


class AddressCode(models.Model):
    """A one-time code that was mailed to an invited address; only its keyed hash is stored.

    Not scoped: a person who opens a copied link belongs to no tenant yet, and limits count over all tenants.
    """

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="codes")
    email = models.CharField(max_length=254, db_index=True)  # casefolded
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField(default=clock.now)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    proof_hash = models.CharField(
        max_length=64, blank=True, db_default=""
    )  # of the proof that the browser keeps once the code is used

    class Meta:
        ordering = ["-sent_at", "-pk"]

    def __str__(self) -> str:
        return f"code for invitation {self.invitation_id}"


class FactorReset(models.Model):
    """A person lost their second factor: asked for a link, opened it, and waits until `due_at`.

    It ends by `done_at` or `canceled_at`. `warned_at` and `result_sent_at` record when the mails about the start
    and the end were handed over; the wait counts from the warning.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="factor_resets")
    requested_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    result_sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(started_at__isnull=False, done_at=None, canceled_at=None),
                name="factor_reset_one_waiting",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(done_at=None, canceled_at=None), name="factor_reset_due"
            )
        ]

    def __str__(self) -> str:
        return f"second factor of {self.user}"
