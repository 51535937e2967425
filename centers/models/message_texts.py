"""Texts of messages in a reseller's own words."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from centers.models.fields import LineField, LinesField
from centers.models.managers import TenantManager
from centers.models.tenancy import Reseller


class MessageText(models.Model):
    """What one message says in one language, in place of the standard text; `{name}` stands for a field."""

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="message_texts", db_index=False
    )
    name = models.CharField(max_length=60)
    language = models.CharField(max_length=5)
    subject = LineField(_("subject"), max_length=200)
    text = LinesField(_("text"), max_length=4000)

    objects = TenantManager(reseller="reseller")

    class Meta:
        verbose_name = _("text of a message")
        ordering = ["name", "language"]
        constraints = [
            models.UniqueConstraint(fields=["reseller", "name", "language"], name="message_text_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"
