"""A reseller's account at MazBot."""

import secrets

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from centers.models import Reseller
from centers.models.fields import AddressField, CodeField, LineField
from centers.models.managers import TenantManager
from centers.secrets import SecretField
from centers.values.validators import validate_currency, validate_time_zone


def new_path_token() -> str:
    """43 random characters for the URL MazBot's webhooks are sent to."""
    return secrets.token_urlsafe(32)


class MazbotAccount(models.Model):
    """Address, credentials and limits of a reseller's main account."""

    class BodyFormat(models.TextChoices):
        FORM = "form", _("Form fields")
        JSON = "json", "JSON"

    reseller = models.OneToOneField(Reseller, on_delete=models.CASCADE, related_name="mazbot_account")
    base_url = models.URLField(_("address"), default="https://mazbot.net/api")
    api_key = SecretField(_("API key"), blank=True)
    email = AddressField(_("login email"), blank=True)
    password = SecretField(_("login password"), blank=True)
    locale_prefix = CodeField(_("locale prefix"), max_length=8, blank=True)
    rate_limit = models.PositiveSmallIntegerField(
        _("requests per minute"), default=60, validators=[MinValueValidator(1), MaxValueValidator(30_000)]
    )
    body_format = models.CharField(
        _("body format"), max_length=4, choices=BodyFormat, default=BodyFormat.FORM
    )
    time_zone = LineField(
        _("MazBot's time zone"), max_length=64, default="Asia/Riyadh", validators=[validate_time_zone]
    )
    cost_currency = CodeField(
        _("currency of MazBot's costs"), max_length=3, default="USD", validators=[validate_currency]
    )
    stale_hours = models.PositiveSmallIntegerField(
        _("hours until a number is stale"),
        default=24,
        db_default=24,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
    )
    webhook_secret = SecretField(_("webhook signing secret"), blank=True)
    webhook_path_token = models.CharField(max_length=64, unique=True, default=new_path_token, editable=False)
    credentials_version = models.PositiveIntegerField(default=1, editable=False)
    last_ok_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error_kind = models.CharField(max_length=20, blank=True, editable=False)
    # The login is refused since then: scheduled jobs wait until something is saved or a call works.
    refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    # While a provider incident lasts, no alerts per number are opened and no center is suspended.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    # The provider incident, or one of two: many numbers went down within a minute; `dropped` is how many so far.
    drops_since = models.DateTimeField(null=True, blank=True, editable=False)
    dropped = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    recovered_at = models.DateTimeField(null=True, blank=True, editable=False)  # the last one's end
    recent_checks = models.JSONField(
        default=list, editable=False
    )  # see whatsapp/monitoring/provider_incidents.py
    checks_paused_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TenantManager(reseller="reseller")

    def __str__(self) -> str:
        return f"MazBot account of {self.reseller}"

    @property
    def is_set_up(self) -> bool:
        """Whether the account is complete enough to try a login."""
        return bool(self.api_key and self.email and self.password)
