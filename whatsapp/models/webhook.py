"""Webhook events from MazBot: stored unverified, processed by a job."""

from django.db import models

from centers.models import Reseller
from centers.models.managers import TenantManager


class WebhookEvent(models.Model):
    """One event, stored once however often it is delivered."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_id = models.CharField(max_length=100)  # MazBot's id, or "sha256:" and a hash of the body
    type = models.CharField(max_length=64)
    body = models.JSONField()
    signed = models.BooleanField()  # with a valid signature
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    deliveries = models.PositiveIntegerField(default=1)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reseller", "event_id"], name="webhook_event_once")]
        indexes = [
            models.Index(
                "reseller", condition=models.Q(processed_at__isnull=True), name="webhook_event_waiting"
            ),
            models.Index(fields=["processed_at"], name="webhook_event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
