"""MazBot's usage counts: per number and day, and of the main account."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager
from whatsapp.models import Instance, InstanceAssignment

#: Usage that is charged: a center may have held its number for some days before it is billed.
IS_CHARGED = Q(day__gte=F("assignment__billed_from"))


def is_charged_to(centers: Iterable[Center | int]) -> Q:
    """Usage that is charged to these centers.

    That a record's assignment is its center's is a foreign key. PostgreSQL doesn't conclude from it that the
    assignments of these centers are enough: of 100,000 it reads all (57 of 68 ms for 50 centers).
    """
    own = list(centers)
    return IS_CHARGED & Q(center__in=own, assignment__center__in=own)


class UsageRecord(models.Model):
    """The accepted counts of one number on one day (a date of MazBot's calendar), and their cost.

    `center` held the number then (`assignment`), and is billed for it. A day on which the number moved has a record for
    each center; together they are what MazBot counted.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="usage_records", db_index=False)
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, related_name="usage_records", db_index=False
    )
    assignment = models.ForeignKey(
        InstanceAssignment, on_delete=models.PROTECT, related_name="usage_records", db_index=False
    )
    day = models.DateField()
    sent = models.BigIntegerField()
    received = models.BigIntegerField()
    failed = models.BigIntegerField()
    cost = models.DecimalField(max_digits=24, decimal_places=10)
    currency = models.CharField(max_length=3)
    first_read_at = models.DateTimeField()
    read_at = models.DateTimeField()
    repeats = models.PositiveIntegerField(default=0)  # answers that repeated the same counts

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-day", "instance"]
        constraints = [
            models.UniqueConstraint(fields=["assignment", "day"], name="usagerecord_once"),
            models.CheckConstraint(
                condition=Q(sent__gte=0, received__gte=0, failed__gte=0, cost__gte=0, cost__lt=10**14),
                name="usagerecord_counts",
            ),
        ]
        indexes = [
            models.Index(fields=["instance", "day"], name="usagerecord_of_number"),
            models.Index(fields=["center", "day"], name="usagerecord_of_center"),
            models.Index(fields=["reseller", "day"], name="usagerecord_of_reseller"),
        ]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.day}"


class FlaggedUsage(models.Model):
    """Usage that was not simply stored: it changed a day that was over, or something is odd about it.

    Flagged usage is never billed automatically: DECREASED, IMPOSSIBLE and FUTURE wait for staff (or for MazBot to
    correct itself), LATE becomes an adjustment line on the center's next invoice. ODD lacks a figure (None; `note`
    is what MazBot sent): unless only `received` is missing, the day stays unread until MazBot sends all of them.
    """

    class Flag(models.TextChoices):
        NONE = "", _("Changed later")
        DECREASED = "decreased", _("Decreased")
        LATE = "late", _("Received after the invoice")
        FUTURE = "future", _("For a future day")
        ODD = "odd", _("A figure can't be read")
        IMPOSSIBLE = "impossible", _("Not plausible")

    class Resolution(models.TextChoices):
        OPEN = "", pgettext_lazy("flagged usage", "Open")
        ACCEPTED = "accepted", _("Accepted")
        DISMISSED = "dismissed", _("Dismissed")
        SUPERSEDED = "superseded", _("Corrected by MazBot")
        WAIVED = "waived", _("Recorded, not charged")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="+", db_index=False)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="flagged_usage")
    assignment = models.ForeignKey(
        InstanceAssignment, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    day = models.DateField()
    sent = models.BigIntegerField(null=True)
    received = models.BigIntegerField(null=True)
    failed = models.BigIntegerField(null=True)
    cost = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    # What was accepted of the day when it was first flagged; empty: flagged by an older version, which kept none.
    sent_before = models.BigIntegerField(null=True)
    failed_before = models.BigIntegerField(null=True)
    cost_before = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    note = LineField(max_length=300, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3)
    read_at = models.DateTimeField()
    flag = models.CharField(max_length=10, choices=Flag, blank=True)
    resolution = models.CharField(max_length=10, choices=Resolution, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-read_at", "-pk"]
        constraints = [
            # The same odd answer, repeated, is one open flag, not one per job run.
            models.UniqueConstraint(
                fields=["assignment", "day", "flag"],
                condition=Q(resolved_at__isnull=True) & ~Q(flag=""),
                name="flaggedusage_open_flag_once",
            )
        ]
        indexes = [models.Index(fields=["center", "day"], name="flaggedusage_of_center")]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.day} {self.flag}".strip()

    @property
    def sent_change(self) -> int | None:
        """How many more sent messages MazBot counts than were accepted; None: not known."""
        return None if self.sent is None or self.sent_before is None else self.sent - self.sent_before

    @property
    def cost_change(self) -> Decimal | None:
        """The same of the cost."""
        return None if self.cost is None or self.cost_before is None else self.cost - self.cost_before

    @property
    def is_accepted(self) -> bool:
        """Whether staff accepted it, or the next invoice took it."""
        return self.resolution == self.Resolution.ACCEPTED

    @property
    def is_impossible(self) -> bool:
        """Whether nothing can send so much in one day: it waits for staff."""
        return self.flag == self.Flag.IMPOSSIBLE

    @property
    def is_late(self) -> bool:
        """Whether it came after its day was invoiced."""
        return self.flag == self.Flag.LATE

    @property
    def can_be_accepted(self) -> bool:
        """Whether staff may accept its counts; with other flags they are stored automatically or never."""
        figures = (self.sent, self.received, self.failed, self.cost)
        return self.flag in DOUBTS and all(figure is not None and figure >= 0 for figure in figures)


#: Flags that keep a period open until staff decide or MazBot sends other counts.
DOUBTS = (FlaggedUsage.Flag.DECREASED, FlaggedUsage.Flag.IMPOSSIBLE)


class AccountUsageRecord(models.Model):
    """The main account's usage of one day, and its remaining quota when it was last read on that day.

    A figure that could not be read is None, and `odd` names it with what MazBot sent.
    """

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="account_usage_records", db_index=False
    )
    day = models.DateField()
    sent = models.BigIntegerField(null=True)
    received = models.BigIntegerField(null=True)
    failed = models.BigIntegerField(null=True)
    cost = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    currency = models.CharField(max_length=3)
    available_quota = models.DecimalField(max_digits=24, decimal_places=4, null=True, blank=True)
    quota_is_unlimited = models.BooleanField(default=False, db_default=False)
    odd = models.CharField(max_length=500, blank=True, default="", db_default="")
    read_at = models.DateTimeField()
    # When a number's counts of this day last changed after it ended: what was read before then may be less.
    numbers_changed_at = models.DateTimeField(null=True, blank=True)
    # When these figures last changed although they were those of the whole day: numbers may have been read before.
    changed_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["reseller", "day"], name="accountusagerecord_once")]

    def __str__(self) -> str:
        return f"{self.day}"

    @property
    def odd_quota(self) -> str:
        """What MazBot sent instead of a quota; "" if it could be read or was not included."""
        named = dict(part.partition(": ")[::2] for part in self.odd.split("; "))
        return named.get("available_quota", "")
