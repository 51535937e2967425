"""Resellers, their centers, and who may do what for them."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers import clock
from centers.models.fields import (
    AccountAddressField,
    AddressField,
    CodeField,
    LineField,
    LinesField,
    no_control,
)
from centers.models.managers import TenantManager
from centers.models.people import User
from centers.stored_messages import StoredMessage, of_lazy
from centers.values import languages
from centers.values.countries import validate_country
from centers.values.names import NameKey
from centers.values.validators import validate_currency, validate_time_zone


class Role(models.TextChoices):
    """What a membership is for; permissions.py says what each may do."""

    OWNER = "owner", _("Owner")
    BILLING = "billing", _("Billing")
    SUPPORT = "support", _("Support")
    CENTER_ADMIN = "center_admin", _("Center admin")
    CENTER_VIEWER = "center_viewer", _("Center viewer")


STAFF_ROLES = (Role.OWNER, Role.BILLING, Role.SUPPORT)
CENTER_ROLES = (Role.CENTER_ADMIN, Role.CENTER_VIEWER)


class Reseller(models.Model):
    """A tenant: a business that resells WhatsApp numbers of one MazBot main account."""

    name = LineField(_("name"), max_length=120)
    slug = models.SlugField(_("address name"), max_length=60, unique=True)
    language = models.CharField(_("language"), max_length=5, choices=languages.labels, default="en")
    time_zone = CodeField(
        _("time zone"), max_length=64, default="Asia/Riyadh", validators=[validate_time_zone]
    )
    currency = CodeField(_("currency"), max_length=3, default="USD", validators=[validate_currency])
    country = CodeField(
        _("country"), max_length=2, blank=True, default="", db_default="", validators=[validate_country]
    )  # ISO 3166: for phone numbers and taxes, not for MazBot
    logo = models.BinaryField(null=True, editable=False)  # PNG, re-encoded by us; requests defer it
    logo_version = models.CharField(
        max_length=16, blank=True, editable=False
    )  # of the logo's bytes; "": no logo
    colour = CodeField(
        _("color"), max_length=7, blank=True, validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    support_contact = LineField(_("support contact"), max_length=200, blank=True)
    payment_instructions = LinesField(_("how to pay"), max_length=2000, blank=True)
    mfa_required = models.BooleanField(_("require two-factor sign-in for staff"), default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            no_control("name", "reseller_name_no_control"),
            no_control("support_contact", "reseller_support_no_control"),
        ]

    def __str__(self) -> str:
        return self.name


class Center(models.Model):
    """A reseller's customer, with its own contact, currency and people."""

    class PaymentStatus(models.TextChoices):
        """The center's balance, kept up to date by billing, so lists need not read the ledger."""

        CLEAR = "clear", _("Nothing due")
        OPEN = "open", pgettext_lazy("balance", "Unpaid")
        OVERDUE = "overdue", _("Overdue")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="centers", db_index=False)
    name = LineField(_("name"), max_length=120)
    contact_name = LineField(_("contact name"), max_length=120, blank=True)
    email = AddressField(_("email"), blank=True)
    phone = CodeField(_("phone"), max_length=20, blank=True)  # E.164, with the plus
    country = CodeField(
        _("country"), max_length=2, blank=True, default="", db_default="", validators=[validate_country]
    )  # ISO 3166; "": the reseller's
    country_id = CodeField(_("MazBot country ID"), max_length=16, blank=True)
    currency = CodeField(_("currency"), max_length=3, validators=[validate_currency])
    language = models.CharField(_("language"), max_length=5, choices=languages.labels, default="en")
    notes = LinesField(_("notes"), max_length=4000, blank=True)
    payment_status = models.CharField(
        max_length=8, choices=PaymentStatus, default=PaymentStatus.CLEAR, editable=False
    )
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TenantManager(reseller="reseller", center="pk")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("reseller", NameKey("name"), name="center_name_unique_per_reseller"),
            no_control("name", "center_name_no_control"),
            no_control("contact_name", "center_contact_no_control"),
            models.UniqueConstraint(fields=["reseller", "id"], name="center_reseller_pair"),
        ]
        indexes = [
            GinIndex(OpClass(NameKey("name"), name="gin_trgm_ops"), name="center_name_trgm"),
            GinIndex(
                OpClass(NameKey("contact_name"), name="gin_trgm_ops"),
                OpClass(Upper("email"), name="gin_trgm_ops"),
                OpClass(Upper("phone"), name="gin_trgm_ops"),
                name="center_contact_trgm",
            ),
            # An index for each order of the lists of centers and of numbers.
            models.Index("reseller", "name", "id", name="center_reseller_name"),
            models.Index("reseller", "contact_name", "id", name="center_by_contact"),
            models.Index("reseller", "country_id", "name", "id", name="center_by_country"),
            models.Index("reseller", "payment_status", "name", "id", name="center_by_status"),
            models.Index("reseller", F("payment_status").desc(), "name", "id", name="center_worst_first"),
            models.Index("reseller", "created_at", "id", name="center_by_age"),
            # Home counts them at every change of a balance.
            models.Index(
                "reseller", condition=Q(archived_at=None, payment_status="overdue"), name="center_overdue"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def phone_country(self) -> str:
        """Where phone numbers without a country code are dialled."""
        return self.country or self.reseller.country


class Membership(models.Model):
    """One person's role at a reseller, or at one of its centers."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="memberships")
    center = models.ForeignKey(
        Center, on_delete=models.CASCADE, null=True, blank=True, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=14, choices=Role)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    # Not scoped: memberships decide which scope a request gets, so they are read before there is one.
    class Meta:
        ordering = ["reseller__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "reseller", "center"], name="membership_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(role__in=STAFF_ROLES, center__isnull=True)
                | Q(role__in=CENTER_ROLES, center__isnull=False),
                name="membership_role_fits_place",
            ),
        ]

    def __str__(self) -> str:
        return _with_role(self.user, self.role)


class Invitation(models.Model):
    """Two one-time links that make the invited person a member; only the hashes of their tokens are stored.

    `token_hash` is of the link that the inviter can copy: it proves nothing about the address, so a code by mail
    is needed too. `mail_token_hash` is of the link that only the mail holds, which proves the address.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="invitations")
    center = models.ForeignKey(Center, on_delete=models.CASCADE, null=True, blank=True)
    role = models.CharField(_("role"), max_length=14, choices=Role)
    email = AccountAddressField(_("email"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    mail_token_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001  # unique
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)  # empty: the e-mail could not be handed over

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=STAFF_ROLES, center__isnull=True)
                | Q(role__in=CENTER_ROLES, center__isnull=False),
                name="invitation_role_fits_place",
            )
        ]

    def __str__(self) -> str:
        return _with_role(self.email, self.role)


def _with_role(who: object, role: str) -> str:
    """Who and in which role, readable in any language in the audit log."""
    return StoredMessage("%(who)s (%(role)s)", {"who": who, "role": of_lazy(Role(role).label)})
