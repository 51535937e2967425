"""Alerts: problems that need staff, from when they started until they were over."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller, User
from centers.models.managers import TenantManager
from centers.stored_messages import StoredMessage, StoredMessageField, of_lazy
from whatsapp.models.instance import Instance


class Alert(models.Model):
    """An alert. At most one open alert per kind and instance (or per kind and reseller)."""

    class Kind(models.TextChoices):
        DISCONNECTED = "disconnected", _("Disconnected")
        EXPIRED = "expired", _("Session expired")
        UNKNOWN_STATUS = "unknown_status", _("Unknown status")
        NOT_FOUND = "not_found", _("Instance unknown to MazBot")
        SWITCH_UNCONFIRMED = "switch_unconfirmed", _("Switching not confirmed")
        WEBHOOK_UNCONFIRMED = "webhook_unconfirmed", _("Webhook address not confirmed")
        PROVIDER_FAILING = "provider_failing", _("MazBot is failing")
        ACCOUNT_REFUSED = "account_refused", _("MazBot login refused")
        ACCOUNT_LIMITED = "account_limited", _("MazBot request limit reached")
        QUOTA_LOW = "quota_low", _("Quota running out")
        SUSPENSIONS_HELD = "suspensions_held", _("Suspensions need a decision")
        USAGE_GAP = "usage_gap", _("Usage doesn't match")
        BILLING_BLOCKED = "billing_blocked", _("Invoice blocked")
        LEFT_OVER = "late_corrections", _("Usage after the last invoice")
        EXCHANGE_OLD = "exchange_old", _("Exchange rate out of date")
        USAGE_FLAGGED = "usage_flagged", _("Usage not explained by prices")
        BELOW_COST = "below_cost", _("Prices below cost")

    _OF_MAZBOT = frozenset(
        {Kind.PROVIDER_FAILING, Kind.ACCOUNT_REFUSED, Kind.ACCOUNT_LIMITED, Kind.NOT_FOUND}
    )

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="alerts")
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, null=True, blank=True)
    center = models.ForeignKey(Center, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=20, choices=Kind)
    detail = StoredMessageField(blank=True)
    opened_at = models.DateTimeField()
    # How often it started: more than once if it returned soon after it was over.
    times = models.PositiveIntegerField(default=1)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "instance", "center", "kind"],
                condition=Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="alert_open_once",
            )
        ]
        indexes = [models.Index(fields=["reseller", "-opened_at", "-id"], name="alert_by_time")]

    def __str__(self) -> str:
        kind = of_lazy(self.Kind(self.kind).label)
        return (
            StoredMessage("%(kind)s %(number)s", {"kind": kind, "number": self.instance})
            if self.instance
            else kind
        )

    @property
    def is_disconnection(self) -> bool:
        """Whether the phone was disconnected."""
        return self.kind == self.Kind.DISCONNECTED

    @property
    def is_expiry(self) -> bool:
        """Whether the phone's session expired."""
        return self.kind == self.Kind.EXPIRED

    @property
    def needs_pairing(self) -> bool:
        """Whether pairing the phone again solves it."""
        return self.is_disconnection or self.is_expiry

    @property
    def is_unknown_number(self) -> bool:
        """Whether MazBot doesn't know the number."""
        return self.kind == self.Kind.NOT_FOUND

    @property
    def is_unknown_status(self) -> bool:
        """Whether MazBot reported a status that we don't know."""
        return self.kind == self.Kind.UNKNOWN_STATUS

    @property
    def is_of_mazbot(self) -> bool:
        """Whether MazBot itself, or the account there, is at fault, and not one phone."""
        return self.kind in self._OF_MAZBOT
