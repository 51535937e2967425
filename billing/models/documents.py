"""How documents look and are numbered, the logos that issued ones keep, and receipts."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.payments import Payment
from centers.models import Center, Reseller
from centers.models.fields import CodeField, LinesField
from centers.models.managers import TenantManager


class DocumentKind(models.TextChoices):
    """The kinds of documents with numbers of their own."""

    INVOICE = "invoice", _("Invoices")
    CREDIT_NOTE = "credit_note", _("Credit notes")
    RECEIPT = "receipt", _("Receipts")
    ADVANCE = "advance", _("Advance invoices")


class DocumentSettings(models.Model):
    """What a reseller's next documents look like. Issued ones keep what they were issued with (`parties`)."""

    class Languages(models.TextChoices):
        """The language of documents."""

        CENTER = "center", _("The center's language")
        ENGLISH = "en", _("English")
        ARABIC = "ar", _("Arabic")
        BOTH = "both", _("English and Arabic, side by side")

    reseller = models.OneToOneField(Reseller, on_delete=models.CASCADE, related_name="document_settings")
    languages = models.CharField(
        _("language of documents"),
        max_length=6,
        choices=Languages,
        default=Languages.CENTER,
        db_default=Languages.CENTER,
    )
    simplified = models.BooleanField(
        _("simplified tax invoices for centers without a tax number"), default=False, db_default=False
    )
    note = LinesField(_("note on every invoice"), max_length=1000, blank=True, default="", db_default="")

    objects = TenantManager(reseller="reseller")

    def __str__(self) -> str:
        return f"documents of {self.reseller}"


class NumberFormat(models.Model):
    """How the numbers of one kind of document are written: prefix, year, running number. Without a row: INV-2026-0001.

    Without a year, numbers run on; with one they begin at 1 every year.
    """

    class Year(models.TextChoices):
        """The year in a number."""

        FULL = "yyyy", "2026"
        SHORT = "yy", "26"
        NONE = "running", _("none, numbering continues")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=DocumentKind)
    prefix = CodeField(
        _("prefix"),
        max_length=8,
        validators=[
            RegexValidator(r"^[A-Z]+([-/][A-Z]+)*\Z", _("Use capital letters, with - or / between them."))
        ],
    )
    year = models.CharField(_("year"), max_length=7, choices=Year, default=Year.FULL)
    digits = models.PositiveSmallIntegerField(
        _("digits"), default=4, validators=[MinValueValidator(1), MaxValueValidator(8)]
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "kind"], name="numberformat_once")]

    def __str__(self) -> str:
        return self.number(1, 2026)

    def number(self, sequence: int, year: int) -> str:
        """`INV-2026-0001`."""
        parts = {self.Year.FULL.value: f"{year:04d}", self.Year.SHORT.value: f"{year % 100:02d}"}
        return "-".join(filter(None, (self.prefix, parts.get(self.year, ""), f"{sequence:0{self.digits}d}")))


class DocumentLogo(models.Model):
    """A logo that the reseller had: documents are drawn with the one of their day. A trigger keeps them."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.CharField(max_length=16)  # Reseller.logo_version: a digest of the picture
    picture = models.BinaryField()

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "version"], name="documentlogo_once")]

    def __str__(self) -> str:
        return self.version


class Receipt(models.Model):
    """The receipt for a payment: what it paid when it was recorded. Never changed; `parties` are as on an invoice."""

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="receipts", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="receipts")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="receipt")
    number = models.CharField(max_length=24)
    year = models.PositiveSmallIntegerField()  # 0: numbers run on
    sequence = models.PositiveIntegerField()
    issued_at = models.DateTimeField()
    issued_on = models.DateField()  # in the reseller's zone
    language = models.CharField(max_length=5)
    parties = models.JSONField()
    paid = models.JSONField()  # [{"number", "date", "amount"}]: the invoices it paid
    left = models.DecimalField(max_digits=18, decimal_places=4)  # still unpaid in its currency

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["reseller", "number"], name="receipt_number_once"),
            models.UniqueConstraint(fields=["reseller", "year", "sequence"], name="receipt_sequence_once"),
            models.CheckConstraint(condition=models.Q(left__gte=Decimal(0)), name="receipt_left_bounded"),
        ]

    def __str__(self) -> str:
        return self.number
