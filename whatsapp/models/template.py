"""Which WhatsApp template carries which messages."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from centers.models import Reseller
from centers.models.fields import CodeField
from centers.models.managers import TenantManager
from centers.values import languages


class TemplateSetting(models.Model):
    """The template of one kind of message in one language; with the kind "" of all kinds that have none of their own.

    `variables` are the parts of a message (whatsapp.channels.filling) in the order of the template's places.
    """

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="template_settings", db_index=False
    )
    kind = CodeField(_("messages"), max_length=40, blank=True, default="")
    language = models.CharField(_("language"), max_length=5, choices=languages.labels)
    template_id = CodeField(_("template ID"), max_length=100)
    variables = ArrayField(
        models.CharField(max_length=16), verbose_name=_("variables"), default=list, blank=True
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["kind", "language"]
        constraints = [
            models.UniqueConstraint(fields=["reseller", "kind", "language"], name="template_setting_once")
        ]

    def __str__(self) -> str:
        return self.template_id
