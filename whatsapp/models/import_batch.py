"""Imports of files with centers and instances."""

from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers.models import Reseller, User
from centers.models.managers import TenantManager
from centers.stored_messages import StoredMessageField, StoredMessagesField


class ImportBatch(models.Model):
    """One uploaded file: read, previewed, then imported completely or not at all."""

    class State(models.TextChoices):
        INVALID = "invalid", _("Has errors")
        READY = "ready", _("Ready to import")
        QUEUED = "queued", _("Importing")
        DONE = "done", _("Imported")
        FAILED = "failed", pgettext_lazy("state", "Failed")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="import_batches")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    #: The file itself, to read it again in another encoding; deleted after the import.
    content = models.BinaryField(null=True, editable=False)
    reading = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField())
    )  # csv_reader.Reading, and counts
    filename = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=7, choices=State)
    rows = models.JSONField(default=list)  # [{"line": 2, "center": ..., "instance_id": ..., ...}]
    errors = StoredMessagesField(default=list)  # [{"line": 2, "field": "email", "message": "..."}]
    new_centers = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)  # rows
    created_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = StoredMessageField(blank=True)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.filename or str(_("Import %(number)s") % {"number": self.pk})

    @property
    def is_invalid(self) -> bool:
        """Whether its file has errors."""
        return self.state == self.State.INVALID

    @property
    def is_ready(self) -> bool:
        """Whether it waits for a person to confirm it."""
        return self.state == self.State.READY

    @property
    def is_queued(self) -> bool:
        """Whether it is being imported."""
        return self.state == self.State.QUEUED

    @property
    def is_done(self) -> bool:
        """Whether it was imported."""
        return self.state == self.State.DONE

    @property
    def new_numbers(self) -> int:
        """Rows that add a number; the others exist already, or are centers without numbers."""
        return self.total - int(self.reading.get("without_number", 0))
