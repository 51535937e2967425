"""From which day on a center is in a country of MazBot's, and pays in a currency."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller, User
from centers.models.fields import CodeField
from centers.models.managers import TenantManager


class CenterVersion(models.Model):
    """A center's country or currency from `valid_from` on. Never edited: a change is a new row.

    A center that never changed has no rows: its own columns are what always applied. With the first change a row
    without `valid_from` keeps what applied before it. `Center` itself has what applies today.
    """

    class Name(models.TextChoices):
        """What changes; `column` is that of Center."""

        COUNTRY = "mazbot_country", _("Country at MazBot")
        CURRENCY = "invoice_currency", _("Currency")

        @property
        def is_currency(self) -> bool:
            return self.value == "invoice_currency"

        @property
        def column(self) -> str:
            return "currency" if self.is_currency else "country_id"

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    center = models.ForeignKey(
        Center, on_delete=models.PROTECT, related_name="center_versions", db_index=False
    )
    name = models.CharField(max_length=16, choices=Name)
    value = CodeField(max_length=16, blank=True)
    valid_from = models.DateField(_("valid from"), null=True)  # a day of the reseller's calendar
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = [models.F("valid_from").desc(nulls_last=True), "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["center", "name"],
                condition=Q(valid_from=None),
                name="centerversion_one_beginning",
            ),
            models.CheckConstraint(
                condition=Q(name="mazbot_country") | (Q(name="invoice_currency") & ~Q(value="")),
                name="centerversion_fits",
            ),
        ]
        indexes = [
            models.Index(fields=["reseller", "center", "name", "-valid_from"], name="centerversion_lookup")
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.value or '–'}"
