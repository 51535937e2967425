"""Messages to people: the outbox and its tries, where people are reached, and what reaches them when."""

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers import clock
from centers.models.fields import LineField
from centers.models.managers import TenantManager
from centers.models.people import User
from centers.models.tenancy import Center, Reseller
from centers.secrets import SecretField
from centers.stored_messages import StoredMessageField, StoredMessagesField

_NONE: list[str] = []


class Destination(models.Model):
    """Where one person (or, without a person, a reseller's team) is reached by one channel.

    Nothing is sent to it before it is verified, nor while it is paused. `fingerprint` is a keyed hash of `address`,
    because an encrypted column cannot be compared.
    """

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="destinations", db_index=False
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="destinations"
    )
    channel = models.CharField(max_length=16)
    address = SecretField()  # what the channel sends to: an address, a number, a URL, a subscription
    fingerprint = models.CharField(max_length=64)
    label = LineField(
        _("name"), max_length=120, blank=True, db_default=""
    )  # shown to people, without secrets
    # For a destination of the team: the groups of messages that it gets.
    groups = ArrayField(models.CharField(max_length=16), default=list, blank=True, db_default=_NONE)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    # The code that was sent to verify it: when, and how often one was entered.
    code_sent_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = StoredMessageField(blank=True, default="", db_default="")
    failures = models.PositiveIntegerField(default=0, db_default=0)  # in a row
    last_sent_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["channel", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "user", "channel", "fingerprint"],
                nulls_distinct=False,
                name="destination_once",
            )
        ]

    def __str__(self) -> str:
        return self.label or self.channel

    @property
    def works(self) -> bool:
        """Whether messages go to it."""
        return self.verified_at is not None and self.paused_at is None


