"""Audit entries: who did what to what, written in the operation's own transaction."""

from django.db import models

from centers.models.managers import TenantManager
from centers.models.people import User
from centers.models.tenancy import Center, Reseller
from centers.stored_messages import StoredMessageField, StoredMessagesField


class AuditEntry(models.Model):
    """One audit entry. `actor` is empty for jobs; `data` holds old and new values, never a secret."""

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="audit_events", db_index=False
    )
    center = models.ForeignKey(Center, on_delete=models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64)  # such as "center.archived"
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_label = StoredMessageField(blank=True)
    data = StoredMessagesField(default=dict, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["reseller", "-at", "-id"], name="audit_by_time")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_label}"

    @property
    def is_about_a_center(self) -> bool:
        """Whether the center itself was changed."""
        return self.target_type == "center"
