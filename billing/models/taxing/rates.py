"""Who a seller or a buyer is by law, what taxes its prices, and the taxes of each document."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from billing.models.taxing.categories import OwnTax, TaxCategory, TaxTerms, own_tax_constraints
from centers.models import Center, Reseller, User
from centers.models.fields import CodeField, LineField
from centers.models.managers import TenantManager
from centers.values.formats import percent_text


class LegalIdentity(models.Model):
    """What documents say of the reseller (`center` is None) or of one of its centers besides its name.

    Its country is that of the reseller or center. All is optional; a document shows what is filled in.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    center = models.OneToOneField(
        Center, on_delete=models.CASCADE, null=True, blank=True, related_name="legal_identity"
    )
    legal_name = LineField(_("legal name"), max_length=160, blank=True)
    address = LineField(_("address"), max_length=120, blank=True)
    address_more = LineField(_("address, second line"), max_length=120, blank=True)
    city = LineField(_("city"), max_length=80, blank=True)
    postal_code = CodeField(_("postal code"), max_length=16, blank=True)
    tax_number = CodeField(_("tax number"), max_length=32, blank=True)
    registration_number = CodeField(_("commercial registration number"), max_length=32, blank=True)
    # Of a center: what it wants to read on every invoice.
    purchase_order = LineField(_("purchase order"), max_length=60, blank=True, default="", db_default="")

    objects = TenantManager(reseller="reseller", center="center", with_shared=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller"], condition=Q(center__isnull=True), name="legalidentity_one_seller"
            ),
        ]
        indexes = [models.Index(fields=["reseller"], name="legalidentity_reseller")]

    def __str__(self) -> str:
        return self.legal_name or str(self.center or self.reseller)


class TaxProfile(OwnTax, models.Model):
    """Whether a reseller charges tax at all. Without a row, or not registered: documents carry no tax.

    The tax of its own is that of late fees.
    """

    class TopUps(models.TextChoices):
        """What a payment that becomes credit gets."""

        RECEIPT = "receipt", _("A receipt: VAT with the later invoices")
        INVOICE = "invoice", _("A tax invoice: VAT at once")

    reseller = models.OneToOneField(Reseller, on_delete=models.CASCADE, related_name="tax_profile")
    is_registered = models.BooleanField(_("registered for tax"), default=False, db_default=False)
    prices_include_tax = models.BooleanField(_("prices include tax"), default=False, db_default=False)
    top_ups = models.CharField(
        _("top-ups"), max_length=7, choices=TopUps, default=TopUps.RECEIPT, db_default=TopUps.RECEIPT
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [*own_tax_constraints("taxprofile")]

    def __str__(self) -> str:
        return f"taxes of {self.reseller}"


class TaxRate(models.Model):
    """The tax on usage from `valid_from` on: of all centers, or of one. Never edited: a change is a new row.

    Of two rows from one day the later counts. From the day of a `withdrawn` row its center follows the rate of all
    centers again.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="tax_rates", db_index=False)
    center = models.ForeignKey(
        Center, on_delete=models.PROTECT, null=True, blank=True, related_name="tax_rates"
    )
    category = models.CharField(_("category"), max_length=2, choices=TaxCategory)
    percent = models.DecimalField(_("percent"), max_digits=7, decimal_places=4, default=Decimal(0))
    reason = LineField(_("reason"), max_length=200, blank=True)
    withdrawn = models.BooleanField(default=False)
    valid_from = models.DateField(_("valid from"))
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center", with_shared=True)

    class Meta:
        ordering = ["-valid_from", "-pk"]
        constraints = [
            # The bounds also exclude NaN, which PostgreSQL sorts above every number.
            models.CheckConstraint(
                condition=Q(category="S", percent__gt=0, percent__lte=100)
                | Q(category__in=["Z", "E", "O", "AE"], percent=0),
                name="taxrate_percent_fits",
            ),
            models.CheckConstraint(
                condition=~Q(category__in=["E", "O", "AE"]) | Q(withdrawn=True) | ~Q(reason=""),
                name="taxrate_has_reason",
            ),
            # The buyer accounts for the tax: that is decided for each.
            models.CheckConstraint(
                condition=~Q(category="AE") | Q(center__isnull=False), name="taxrate_reverse_has_center"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn=False) | Q(category="O", reason="", center__isnull=False),
                name="taxrate_withdrawn_is_bare",
            ),
        ]
        indexes = [models.Index(fields=["reseller", "center", "-valid_from"], name="taxrate_lookup")]

    def __str__(self) -> str:
        if self.withdrawn:
            return str(_("removed"))
        return f"{self.get_category_display()} {percent_text(self.percent)}"

    @property
    def terms(self) -> TaxTerms:
        """The rate as lines carry it."""
        return TaxTerms(self.category, self.percent, self.reason)


@dataclass(frozen=True, slots=True)
class TaxSums:
    """Net and tax of one category and percentage."""

    category: str
    percent: Decimal
    reason: str
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.tax


class InvoiceTax(models.Model):
    """The net sum and the tax of one category and percentage on a document; negative on credit notes. Never changed.

    tax = round(net x percent / 100), half up, once (EN 16931, BR-CO-17); of an invoice and its credit notes together.
    A document of a reseller that is not registered for tax has no rows.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="taxes", db_index=False)
    category = models.CharField(max_length=2, choices=TaxCategory)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    reason = models.CharField(max_length=300, blank=True)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    tax = models.DecimalField(max_digits=18, decimal_places=4)

    objects = TenantManager(reseller="reseller", center="invoice__center")

    class Meta:
        ordering = ["-percent", "category"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "category", "percent"], name="invoicetax_once"),
            models.CheckConstraint(
                condition=Q(category="S") | Q(percent=0, tax=0), name="invoicetax_fits_category"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {percent_text(self.percent)}: {self.net} + {self.tax}"

    @property
    def gross(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.tax
