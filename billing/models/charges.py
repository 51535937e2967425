"""Charges that staff enter, for a center or each of its numbers: once, monthly, yearly; and discounts."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import DateRange, Invoice
from billing.models.plans import PlanTerms
from billing.models.taxing.categories import OwnTax, own_tax_constraints
from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager
from centers.values.formats import percent_text


class Charge(OwnTax):
    """An amount that a center is charged besides its usage: once, or for every month or year from `first_day` on.

    `amount` is in `currency`, above zero, and a price as in the price list: with the tax, if the reseller's prices
    include it. Only when it ends may change, and withdrawing it: another price is another charge. A charge that is once
    per number is a set-up fee of the numbers that begin while it is in force. With `terms` it is the price of a plan,
    which the center has on these days: never two plans on one day; its messages beyond the plan are taxed alike.
    """

    class Every(models.TextChoices):
        """How often it is charged."""

        ONCE = "once", _("Once")
        MONTH = "month", _("Every month")
        YEAR = "year", _("Every year")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="charges", db_index=False)
    description = LineField(_("description"), max_length=120)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    # Of a late fee: the unpaid invoice, and which of its fees this is, from 1 on.
    late_for = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, related_name="late_fees", db_index=False
    )
    late_step = models.PositiveSmallIntegerField(null=True)
    every = models.CharField(pgettext_lazy("how often", "charged"), max_length=5, choices=Every)
    per_number = models.BooleanField(_("for each number"), default=False, db_default=False)
    first_day = models.DateField(_("first day"))  # of the reseller's calendar
    end_day = models.DateField(null=True)  # the first day without it; null: no end, and once for a center
    terms = models.ForeignKey(
        PlanTerms, on_delete=models.PROTECT, null=True, related_name="charges", db_index=False
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-first_day", "-pk"]
        constraints = [
            # The bounds also exclude NaN, which PostgreSQL sorts above every number.
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lt=1_000_000_000), name="charge_amount_bounded"
            ),
            *own_tax_constraints("charge"),
            models.CheckConstraint(condition=~Q(description=""), name="charge_is_described"),
            models.CheckConstraint(
                condition=Q(end_day__isnull=True) | Q(end_day__gt=F("first_day")), name="charge_has_days"
            ),
            models.CheckConstraint(
                condition=Q(end_day__isnull=True) | Q(per_number=True) | ~Q(every="once"),
                name="charge_once_has_no_end",
            ),
            models.CheckConstraint(
                condition=Q(late_for__isnull=True, late_step__isnull=True)
                | Q(late_for__isnull=False, late_step__gte=1, every="once", per_number=False),
                name="charge_late_fee_is_once",
            ),
            models.UniqueConstraint(fields=["late_for", "late_step"], name="charge_late_fee_step_once"),
            models.CheckConstraint(
                condition=Q(terms__isnull=True) | Q(every="month"), name="charge_of_plan_is_monthly"
            ),
            ExclusionConstraint(
                name="charge_plans_apart",
                expressions=[
                    ("center", RangeOperators.EQUAL),
                    (DateRange(F("first_day"), F("end_day"), RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(withdrawn_at__isnull=True, terms__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["center", "-first_day"], name="charge_of_center")]

    def __str__(self) -> str:
        return self.description

    @classmethod
    def late_fees_of(cls, invoice: Invoice) -> Decimal:
        """The late fees of the invoice that were not withdrawn, in its currency."""
        rows = cls.objects.filter(late_for=invoice, withdrawn_at=None)
        return rows.aggregate(sum=models.Sum("amount"))["sum"] or Decimal(0)

    @property
    def is_once(self) -> bool:
        """Whether it is charged only once, or once per number."""
        return self.every == self.Every.ONCE

    @property
    def is_late_fee(self) -> bool:
        """Whether it is charged because an invoice wasn't paid in time; no discount applies to it."""
        return self.late_for_id is not None

    @property
    def rhythm(self) -> str:
        """How often it is charged, in words."""
        if self.is_late_fee:
            return gettext("Late fee")
        if self.is_once:
            return gettext("Once for each new number") if self.per_number else gettext("Once")
        if self.is_yearly:
            return gettext("Every year, for each number") if self.per_number else gettext("Every year")
        if self.per_number:
            return gettext("Every month, for each number, by the day")
        return gettext("Every month, by the day")

    @property
    def is_yearly(self) -> bool:
        """Whether it is charged once a year."""
        return self.every == self.Every.YEAR

    @property
    def is_plan(self) -> bool:
        """Whether it is the price of a plan."""
        return self.terms_id is not None

    @property
    def is_setup_fee(self) -> bool:
        """Whether numbers are charged it when they begin."""
        return self.is_once and self.per_number


class Discount(models.Model):
    """What a center pays less on the days from `first_day` on: in percent of a price, or as an amount of a charge.

    Of a price, the narrowest discount counts: that of its charge, else that of messages, else that of everything. Two
    on the same never overlap. Only when it ends may change, and withdrawing it. `amount` is in the charge's currency.
    """

    class On(models.TextChoices):
        """What costs less."""

        ALL = "everything", _("Everything")
        MESSAGES = "each_message", _("Messages")
        CHARGE = "charge", _("One charge")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="discounts", db_index=False)
    on = models.CharField(_("on"), max_length=12, choices=On)
    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, null=True, related_name="discounts", db_index=False
    )
    percent = models.DecimalField(_("percent"), max_digits=7, decimal_places=4, null=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4, null=True)
    first_day = models.DateField(_("first day"))
    end_day = models.DateField(null=True)  # the first day without it; null: no end
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-first_day", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100, amount__isnull=True)
                | Q(percent__isnull=True, amount__gt=0, on="charge"),
                name="discount_is_bounded",
            ),
            models.CheckConstraint(
                condition=Q(on="charge", charge__isnull=False) | (Q(charge__isnull=True) & ~Q(on="charge")),
                name="discount_names_its_charge",
            ),
            models.CheckConstraint(
                condition=Q(end_day__isnull=True) | Q(end_day__gt=F("first_day")), name="discount_has_days"
            ),
            ExclusionConstraint(
                name="discount_apart",
                expressions=[
                    ("center", RangeOperators.EQUAL),
                    ("on", RangeOperators.EQUAL),
                    (Coalesce("charge_id", 0), RangeOperators.EQUAL),
                    (DateRange(F("first_day"), F("end_day"), RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        value = percent_text(self.percent) if self.percent is not None else f"{self.amount:f}"
        return f"{value}, {self.charge or self.get_on_display()}"
