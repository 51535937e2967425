"""Alerts: problems that need staff, from when they started until they were over."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller, User
from centers.models.fields import LinesField
from centers.models.managers import TenantManager
from centers.stored_messages import StoredMessage, StoredMessageField, of_lazy
from whatsapp.models.instance import Instance


class Alert(models.Model):
    """An alert. At most one open alert per kind and instance (or per kind and reseller)."""

    class Kind(models.TextChoices):
        DISCONNECTED = "disconnected", _("Disconnected")
        EXPIRED = "expired", _("Session expired")
        UNKNOWN_STATUS = "unknown_status", _("Unknown status")
        NEEDS_QR = "needs_qr", _("Phone logged out")
        FLAPPING = "flapping", _("Unstable connection")
        STALE = "stale", _("Not seen for a long time")
        SILENT = "silent", _("Fewer messages than usual")
        FAILING = "failing", _("More failed messages than usual")
        NOT_FOUND = "not_found", _("Number unknown to MazBot")
        SWITCH_UNCONFIRMED = "switch_unconfirmed", _("Service change not confirmed")
        WEBHOOK_UNCONFIRMED = "webhook_unconfirmed", _("Webhook address not confirmed")
        PROVIDER_FAILING = "provider_failing", _("MazBot is failing")
        NUMBERS_DROPPED = "numbers_dropped", _("Many numbers down at once")
        ACCOUNT_REFUSED = "account_refused", _("MazBot login refused")
        ACCOUNT_LIMITED = "account_limited", _("MazBot request limit reached")
        CHANNEL_DEAD = "channel_dead", _("Messages can't be delivered")
        QUOTA_LOW = "quota_low", _("Quota running out")
        SUSPENSIONS_HELD = "suspensions_held", _("Suspensions need a decision")
        USAGE_GAP = "usage_gap", _("Usage doesn't match")
        BILLING_BLOCKED = "billing_blocked", _("Invoice blocked")
        LEFT_OVER = "late_corrections", _("Usage after the last invoice")
        EXCHANGE_OLD = "exchange_old", _("Exchange rate out of date")
        USAGE_FLAGGED = "usage_flagged", _("Usage not explained by prices")
        BELOW_COST = "below_cost", _("Prices below cost")
        RATES_WAITING = "rates_waiting", _("Rates wait for confirmation")
        RATES_CURRENCY = "rates_currency", _("Rates in another currency")
        RATES_UNKNOWN = "rates_unknown", _("Rate types to classify")

    #: Opened once, when a state begins that lasts: resolved by hand, they would not open again while it lasts.
    LASTING = frozenset({Kind.PROVIDER_FAILING, Kind.NUMBERS_DROPPED})

    #: Each is about items that have a page: open while one of them is, so resolving it by hand would hide them.
    OF_ITEMS = frozenset({Kind.USAGE_GAP})

    #: About money.
    OF_MONEY = frozenset(
        {
            Kind.QUOTA_LOW,
            Kind.SUSPENSIONS_HELD,
            Kind.USAGE_GAP,
            Kind.BILLING_BLOCKED,
            Kind.LEFT_OVER,
            Kind.EXCHANGE_OLD,
            Kind.USAGE_FLAGGED,
            Kind.BELOW_COST,
            Kind.RATES_WAITING,
            Kind.RATES_CURRENCY,
            Kind.RATES_UNKNOWN,
        }
    )

    #: Not about numbers: no maintenance of them hides these.
    ALWAYS_SEEN = OF_MONEY | {Kind.CHANNEL_DEAD}

    _OF_MAZBOT = frozenset(
        {
            Kind.PROVIDER_FAILING,
            Kind.NUMBERS_DROPPED,
            Kind.ACCOUNT_REFUSED,
            Kind.ACCOUNT_LIMITED,
            Kind.NOT_FOUND,
        }
    )

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, null=True, blank=True)
    center = models.ForeignKey(Center, on_delete=models.CASCADE, null=True, blank=True)
    kind = models.CharField(max_length=20, choices=Kind)
    detail = StoredMessageField(blank=True)
    opened_at = models.DateTimeField()
    # How often it started: more than once if it returned soon after it was over.
    times = models.PositiveIntegerField(default=1)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Until then it is under Snoozed and counted nowhere. Never set together with `acknowledged_at`.
    snoozed_until = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    # Only if a person resolved it: such an alert is never continued, the cause opens another one.
    resolved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

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
        indexes = [
            models.Index(fields=["reseller", "-opened_at", "-id"], name="alert_by_time"),
            # Nearly all alerts are over.
            models.Index(
                "reseller", "opened_at", "id", condition=Q(resolved_at=None), name="alert_open_by_time"
            ),
            models.Index(
                "snoozed_until",
                condition=Q(snoozed_until__isnull=False, resolved_at__isnull=True),
                name="alert_snoozed",
            ),
        ]

    def __str__(self) -> str:
        kind = of_lazy(self.Kind(self.kind).label)
        return (
            StoredMessage("%(kind)s: %(number)s", {"kind": kind, "number": self.instance})
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
        return self.is_disconnection or self.is_expiry or self.kind == self.Kind.NEEDS_QR

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

    def is_snoozed(self, now: datetime) -> bool:
        """Whether it is open and counted nowhere at `now`."""
        return self.resolved_at is None and self.snoozed_until is not None and self.snoozed_until > now

    @property
    def may_be_resolved(self) -> bool:
        """Whether a person can resolve it: it is open, its cause would open another one, and it has no items."""
        return self.resolved_at is None and self.kind not in self.LASTING | self.OF_ITEMS


class AlertEvent(models.Model):
    """One change in the life of an alert: its story on the page, and what notifications follow."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        RETURNED = "returned", _("Returned")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        SNOOZED = "snoozed", _("Snoozed")
        WOKE = "woke", _("Snooze ended")
        ASSIGNED = "assigned", _("Assigned")
        NOTED = "noted", _("Note added")
        RESOLVED = "resolved", _("Resolved")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    # Empty: done automatically.
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    until = models.DateTimeField(null=True, blank=True)  # of SNOOZED
    # Of ASSIGNED; empty: no one.
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    text = LinesField(_("note"), max_length=2000, blank=True)  # of NOTED

    objects = TenantManager(reseller="reseller", center="alert__center")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["alert"], condition=Q(kind="opened"), name="alert_event_opened_once"
            )
        ]
        indexes = [models.Index(fields=["alert", "at", "id"], name="alert_event_story")]

    def __str__(self) -> str:
        return f"{self.kind} {self.alert_id}"
