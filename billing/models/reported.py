"""What was reported of a month that is over."""

from decimal import Decimal

from django.db import models

from centers.models import Reseller
from centers.models.managers import TenantManager


class ReportedMonth(models.Model):
    """A month's revenue and cost when it was first complete; never edited: what changes later is shown against it."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()  # its first day
    currency = models.CharField(max_length=3)
    revenue = models.DecimalField(max_digits=30, decimal_places=10)
    cost = models.DecimalField(max_digits=30, decimal_places=10)
    reported_at = models.DateTimeField()

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-month", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["reseller", "month", "currency"], name="reportedmonth_once")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.currency}"

    @property
    def profit(self) -> Decimal:
        """Revenue less cost."""
        return self.revenue - self.cost
