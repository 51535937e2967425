"""A reseller's billing and dunning rules, and one center's exceptions."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.dunning_policies import DunningPolicy, SuspensionRules
from centers.models import Center, Reseller
from centers.models.fields import LineField
from centers.models.managers import TenantManager


class Billable(models.TextChoices):
    """Which messages the fixed amount of a message margin counts."""

    DELIVERED = "delivered", _("Sent minus failed")
    SENT = "sent", _("All sent messages")


class Share(models.TextChoices):
    """How much of a monthly subscription is charged for a month in which the center had the number only in part."""

    HELD = "held", _("Per day")
    FULL = "full", _("In full")


def default_reminder_days() -> list[int]:
    """Three days before, on the due date, three days after."""
    return [-3, 0, 3]


def _day(limit: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(-limit), MaxValueValidator(limit)]


class BillingPolicy(SuspensionRules):
    """A reseller's rules; a reseller without a row has the defaults below."""

    reseller = models.OneToOneField(Reseller, on_delete=models.CASCADE, related_name="billing_policy")
    auto_invoice = models.BooleanField(_("issue monthly invoices automatically"), default=True)
    close_after_days = models.PositiveSmallIntegerField(
        _("days to wait after a month's end"), default=1, validators=_day(20)
    )
    # Requests per number and day: this many for past days, today_reads for the running one, 1/7 for sums of months.
    reread_days = models.PositiveSmallIntegerField(
        _("past days to fetch every day"), default=1, validators=_day(31)
    )
    today_reads = models.PositiveSmallIntegerField(
        _("times a day to fetch today's usage"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
    )
    check_months = models.PositiveSmallIntegerField(
        _("past months whose totals are compared every week"),
        default=2,
        db_default=2,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    # A message may cost the highest rate of its list times this before its day is flagged.
    usage_tolerance = models.DecimalField(
        _("flag usage above the highest rate multiplied by"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("1.2"),
        db_default=Decimal("1.2"),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    # A rate that moves by more than this waits for confirmation; a fall to zero always does.
    rate_change_percent = models.PositiveSmallIntegerField(
        _("confirm rates that change by more than"),
        default=50,
        db_default=50,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
    )
    billable = models.CharField(
        _("billable messages"), max_length=9, choices=Billable, default=Billable.DELIVERED
    )
    subscription_type = LineField(_("subscription type to charge"), max_length=64, blank=True)
    # Charged once per number, with the month in which it is first billed.
    one_off_type = LineField(
        _("one-off type to charge"), max_length=64, blank=True, default="", db_default=""
    )
    # "USD/SAR": staff said that usage stays in USD although the rates are in SAR.
    currencies_kept = LineField(max_length=60, blank=True, default="", db_default="", editable=False)
    subscription_share = models.CharField(
        _("charge incomplete months"),
        max_length=4,
        choices=Share,
        default=Share.HELD,
        db_default=Share.HELD,
    )
    # Ages of an exchange rate on the last day of an invoice, in days.
    exchange_warn_days = models.PositiveSmallIntegerField(
        _("warn when an exchange rate is older than"),
        default=35,
        db_default=35,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    exchange_block_days = models.PositiveSmallIntegerField(
        _("block invoices when an exchange rate is older than"),
        default=95,
        db_default=95,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    # Days before a change of prices on which centers get an email about it; None: they get none.
    price_notice_days = models.PositiveSmallIntegerField(
        _("announce price changes, days before"), null=True, blank=True, validators=[MaxValueValidator(365)]
    )
    payment_terms_days = models.PositiveSmallIntegerField(
        _("days until an invoice is due"), default=14, validators=_day(365)
    )
    reminder_days = ArrayField(
        models.SmallIntegerField(validators=_day(365)),
        verbose_name=_("reminders, days from the due date"),
        default=default_reminder_days,
        blank=True,
    )
    warning_days = models.PositiveSmallIntegerField(
        _("final warning, days after the due date"), default=7, null=True, blank=True, validators=_day(365)
    )
    # They go to the phone of the center, which may have agreed to that with its reseller.
    whatsapp_reminders = models.BooleanField(
        _("send reminders by WhatsApp, too"), default=False, db_default=False
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(exchange_warn_days__lte=F("exchange_block_days")),
                name="billingpolicy_warns_before_it_blocks",
                violation_error_message=_(
                    "The warning comes before invoices are blocked: enter at least as many days for blocking."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"billing policy of {self.reseller}"

    @property
    def charges_full_months(self) -> bool:
        """Whether a month counts in full for a number that the center had only for a part of it."""
        return self.subscription_share == Share.FULL


class CenterPolicy(models.Model):
    """One center's exceptions; a null field follows the reseller's policy."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    center = models.OneToOneField(Center, on_delete=models.CASCADE, related_name="billing_policy")
    # Its values stand before the reseller's, and behind the center's own.
    dunning_policy = models.ForeignKey(
        DunningPolicy,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rules for unpaid invoices"),
    )
    auto_invoice = models.BooleanField(_("issue monthly invoices automatically"), null=True, blank=True)
    billable = models.CharField(  # noqa: DJ001
        _("billable messages"), max_length=9, choices=Billable, null=True, blank=True
    )
    # Empty text: no subscription is charged to this center. Null: the reseller's policy applies.
    subscription_type = models.CharField(  # noqa: DJ001
        _("subscription type to charge"), max_length=64, null=True, blank=True
    )
    one_off_type = models.CharField(  # noqa: DJ001
        _("one-off type to charge"), max_length=64, null=True, blank=True
    )
    payment_terms_days = models.PositiveSmallIntegerField(
        _("days until an invoice is due"), null=True, blank=True, validators=_day(365)
    )
    reminder_days = ArrayField(
        models.SmallIntegerField(validators=_day(365)),
        verbose_name=_("reminders, days from the due date"),
        null=True,
        blank=True,
    )
    warning_days = models.PositiveSmallIntegerField(
        _("final warning, days after the due date"), null=True, blank=True, validators=_day(365)
    )
    suspend = models.BooleanField(_("suspend when unpaid"), null=True, blank=True)
    grace_days = models.PositiveSmallIntegerField(
        _("suspend this many days after the due date"), null=True, blank=True, validators=_day(365)
    )
    minimum_amount = models.DecimalField(
        _("never suspend below this amount"), max_digits=18, decimal_places=4, null=True, blank=True
    )
    quiet_weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)]),
        verbose_name=_("quiet weekdays"),
        null=True,
        blank=True,
    )
    quiet_dates = ArrayField(models.DateField(), verbose_name=_("quiet dates"), null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="center")

    def __str__(self) -> str:
        return f"billing policy of {self.center}"
