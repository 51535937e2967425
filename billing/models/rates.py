"""MazBot's rates, margins and exchange rates."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller, User
from centers.models.fields import CodeField
from centers.models.managers import TenantManager
from centers.values.countries import validate_country
from centers.values.formats import percent_text
from centers.values.validators import validate_currency


class Category(models.TextChoices):
    """What a rate is charged for; a margin is set per category (docs/money.md explains why not per type)."""

    MESSAGE = "message", _("Messages")
    SUBSCRIPTION = "subscription", _("Subscriptions")


class Interval(models.TextChoices):
    """What one charge of a subscription type covers; a one-off one is charged once per number."""

    MONTH = "month", _("Monthly subscription")
    YEAR = "year", _("Yearly subscription")
    ONCE = "once", _("One-off charge")


class RateClass(models.TextChoices):
    """What a type of MazBot's list is: a message, one of the intervals of subscriptions, or ignored.

    Messages have the margin of messages, everything that is charged per number that of subscriptions. An ignored type
    is in no price list and never charged; what MazBot charges for it stays in the reconciliation.
    """

    MESSAGE = "message", _("Messages")
    MONTH = "month", _("Monthly subscription")
    YEAR = "year", _("Yearly subscription")
    ONCE = "once", _("One-off charge")
    IGNORED = "ignored", _("Ignored")


class RateFetch(models.Model):
    """One rate list of one country as MazBot returned it. A new row only when something in it changed.

    Prices, subscriptions and the limit of plausible usage follow APPLIED lists only. Of a country at most one waits.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("Applied")
        WAITING = "waiting", _("Waiting for confirmation")
        DECLINED = "declined", _("Refused")
        REPLACED = "replaced", _("No longer sent by MazBot")

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="rate_fetches", db_index=False
    )
    country_id = models.CharField(max_length=16, blank=True)  # "": the list requested without a country
    first_fetched_at = models.DateTimeField()
    fetched_at = models.DateTimeField()  # when MazBot last returned exactly this list
    state = models.CharField(
        max_length=8, choices=State, default=State.APPLIED, db_default=State.APPLIED.value
    )
    # When staff confirmed or refused it; None of a list that applied at once.
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["country_id", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "country_id"],
                condition=Q(state="waiting"),
                name="ratefetch_one_waits",
            ),
            models.CheckConstraint(
                condition=Q(state="applied")
                | Q(state__in=["waiting", "replaced"], decided_at=None)
                | Q(state="declined", decided_at__isnull=False),
                name="ratefetch_decided_fits",
            ),
        ]
        indexes = [models.Index(fields=["reseller", "country_id", "-id"], name="ratefetch_latest")]

    def __str__(self) -> str:
        return f"rates of country {self.country_id or '-'} at {self.first_fetched_at:%Y-%m-%d %H:%M}"

    @classmethod
    def applied(cls, reseller: Reseller, *country_ids: str) -> models.QuerySet[Any]:
        """The applied lists of these countries, or of all; `since` is the moment from which prices follow each.

        It is what `applies_from` is.
        """
        lists = cls.objects.filter(reseller=reseller, state=cls.State.APPLIED)
        lists = lists.filter(country_id__in=country_ids) if country_ids else lists
        return lists.alias(since=Coalesce("decided_at", "first_fetched_at"))

    @property
    def applies_from(self) -> datetime:
        """The moment from which prices follow this list, if it is applied."""
        return self.decided_at or self.first_fetched_at

    @property
    def is_waiting(self) -> bool:
        """Whether staff have to decide about it."""
        return self.state == self.State.WAITING

    @property
    def is_applied(self) -> bool:
        """Whether prices follow it, from `applies_from` until the next one's."""
        return self.state == self.State.APPLIED

    @property
    def is_refused(self) -> bool:
        """Whether staff decided not to use it."""
        return self.state == self.State.DECLINED


