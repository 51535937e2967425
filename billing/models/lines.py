"""The lines of invoices and credit notes: immutable once written (triggers)."""

from decimal import Decimal
from typing import Any, Protocol

from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from billing.models.charges import Charge
from billing.models.invoices import Invoice
from billing.models.policy import Billable
from billing.models.rates import Margin
from billing.models.taxing.categories import TaxTerms
from centers.models import Reseller
from centers.models.managers import TenantManager
from whatsapp.models import Instance

ZERO = Decimal(0)


class HasKind(Protocol):
    """Anything with the kind of an invoice line."""

    @property
    def kind(self) -> str: ...


class HasCharge(HasKind, Protocol):
    """Anything with the kind of an invoice line, and the key of its charge."""

    @property
    def charge_id(self) -> int | None: ...


class HasMargin(HasKind, Protocol):
    """Anything with the kind of an invoice line, what it costs, and the key of its margin."""

    @property
    def margin_id(self) -> int | None: ...
    @property
    def cost(self) -> Decimal: ...


class HasHeading(HasKind, Protocol):
    """Anything with the kind and the texts of an invoice line."""

    @property
    def number_label(self) -> str: ...
    @property
    def description(self) -> str: ...


class LineKinds:
    """What pages ask about a line: a stored one, one of a draft, and one as its center sees it."""

    __slots__ = ()

    @property
    def is_subscription(self: HasKind) -> bool:
        """Whether it charges a subscription."""
        return self.kind == InvoiceLine.Kind.SUBSCRIPTION

    @property
    def is_one_off(self: HasKind) -> bool:
        """Whether it charges what a number is charged once."""
        return self.kind == InvoiceLine.Kind.ONE_OFF

    @property
    def is_adjustment(self: HasKind) -> bool:
        """Whether it corrects a day that was invoiced before."""
        return self.kind == InvoiceLine.Kind.ADJUSTMENT

    @property
    def is_carried(self: HasKind) -> bool:
        """Whether it bills what rounding left of earlier invoices."""
        return self.kind == InvoiceLine.Kind.CARRIED

    @property
    def is_charge(self: HasKind) -> bool:
        """Whether it bills a charge that staff entered, or the price of a plan."""
        return self.kind in (InvoiceLine.Kind.CHARGE, InvoiceLine.Kind.RECURRING, InvoiceLine.Kind.PLAN)

    @property
    def has_share_of_month(self: HasKind) -> bool:
        """Whether a part of a month is charged with its share of the price."""
        by_day = (InvoiceLine.Kind.SUBSCRIPTION, InvoiceLine.Kind.RECURRING, InvoiceLine.Kind.PLAN)
        return self.kind in by_day

    @property
    def is_plan_price(self: HasKind) -> bool:
        """Whether it bills the price of a plan. Lines that were issued before there was such a kind are recurring."""
        return self.kind == InvoiceLine.Kind.PLAN

    @property
    def is_messages(self: HasKind) -> bool:
        """Whether it charges usage, so that its price is an average."""
        return self.kind in (InvoiceLine.Kind.USAGE, InvoiceLine.Kind.ADJUSTMENT, InvoiceLine.Kind.BEYOND)

    @property
    def is_beyond(self: HasKind) -> bool:
        """Whether it charges messages beyond those that a plan includes."""
        return self.kind == InvoiceLine.Kind.BEYOND

    @property
    def has_plan_price(self: HasMargin) -> bool:
        """Whether messages beyond a plan are charged at the plan's own price, not by the price list."""
        return self.kind == InvoiceLine.Kind.BEYOND and self.margin_id is None and not self.cost

    @property
    def is_in_plan(self: HasCharge) -> bool:
        """Whether its messages are counted by a plan, and charged by the line over those beyond it."""
        counted = (InvoiceLine.Kind.USAGE, InvoiceLine.Kind.ADJUSTMENT)
        return self.kind in counted and self.charge_id is not None

    @property
    def is_advance(self: HasKind) -> bool:
        """Whether it is over what was paid in advance."""
        return self.kind == InvoiceLine.Kind.ADVANCE

    @property
    def heading(self: HasHeading) -> str:
        """What the line is over: a number, or what it is called."""
        if self.kind == InvoiceLine.Kind.ADVANCE:
            return gettext("Paid in advance")
        return self.number_label or self.description or gettext("Carried over")