class NotificationPreference(models.Model):
    """What one person (or, without a person, everyone at a reseller) gets of one group of messages, and when.

    With a `kind` it holds for that kind alone, which otherwise follows its group. A person's rows replace the
    reseller's, which replace the defaults that the group's app registered. Times of day are in the reseller's time
    zone.
    """

    class Digest(models.TextChoices):
        NONE = "none", _("Immediately")
        QUARTER = "quarter", _("Every 15 minutes")
        DAILY = "daily", _("Once a day")

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="notification_preferences", db_index=False
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="notification_preferences"
    )
    group = models.CharField(max_length=16)
    kind = models.CharField(max_length=40, blank=True, default="", db_default="")  # "": all of the group
    channels = ArrayField(models.CharField(max_length=16), default=list, blank=True, db_default=_NONE)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    urgent_passes = models.BooleanField(
        _("urgent messages during quiet hours"), default=True, db_default=True
    )
    digest = models.CharField(
        _("delivery"), max_length=8, choices=Digest, default=Digest.NONE, db_default=Digest.NONE
    )
    daily_at = models.TimeField(_("time of the daily message"), default=time(8), db_default=time(8))
    resend_hours = models.PositiveSmallIntegerField(_("resend every"), default=0, db_default=0)  # 0: never
    escalate_minutes = models.PositiveSmallIntegerField(
        _("escalate after"), default=0, db_default=0
    )  # 0: never
    escalate_to = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["group", "kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "user", "group", "kind"],
                nulls_distinct=False,
                name="notification_preference_once",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notification_quiet_both",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.kind}".rstrip()

    @property
    def is_daily(self) -> bool:
        """Whether messages wait for the daily one."""
        return self.digest == self.Digest.DAILY


class Notification(models.Model):
    """One message to one recipient by one channel: a row of the outbox, and later of the log.

    It is written in the transaction of what it is about; `key` makes it unique. Its text is made when it is delivered,
    from `context`, in the recipient's language. Rows with the same `lane` go to the same person by the same way.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not delivered")
        DROPPED = "dropped", pgettext_lazy("notification", "Not needed")
        CONDENSED = "condensed", _("Part of a list")  # sent with others in one message
        BOUNCED = "bounced", _("Bounced")  # the channel took it, and it came back
        SPAM = "spam", _("Marked as spam")  # it arrived, and its recipient wants no more

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    center = models.ForeignKey(
        Center, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    recipient = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="notifications", db_index=False
    )
    destination = models.ForeignKey(
        Destination, on_delete=models.SET_NULL, null=True, blank=True, related_name="notifications"
    )
    address = models.CharField(max_length=254, blank=True, db_default="")  # of a contact, when it was tried
    channel = models.CharField(max_length=16)
    lane = models.CharField(max_length=300)
    key = models.CharField(max_length=400)  # "alert:17:first:email:u3"
    kind = models.CharField(max_length=40)
    group = models.CharField(max_length=16)
    about = models.CharField(max_length=60)  # "alert:17"
    event = models.CharField(max_length=24)  # "first", "resolved"
    state = models.CharField(max_length=9, choices=State, default=State.WAITING, db_default=State.WAITING)
    urgent = models.BooleanField(default=False, db_default=False)
    language = models.CharField(max_length=5, blank=True, db_default="")
    context = StoredMessagesField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    # The message that this row was sent with, where that is another row's.
    within = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="parts", db_index=False
    )
    provider_id = models.CharField(max_length=200, blank=True, db_default="")
    answer = models.CharField(max_length=300, blank=True, db_default="")
    error = StoredMessageField(blank=True, default="", db_default="")
    subject = models.CharField(max_length=200, blank=True, db_default="")  # as it was sent
    # Of the first message while its subject lasts: when it is repeated, and when another person gets it.
    repeat_at = models.DateTimeField(null=True, blank=True)
    escalate_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["reseller", "key"], name="notification_once")]
        indexes = [
            models.Index("due_at", "reseller", condition=Q(state="waiting"), name="notification_due"),
            models.Index("lane", "due_at", condition=Q(state="waiting"), name="notification_lane_waiting"),
            models.Index(
                "lane", F("sent_at").desc(), condition=Q(sent_at__isnull=False), name="notification_lane_sent"
            ),
            models.Index(fields=["reseller", "about"], name="notification_about"),
            models.Index(fields=["reseller", "-created_at", "-id"], name="notification_log"),
            models.Index(fields=["recipient", "-created_at"], name="notification_of_person"),
            models.Index(
                fields=["center", "-created_at"],
                condition=Q(center__isnull=False),
                name="notification_of_center",
            ),
            models.Index(
                fields=["provider_id"], condition=~Q(provider_id=""), name="notification_provider_id"
            ),
            models.Index("repeat_at", condition=Q(repeat_at__isnull=False), name="notification_repeat"),
            models.Index("escalate_at", condition=Q(escalate_at__isnull=False), name="notification_escalate"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def email_address(self) -> str:
        """The address to write to now: of its person's account, or of the contact of its center."""
        if self.recipient is not None:
            return self.recipient.email
        return self.center.email if self.center is not None else ""

    @property
    def own_address(self) -> str:
        """Where it goes without a destination: to its email address, or to the phone of the contact of its center."""
        if self.is_to_contact and self.channel != "email" and self.center is not None:
            return self.center.phone
        return self.email_address

    @property
    def is_to_contact(self) -> bool:
        """Whether it goes to the billing contact of its center, who needs no account."""
        return self.lane.startswith(f"{self.channel}:c")

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be sent."""
        return self.state == self.State.WAITING

    @property
    def has_failed(self) -> bool:
        """Whether it will reach no one unless a person acts."""
        return self.state in (self.State.FAILED, self.State.BOUNCED)

    @property
    def is_unwelcome(self) -> bool:
        """Whether its recipient marked it as spam."""
        return self.state == self.State.SPAM

    @property
    def was_sent(self) -> bool:
        """Whether the channel accepted it, alone or as part of a list."""
        return self.state in (self.State.SENT, self.State.CONDENSED)


class NotificationTry(models.Model):
    """One try to hand a notification to its channel, and what the channel answered."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("Sent")
        RETRIED = "retried", _("Will be retried")
        FAILED = "failed", _("Not delivered")
        LOST = "lost", _("Outcome unknown")
        BOUNCED = "bounced", _("Bounced")  # later, after it was sent
        SPAM = "spam", _("Marked as spam")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="tries", db_index=False
    )
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    answer = models.CharField(max_length=300, blank=True, db_default="")
    error = StoredMessageField(blank=True, default="", db_default="")

    objects = TenantManager(reseller="reseller", center="notification__center")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["notification", "at"], name="notification_tries")]

    def __str__(self) -> str:
        return f"{self.outcome} {self.at:%Y-%m-%d %H:%M}"
