"""Attempts to pair a phone by QR, and links for pairing without an account."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers.models import Reseller, User
from centers.models.managers import TenantManager
from whatsapp.models.instance import Instance


class PairingAttempt(models.Model):
    """One code requested from MazBot. At most one request per instance is open at a time."""

    class State(models.TextChoices):
        ASKING = "asking", _("Requesting a code")
        SHOWN = "shown", _("Code on screen")
        CONNECTED = "connected", _("Connected")
        EXPIRED = "expired", pgettext_lazy("code", "Expired")
        FAILED = "failed", pgettext_lazy("state", "Failed")

    class Via(models.TextChoices):
        STAFF = "staff", _("Staff")
        PORTAL = "portal", _("Portal")
        LINK = "link", _("Shared link")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    instance = models.ForeignKey(
        Instance, on_delete=models.CASCADE, related_name="pairing_attempts", db_index=False
    )
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    via = models.CharField(max_length=6, choices=Via)
    state = models.CharField(max_length=9, choices=State, default=State.ASKING)
    image = models.BinaryField(null=True)  # PNG, re-encoded by us; emptied when the attempt is over
    link = models.ForeignKey("PairingLink", on_delete=models.SET_NULL, null=True, related_name="attempts")
    renewal = models.PositiveSmallIntegerField(default=0)  # how often the page has asked again automatically
    started_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)  # a worker took it
    polled_at = models.DateTimeField(null=True)  # last status check while the code is on screen
    expires_at = models.DateTimeField(null=True)  # of the code
    ended_at = models.DateTimeField(null=True)
    error_kind = models.CharField(max_length=20, blank=True)
    error = models.CharField(max_length=300, blank=True)

    objects = TenantManager(reseller="reseller", center="instance__center")

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance"], condition=Q(state="asking"), name="pairing_one_question_in_flight"
            )
        ]
        indexes = [
            models.Index(fields=["instance", "-started_at"], name="pairing_latest"),
            models.Index("state", condition=Q(state__in=("asking", "shown")), name="pairing_open"),
        ]

    def __str__(self) -> str:
        return f"{self.instance} {self.state}"


class PairingLink(models.Model):
    """An address for pairing one number without an account; only the hash of its token is stored.

    It is used up once the number has stayed connected for a while (whatsapp/pairing/links.py).
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="pairing_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)  # when the number first connected through it
    revoked_at = models.DateTimeField(null=True)

    objects = TenantManager(reseller="reseller", center="instance__center")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.instance} until {self.expires_at:%Y-%m-%d %H:%M}"
