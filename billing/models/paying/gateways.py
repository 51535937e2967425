"""Where payments come from automatically: a reseller's gateways, links to pay an invoice, and callbacks."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from billing.models.payments import Payment
from centers.models import Center, Reseller, User
from centers.models.fields import CodeField, LineField
from centers.models.managers import TenantManager
from centers.secrets import SecretField
from centers.stored_messages import StoredMessageField


class Gateway(models.Model):
    """A reseller's account at a payment provider, or the secret of its own systems that report payments."""

    class Provider(models.TextChoices):
        STRIPE = "stripe", "Stripe"
        MOYASAR = "moyasar", "Moyasar"
        HOOK = "hook", _("Your own systems")

    #: The providers with a page to pay on.
    WITH_LINKS = (Provider.STRIPE, Provider.MOYASAR)

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="gateways", db_index=False)
    provider = models.CharField(max_length=7, choices=Provider)
    is_active = models.BooleanField(_("payments by link"), default=False)
    # Empty: the provider's own address.
    base_url = models.URLField(_("address of the API"), max_length=300, blank=True)
    api_key = SecretField(_("secret key"), blank=True)
    webhook_secret = SecretField(_("webhook secret"), blank=True)
    # Still accepted until then, after the secret was replaced.
    old_secret = SecretField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    last_error = StoredMessageField(blank=True)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["provider"]
        constraints = [models.UniqueConstraint(fields=["reseller", "provider"], name="gateway_once")]

    def __str__(self) -> str:
        return str(self.get_provider_display())

    @classmethod
    def taking_payments(cls, reseller: Reseller) -> "models.QuerySet[Gateway]":
        """Those of the reseller's on which invoices can be paid now."""
        rows = cls.objects.filter(reseller=reseller, is_active=True, provider__in=cls.WITH_LINKS)
        return rows.exclude(api_key="").order_by("provider")

    @classmethod
    def method_of(cls, payment: Any) -> str:
        """How a payment was made; of a gateway its name. `payment` has the `provider` that payment_rows() adds."""
        if payment.method == Payment.Method.GATEWAY and payment.provider:
            return str(cls.Provider(payment.provider).label)
        return str(payment.get_method_display())


class PaymentLink(models.Model):
    """A page of a gateway where one invoice, or without one a top-up, can be paid.

    `key` is sent with the request, so that it has one effect.
    """

    class State(models.TextChoices):
        CREATING = "creating", _("Being created")
        READY = "ready", _("Ready to pay")
        USED = "complete", _("Paid")
        OVER = "outdated", _("No longer valid")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="payment_links")
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="links", db_index=False)
    key = models.CharField(max_length=36, unique=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    external_id = CodeField(max_length=120, blank=True)
    url = models.URLField(max_length=2000, blank=True)
    state = models.CharField(max_length=8, choices=State)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    # When the gateway is asked next, in case its callback was lost.
    ask_at = models.DateTimeField(null=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "external_id"], condition=~Q(external_id=""), name="paymentlink_once"
            ),
            models.UniqueConstraint(
                fields=["invoice", "gateway"],
                condition=Q(state__in=["creating", "ready"]),
                name="paymentlink_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["ask_at"], condition=Q(ask_at__isnull=False), name="paymentlink_asked")
        ]

    def __str__(self) -> str:
        return self.external_id or self.key


class GatewayEvent(models.Model):
    """What a gateway said once, verified: stored before it has an effect, and once however often it is said."""

    class Kind(models.TextChoices):
        PAID = "paid", _("Paid")
        RETURNED = "returned", _("Money returned")
        ENDED = "ended", _("Not paid")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        WAITING = "stored", _("Not processed yet")
        RECORDED = "recorded", _("Payment recorded")
        FLAGGED = "flagged", _("Flagged")
        NOTHING = "nothing", _("No effect")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="events", db_index=False)
    event_id = CodeField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind)
    what = LineField(max_length=80, blank=True)  # the gateway's own name of the event
    link_key = CodeField(max_length=120, blank=True)  # of our link, or the gateway's id of it
    transaction = CodeField(max_length=120, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    # What only our own systems send: center or invoice, method, day, note.
    details = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    received_at = models.DateTimeField()
    deliveries = models.PositiveIntegerField(default=1, db_default=1)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.WAITING)
    processed_at = models.DateTimeField(null=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["gateway", "event_id"], name="gatewayevent_once")]
        indexes = [
            models.Index(
                fields=["reseller"], condition=Q(processed_at__isnull=True), name="gatewayevent_waiting"
            ),
            models.Index(fields=["payment"], condition=Q(outcome="recorded"), name="gatewayevent_of_payment"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.event_id}"


class FlaggedPayment(models.Model):
    """Money that a gateway says has moved and that was not recorded: staff decide what it is."""

    class Why(models.TextChoices):
        UNKNOWN_LINK = "unknown_link", _("No matching payment link")
        AMOUNT = "other_amount", _("Amount differs from the link's")
        CURRENCY = "other_currency", _("Currency differs from the link's")
        VOID = "void", _("The invoice was voided")
        NOTHING_OPEN = "nothing_open", _("The invoice was already paid")
        TWICE = "twice", _("The link was paid a second time")
        RETURNED = "returned", _("The gateway returned the money")
        NO_CENTER = "no_center", _("No matching center or invoice")
        REFUSED = "unrecorded", _("It couldn't be recorded")

    class State(models.TextChoices):
        UNDECIDED = "undecided", _("To check")
        RECORDED = "recorded", _("Recorded")
        DISMISSED = "dismissed", _("Dismissed")

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="+", db_index=False)
    event = models.OneToOneField(GatewayEvent, on_delete=models.PROTECT, related_name="flagged")
    link = models.ForeignKey(
        PaymentLink, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    center = models.ForeignKey(Center, on_delete=models.PROTECT, null=True, related_name="+")
    why = models.CharField(max_length=16, choices=Why)
    problem = StoredMessageField(blank=True)  # why it couldn't be recorded
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    reference = CodeField(max_length=120, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.UNDECIDED)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decision = LineField(max_length=300, blank=True)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "reference", "why"],
                condition=~Q(reference=""),
                name="flaggedpayment_once",
            )
        ]
        indexes = [
            models.Index(fields=["reseller", "state", "-received_at", "-id"], name="flaggedpayment_list")
        ]

    def __str__(self) -> str:
        return self.reference or f"{self.gateway_id}-{self.pk}"

    @property
    def is_undecided(self) -> bool:
        """Whether it waits for staff."""
        return self.state == self.State.UNDECIDED

    @property
    def is_return(self) -> bool:
        """Whether money went back; else money came in."""
        return self.why == self.Why.RETURNED