class Rate(models.Model):
    """The cost of one type in one fetched list, in `currency`, per message or per subscription."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+")
    fetch = models.ForeignKey(RateFetch, on_delete=models.CASCADE, related_name="rates", db_index=False)
    type = models.CharField(max_length=64)
    cost = models.DecimalField(max_digits=24, decimal_places=10)
    currency = models.CharField(max_length=3)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["fetch", "type"], name="rate_once_per_fetch")]

    def __str__(self) -> str:
        return f"{self.type} {self.cost} {self.currency}"


class RateCategory(models.Model):
    """Staff's decision what a type is. Without a row, or with an empty interval, it is guessed from the type's name.

    An ignored type has a category of its own, for which there are no margins.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=64)
    category = models.CharField(
        max_length=12, choices=[*Category.choices, (RateClass.IGNORED.value, RateClass.IGNORED.label)]
    )
    interval = models.CharField(max_length=5, choices=Interval, blank=True, db_default="", default="")

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "type"], name="ratecategory_once")]

    def __str__(self) -> str:
        return f"{self.type}: {self.category}"


class MazbotCountry(models.Model):
    """Staff's decision which country of ISO 3166-1 a country id of MazBot stands for: MazBot has no list of them."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    country_id = CodeField(max_length=16)
    iso = CodeField(max_length=2, validators=[validate_country])

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "country_id"], name="mazbotcountry_once")]

    def __str__(self) -> str:
        return f"{self.country_id} = {self.iso}"


class Margin(models.Model):
    """`percent` and `fixed` added to a cost from `valid_from` on. Never edited: a change is a new row.

    From the day of a `withdrawn` version its country or center no longer has a margin of its own: the wider one
    applies.

    `fixed` is per message or per subscription, in the currency of MazBot's costs, so that a price is one sum
    in one currency and is converted as a whole. `valid_from` is a day of the reseller's calendar.
    """

    class Level(models.TextChoices):
        RESELLER = "reseller", _("All centers")
        COUNTRY = "country", _("Country")
        CENTER = "center", _("Center")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="margins", db_index=False)
    level = models.CharField(max_length=8, choices=Level)
    center = models.ForeignKey(
        Center, on_delete=models.PROTECT, null=True, blank=True, related_name="margins"
    )
    country_id = models.CharField(max_length=16, blank=True)
    category = models.CharField(max_length=12, choices=Category)
    percent = models.DecimalField(_("percent"), max_digits=9, decimal_places=4)
    fixed = models.DecimalField(_("fixed amount"), max_digits=18, decimal_places=8)
    withdrawn = models.BooleanField(default=False)
    valid_from = models.DateField(_("valid from"))
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-valid_from", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level="reseller", center__isnull=True, country_id="")
                | (Q(level="country", center__isnull=True) & ~Q(country_id=""))
                | Q(level="center", center__isnull=False, country_id=""),
                name="margin_level_fits",
            ),
            # The upper bounds also exclude NaN, which PostgreSQL sorts above every number.
            models.CheckConstraint(
                condition=Q(percent__gte=-100, percent__lte=10_000), name="margin_percent_bounded"
            ),
            models.CheckConstraint(
                condition=Q(fixed__gte=-1_000_000, fixed__lte=1_000_000), name="margin_fixed_bounded"
            ),
            # The widest level has nothing to fall back on.
            models.CheckConstraint(
                condition=Q(withdrawn=False) | (Q(percent=0, fixed=0) & ~Q(level="reseller")),
                name="margin_withdrawn_is_bare",
            ),
        ]
        indexes = [models.Index(fields=["reseller", "category", "-valid_from"], name="margin_lookup")]

    def __str__(self) -> str:
        if self.withdrawn:
            return str(_("removed"))
        return f"{percent_text(self.percent)} + {self.fixed.normalize():f}"

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether a wider margin would apply in its place."""
        return self.level != self.Level.RESELLER and not self.withdrawn


class ExchangeRate(models.Model):
    """One unit of `base` equals `rate` units of `quote` from `day` on, as entered by staff. Never edited."""

    reseller = models.ForeignKey(
        Reseller, on_delete=models.CASCADE, related_name="exchange_rates", db_index=False
    )
    base = models.CharField(_("from currency"), max_length=3, validators=[validate_currency])
    quote = models.CharField(_("to currency"), max_length=3, validators=[validate_currency])
    day = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10)
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-day", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rate__gt=0, rate__lt=1_000_000_000), name="exchange_rate_positive"
            ),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="exchange_between_two"),
        ]
        indexes = [models.Index(fields=["reseller", "base", "quote", "-day", "-id"], name="exchange_lookup")]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate:f} {self.quote} ({self.day})"