class InvoiceLine(LineKinds, models.Model):
    """One rounded amount and everything it was calculated from; costs are for staff only.

    exact = ((cost x (1 + percent/100) + fixed x quantity) x (1 - discount_percent/100) - discount_amount)
    x exchange_rate; amount = round(exact), once, half up. For a subscription of part of a month, `cost` is that share
    of the rate, and the amount contains the same share of `fixed`. A charge of staff's costs nothing: `fixed` is its
    amount, in `cost_currency`. All of the price of messages that a plan (`charge`) counts is taken off; the line over
    those beyond it has their share of the cost. What rounding leaves, exact - amount, is carried to a later invoice
    (CarriedAmount). All of them are without tax: a price that includes it (`tax_included`) is divided by
    (1 + tax_percent/100) first.
    """

    class Kind(models.TextChoices):
        USAGE = "usage", _("Messages")
        SUBSCRIPTION = "subscription", _("Subscription")
        ADJUSTMENT = "adjustment", _("Adjustment")
        CARRIED = "carried", _("Carried over")
        ONE_OFF = "one_off", _("One-off charge")
        CHARGE = "charge", pgettext_lazy("entered by staff", "Charge")  # entered by staff: once
        RECURRING = "recurring", _("Recurring charge")  # entered by staff: monthly or yearly
        PLAN = "plan", _("Price of the plan")
        BEYOND = "beyond", _("Messages beyond the plan")
        ADVANCE = "advance", _("Paid in advance")  # of an advance invoice: the description is the payment

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, null=True, related_name="+")
    number_label = models.CharField(max_length=160)  # label and id of the number on the day of issue
    rate_type = models.CharField(max_length=64, blank=True)  # of a subscription or a one-off charge
    # Of a charge that staff entered; the plan that counts the messages.
    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, null=True, related_name="lines", db_index=False
    )
    description = models.CharField(max_length=120, blank=True, default="", db_default="")
    first_day = models.DateField()
    end_day = models.DateField()
    quantity = models.BigIntegerField()  # billable messages, or subscriptions
    billable = models.CharField(
        max_length=9, choices=Billable, blank=True
    )  # which messages count; "" for a subscription
    sent = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=24, decimal_places=10)
    unit_cost = models.DecimalField(max_digits=24, decimal_places=10)  # average, for display
    cost_currency = models.CharField(max_length=3)
    margin = models.ForeignKey(Margin, on_delete=models.PROTECT, null=True, related_name="+")
    percent = models.DecimalField(max_digits=9, decimal_places=4)
    fixed = models.DecimalField(max_digits=18, decimal_places=8)
    # Of the price before it is shared and converted: percent, and an amount of one.
    discount_percent = models.DecimalField(max_digits=7, decimal_places=4, default=0, db_default=0)
    discount_amount = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
    exchange_rate = models.DecimalField(max_digits=20, decimal_places=10)  # 1 within one currency
    unit_price = models.DecimalField(max_digits=24, decimal_places=10)  # average, in `currency`
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    exact = models.DecimalField(max_digits=50, decimal_places=30, null=True)  # null: of an older version
    tax_category = models.CharField(max_length=2, default="O", db_default="O")
    tax_percent = models.DecimalField(max_digits=7, decimal_places=4, default=0, db_default=0)
    tax_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    tax_included = models.BooleanField(default=False, db_default=False)
    # The line of an earlier invoice that this one credits (on a credit note) or adds to (an adjustment).
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")

    objects = TenantManager(reseller="reseller", center="invoice__center")

    #: A credit note has these with the opposite sign and repeats all others.
    NEGATED = ("quantity", "sent", "received", "failed", "cost", "amount", "exact")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoiceline_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.number_label} {self.first_day} - {self.end_day}"

    @property
    def tax(self) -> TaxTerms:
        """How the line is taxed."""
        return TaxTerms(self.tax_category, self.tax_percent, self.tax_reason, self.tax_included)

    @property
    def discount_currency(self) -> str:
        """That of the charge, and so of an amount taken off it."""
        return self.cost_currency

    @classmethod
    def content_fields(cls) -> "list[models.Field[Any, Any]]":
        """The fields that drafts and credit notes fill in: all but the line's place in its invoice."""
        place = ("id", "reseller", "invoice", "position")
        return [field for field in cls._meta.concrete_fields if field.name not in place]
