"""A WhatsApp number of a center, by its MazBot `instance_id`."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from centers import clock
from centers.models import Center, Reseller, User
from centers.models.fields import CodeField, LineField, no_control
from centers.models.managers import TenantManager
from centers.stored_messages import StoredMessageField
from centers.values.names import NameKey


class Connection(models.TextChoices):
    """The phone's state as last reported by MazBot; UNCHECKED before the first check."""

    CONNECTED = "connected", _("Connected")
    DISCONNECTED = "disconnected", _("Disconnected")
    PAIRING = "pairing", _("Pairing")
    EXPIRED = "expired", _("Expired")
    UNKNOWN = "unknown", _("Unknown")
    UNCHECKED = "unchecked", _("Not checked yet")


class Service(models.TextChoices):
    """Whether MazBot serves the number: as desired by us, and as confirmed by MazBot."""

    ENABLED = "enabled", _("Enabled")
    DISABLED = "disabled", _("Disabled")
    UNCONFIRMED = "unconfirmed", _("Not confirmed")


class Condition(models.TextChoices):
    """What else is known of a number than MazBot's word for its connection; NONE mostly."""

    NONE = "", "-"
    NOT_PAIRED = "not_paired", _("Not paired yet")
    NEEDS_QR = "needs_qr", _("Needs QR")
    FLAPPING = "flapping", _("Unstable")
    STALE = "stale", _("Stale")
    SILENT = "silent", _("Silent")
    FAILING = "failing", _("Messages failing")


#: Conditions that follow from usage, for numbers that are connected.
OF_USAGE = (Condition.SILENT, Condition.FAILING)
#: The state a number is shown and counted under: disabled, or else its condition, or else its connection.
OFF = "off"
STATES = [
    *Connection.choices,
    *[choice for choice in Condition.choices if choice[0]],
    (OFF, _("Disabled")),
]


class DesiredReason(models.TextChoices):
    """The reason for the desired state; a payment ends only NON_PAYMENT."""

    NONE = "", "-"
    MANUAL = "manual", _("Manual")
    NON_PAYMENT = "non_payment", _("Non-payment")
    ARCHIVED = "archived", _("Archived")


class NumberState:
    """What pages ask about a number; for the model, and for rows that are cached of it."""

    state: str
    desired_state: str
    desired_reason: str
    service: str

    @property
    def is_switching(self) -> bool:
        """Whether MazBot has not yet confirmed the state we want."""
        return self.service != self.desired_state

    @property
    def needs_pairing(self) -> bool:
        """Whether the phone was logged out, so that pairing it again helps."""
        return self.state in (Connection.DISCONNECTED, Connection.EXPIRED, Condition.NEEDS_QR)

    @property
    def has_condition(self) -> bool:
        """Whether more is known of it than MazBot's word for its connection."""
        return self.state in Condition.values

    @property
    def is_not_paired(self) -> bool:
        """Whether no phone was ever connected to it."""
        return self.state == Condition.NOT_PAIRED

    @property
    def is_off(self) -> bool:
        """Whether the number is, or is about to be, disabled."""
        return self.desired_state == Service.DISABLED

    @property
    def is_suspended(self) -> bool:
        """Whether non-payment is the reason for its desired state."""
        return self.desired_reason == DesiredReason.NON_PAYMENT


