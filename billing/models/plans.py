"""Plans: a price per month with messages that it includes, and what messages beyond them cost."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.taxing.categories import OwnTax, own_tax_constraints
from centers.models import Reseller, User
from centers.models.fields import CodeField, LineField
from centers.models.managers import TenantManager


class Plan(models.Model):
    """What centers of one currency can be sold. Its terms are versions: PlanTerms; which centers have it: Charge."""

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = LineField(_("name"), max_length=120)
    currency = CodeField(max_length=3)
    per_number = models.BooleanField(_("for each number"), default=False, db_default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    archived_at = models.DateTimeField(null=True)  # offered no longer; centers that have it keep it

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "name"], condition=Q(archived_at=None), name="plan_name_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="plan_is_named"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanTerms(OwnTax):
    """What a plan costs from `valid_from` on. Never edited: a change is a new row; of one day the newest counts.

    `price` is for a month, of the center or of each number, and `included` messages of a month are in it. Those beyond
    cost `beyond` each; without it, what the price list says. Prices are in the plan's currency, with the tax, if the
    reseller's prices include it.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="terms", db_index=False)
    valid_from = models.DateField(_("valid from"))  # a day of the reseller's calendar
    price = models.DecimalField(_("price of a month"), max_digits=18, decimal_places=4)
    included = models.PositiveIntegerField(_("included messages"))
    beyond = models.DecimalField(_("price beyond"), max_digits=18, decimal_places=8, null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-valid_from", "-pk"]
        constraints = [
            # The bounds also exclude NaN, which PostgreSQL sorts above every number.
            models.CheckConstraint(
                condition=Q(price__gt=0, price__lt=1_000_000_000), name="planterms_price_bounded"
            ),
            models.CheckConstraint(
                condition=Q(beyond=None) | Q(beyond__gt=0, beyond__lt=1_000_000),
                name="planterms_beyond_bounded",
            ),
            *own_tax_constraints("planterms"),
            # Who accounts for the tax is decided for each center.
            models.CheckConstraint(condition=~Q(tax_category="AE"), name="planterms_tax_is_for_all"),
        ]
        indexes = [models.Index(fields=["plan", "-valid_from"], name="planterms_of_plan")]

    def __str__(self) -> str:
        return f"{self.plan} {self.valid_from}"
