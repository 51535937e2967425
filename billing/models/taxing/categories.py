"""Why a price is taxed or not: of a rate, of a line, and of what is sold with a tax of its own."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

from centers.models.fields import LineField

ZERO = Decimal(0)


class TaxCategory(models.TextChoices):
    """Why a price is taxed or not, as EN 16931 codes it (UNTDID 5305)."""

    STANDARD = "S", _("Standard rate")
    ZERO = "Z", _("Zero rate")
    EXEMPT = "E", _("Exempt")
    OUTSIDE = "O", _("Out of scope")
    REVERSE = "AE", _("Reverse charge")

    @classmethod
    def of_many(cls) -> list[tuple[str, Any]]:
        """The choices for many centers: a reverse charge is decided for each."""
        return [one for one in cls.choices if one[0] != cls.REVERSE]


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """The tax of a line: its category (TaxCategory), percent, and why it is not taxed; `included` in the price or not.

    Without arguments: the reseller isn't registered for tax.
    """

    category: str = "O"
    percent: Decimal = ZERO
    reason: str = ""
    included: bool = False


class OwnTax(models.Model):
    """What is sold with a tax of its own, the same for each center. No category: it is taxed as the center is."""

    tax_category = models.CharField(
        _("tax category"), max_length=2, choices=TaxCategory, blank=True, default="", db_default=""
    )
    tax_percent = models.DecimalField(
        _("percent"), max_digits=7, decimal_places=4, default=ZERO, db_default=ZERO
    )
    tax_reason = LineField(_("reason"), max_length=200, blank=True, default="", db_default="")

    class Meta:
        abstract = True

    @property
    def own_tax(self) -> TaxTerms | None:
        """Its own tax; None: that of the center."""
        if not self.tax_category:
            return None
        return TaxTerms(self.tax_category, self.tax_percent, self.tax_reason)

    @property
    def tax_entry(self) -> dict[str, Any]:
        """The columns of its own tax, as operations take them."""
        return {
            "tax_category": self.tax_category,
            "tax_percent": self.tax_percent,
            "tax_reason": self.tax_reason,
        }


def own_tax_constraints(model: str) -> list[CheckConstraint]:
    """What the tax of its own of `model` has to be; the bounds also exclude NaN."""
    return [
        CheckConstraint(
            condition=Q(tax_category="S", tax_percent__gt=0, tax_percent__lte=100)
            | Q(tax_category__in=["", "Z", "E", "O", "AE"], tax_percent=0),
            name=f"{model}_tax_percent_fits",
        ),
        CheckConstraint(
            condition=~Q(tax_category__in=["E", "O", "AE"]) | ~Q(tax_reason=""),
            name=f"{model}_tax_has_reason",
        ),
    ]
