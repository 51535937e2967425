"""Differences in the reconciliation, each with someone who looks after it and what was decided about it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers.models import Reseller, User
from centers.models.fields import LinesField
from centers.models.managers import TenantManager


class GapItem(models.Model):
    """A difference of a day or a month; kept when it is gone, and opened again when its amount changes.

    `amount` is in `currency`: what the main account was charged beyond the days (DAY: beyond all numbers), or usage
    that no invoice and no waiver took (UNBILLED). `version` counts the changes, so that no one decides about figures
    that they have not seen.
    """

    class Kind(models.TextChoices):
        DAY = "account_day", _("Main account and numbers, one day")
        MONTH = "account_month", _("Main account, a month and its days")
        UNBILLED = "unbilled", _("Usage not invoiced")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("difference", "Open")
        EXPLAINED = "explained", pgettext_lazy("difference", "Explained")
        SETTLED = "settled", pgettext_lazy("difference", "Settled")

    class Reason(models.TextChoices):
        UNKNOWN = "", _("Not known yet")
        OTHER_NUMBERS = "other_numbers", _("Numbers that aren't in Markaz")
        OWN_USE = "own_use", _("Own use, charged to no center")
        LATE = "late", _("Counted late by MazBot")
        MAZBOT = "mazbot", _("Wrong figures from MazBot")
        ROUNDING = "rounding", _("Rounding")
        NO_INVOICE = "no_invoice", _("Not invoiced on purpose")
        OTHER = "other", _("Something else")
        GONE = "gone", _("The figures match again")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(pgettext_lazy("difference", "kind"), max_length=13, choices=Kind)
    first_day = models.DateField(_("day or month"))  # the day, or the month's first
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(_("difference"), max_digits=24, decimal_places=10)
    state = models.CharField(_("status"), max_length=9, choices=State, default=State.OPEN, db_default="open")
    reason = models.CharField(
        _("reason"), max_length=13, choices=Reason, blank=True, default="", db_default=""
    )
    note = LinesField(_("note"), max_length=2000, blank=True, default="", db_default="")
    owner = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=pgettext_lazy("difference", "owner"),
    )
    opened_at = models.DateTimeField()  # the last time
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-first_day", "kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "kind", "first_day", "currency"], name="gapitem_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(reason=""), name="gapitem_decided_has_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["reseller", "state", "-first_day"], name="gapitem_by_state")]

    def __str__(self) -> str:
        return f"{self.first_day}" if self.is_of_a_day else f"{self.first_day:%Y-%m}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an explanation."""
        return self.state == self.State.OPEN

    @property
    def is_of_a_day(self) -> bool:
        """Whether it concerns one day, and not a month."""
        return self.kind == self.Kind.DAY

    @property
    def is_explained(self) -> bool:
        """Whether someone knows why it is there, and it stays."""
        return self.state == self.State.EXPLAINED

    @property
    def hint(self) -> str:
        """Where such a difference usually comes from, for its page."""
        return str(_HINTS[self.Kind(self.kind)])


_HINTS = {
    GapItem.Kind.DAY: _(
        "MazBot charges the main account for numbers that aren't in Markaz, too. If the numbers cost more than the "
        "main account, one of them probably belongs to another account."
    ),
    GapItem.Kind.MONTH: _(
        "MazBot's total for the month doesn't match the sum of its days. Only MazBot can say which figure is right."
    ),
    GapItem.Kind.UNBILLED: _(
        "Usage of this month that is neither invoiced nor waived: its invoice is blocked or hasn't been issued, or it "
        "is a correction that waits for the next invoice."
    ),
}