class Instance(NumberState, models.Model):
    """One number. Connection is observed; service is desired and confirmed (see service/desired_state.py)."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="instances", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="instances")
    instance_id = CodeField(
        _("instance ID"),
        max_length=64,
        validators=[RegexValidator(r"^[A-Za-z0-9._:-]+\Z", _("Letters, digits and . _ : - only."))],
    )
    label = LineField(_("label"), max_length=80, blank=True)
    # E.164, with the plus; as staff enter it, because MazBot does not report it.
    whatsapp_number = CodeField(_("WhatsApp number"), max_length=20, blank=True, default="", db_default="")

    connection = models.CharField(
        max_length=12, choices=Connection, default=Connection.UNCHECKED, editable=False
    )
    raw_status = models.CharField(max_length=64, blank=True, editable=False)
    connection_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_error = models.CharField(max_length=20, blank=True, editable=False)  # MazBotError.kind
    check_failures = models.PositiveSmallIntegerField(default=0, editable=False)  # in a row
    next_check_at = models.DateTimeField(null=True, blank=True, editable=False)

    # What a first check reported and a second one has not confirmed yet; see monitoring/deciding.py.
    suspect_since = models.DateTimeField(null=True, blank=True, editable=False)
    suspect_as = models.CharField(max_length=12, blank=True, default="", db_default="", editable=False)
    # The first time a phone is known to have been connected; empty: not paired yet.
    first_connected_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Seconds between two times of `last_seen`: the longest of late, halved every two weeks.
    usual_gap = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    condition = models.CharField(
        max_length=12, choices=Condition, blank=True, default="", db_default="", editable=False
    )
    condition_since = models.DateTimeField(null=True, blank=True, editable=False)
    usage_condition = models.CharField(
        max_length=12, choices=Condition, blank=True, default="", db_default="", editable=False
    )
    usage_condition_since = models.DateTimeField(null=True, blank=True, editable=False)

    desired_state = models.CharField(max_length=12, choices=Service, default=Service.ENABLED, editable=False)
    desired_reason = models.CharField(max_length=12, choices=DesiredReason, blank=True, editable=False)
    desired_at = models.DateTimeField(null=True, blank=True, editable=False)
    desired_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    service = models.CharField(max_length=12, choices=Service, default=Service.ENABLED, editable=False)
    confirmed_raw = models.CharField(max_length=64, blank=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    switch_attempts = models.PositiveIntegerField(default=0, editable=False)
    switch_next_at = models.DateTimeField(null=True, blank=True, editable=False)  # empty: nothing to do
    switch_claimed_until = models.DateTimeField(null=True, blank=True, editable=False)  # a call is under way
    switch_error = StoredMessageField(blank=True, editable=False)

    # Derived by the database, so that all pages, counts, filters, orders and exports agree.
    state = models.GeneratedField(
        expression=Case(
            When(desired_state=Service.DISABLED, then=Value(OFF)),
            When(~Q(condition=""), then=F("condition")),
            When(Q(connection=Connection.CONNECTED) & ~Q(usage_condition=""), then=F("usage_condition")),
            default=F("connection"),
        ),
        output_field=models.CharField(max_length=12, choices=STATES),
        db_persist=True,
        choices=STATES,
    )
    state_since = models.GeneratedField(
        expression=Case(
            When(desired_state=Service.DISABLED, then=F("desired_at")),
            When(~Q(condition=""), then=F("condition_since")),
            When(
                Q(connection=Connection.CONNECTED) & ~Q(usage_condition=""), then=F("usage_condition_since")
            ),
            default=F("connection_since"),
        ),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    webhook_url = models.URLField(_("webhook address"), max_length=500, blank=True, editable=False)
    webhook_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    webhook_error = StoredMessageField(blank=True, editable=False)
    webhook_attempts = models.PositiveIntegerField(default=0, editable=False)
    webhook_next_at = models.DateTimeField(
        null=True, blank=True, editable=False
    )  # see whatsapp/service/webhook_url.py
    webhook_claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    # Set while a pairing code is being requested.
    connect_claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    version = models.PositiveIntegerField(default=0, editable=False)  # incremented with every visible change
    created_at = models.DateTimeField(default=clock.now, editable=False)
    # When its center got it, or it was restored, or its id was corrected: begins an InstanceAssignment.
    held_since = models.DateTimeField(default=clock.now, db_default=Now(), editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["reseller", "instance_id"], name="instance_id_once_per_reseller"),
            models.CheckConstraint(
                condition=Q(desired_state__in=[Service.ENABLED, Service.DISABLED]),
                name="instance_wants_something_real",
            ),
            no_control("label", "instance_label_no_control"),
        ]
        indexes = [
            GinIndex(OpClass(Upper("instance_id"), name="gin_trgm_ops"), name="instance_id_trgm"),
            GinIndex(OpClass(NameKey("label"), name="gin_trgm_ops"), name="instance_label_trgm"),
            # Only where there is one: every check writes a new version of the row into each index it is in.
            GinIndex(
                OpClass(Upper("whatsapp_number"), name="gin_trgm_ops"),
                name="instance_number_trgm",
                condition=~Q(whatsapp_number=""),
            ),
            models.Index("next_check_at", condition=Q(archived_at=None), name="instance_check_due"),
            models.Index(
                "switch_next_at", condition=Q(switch_next_at__isnull=False), name="instance_switch_due"
            ),
            models.Index(
                "webhook_next_at", condition=Q(webhook_next_at__isnull=False), name="instance_webhook_due"
            ),
            # An index for each order of the board, which is read by pages however many numbers there are.
            models.Index("reseller", "state", "state_since", "id", name="instance_by_state"),
            models.Index(
                "reseller", "state_since", "id", condition=Q(archived_at=None), name="instance_by_since"
            ),
            models.Index(
                "reseller", "last_seen", "id", condition=Q(archived_at=None), name="instance_by_seen"
            ),
            models.Index(
                "reseller", "checked_at", "id", condition=Q(archived_at=None), name="instance_by_check"
            ),
            models.Index(
                "reseller",
                "desired_state",
                "service",
                "id",
                condition=Q(archived_at=None),
                name="instance_by_service",
            ),
            models.Index(
                "reseller",
                "suspect_since",
                condition=Q(suspect_since__isnull=False),
                name="instance_suspects",
            ),
            models.Index("reseller", "center", "id", name="instance_by_center"),
        ]

    def __str__(self) -> str:
        return self.label or self.instance_id

    @property
    def is_connected(self) -> bool:
        """Whether a phone is connected, even if the number is disabled."""
        return self.connection == Connection.CONNECTED

    @property
    def is_pairing(self) -> bool:
        """Whether MazBot waits for a phone to scan a code."""
        return self.connection == Connection.PAIRING

    @property
    def is_unchecked(self) -> bool:
        """Whether MazBot was never asked about it."""
        return self.connection == Connection.UNCHECKED

    @property
    def is_unknown(self) -> bool:
        """Whether MazBot reports a status that we don't know."""
        return self.connection == Connection.UNKNOWN

    @property
    def is_unconfirmed(self) -> bool:
        """Whether MazBot's answer to switching it was unclear."""
        return self.service == Service.UNCONFIRMED

    @property
    def needs_phone(self) -> bool:
        """Whether the number is in use and no phone is connected to it."""
        return not self.archived_at and not self.is_off and not self.is_connected
