"""What to do about an alert: one link, by its kind and the reader's permissions."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from centers.notifications.destinations import EMAIL
from centers.tenancy.access import TenantRequest
from centers.tenancy.permissions import Permission
from whatsapp.models import Alert
from whatsapp.notifications.channels import paused_place

Kind = Alert.Kind


@dataclass(frozen=True, slots=True)
class NextStep:
    """A link labelled with its action."""

    label: str
    url: str
    icon: str


def next_step(alert: Alert, request: TenantRequest) -> NextStep | None:
    """The best next page for `alert`, or None if the reader can do nothing about it."""
    if not alert.instance_id:
        return _of_the_account(alert, request)
    place = [request.reseller.slug, alert.instance_id]
    if alert.needs_pairing and request.may(Permission.PAIR):
        return NextStep(_("Pair again"), reverse("pair", args=place), "qrcode")
    if alert.kind == Kind.NOT_FOUND and request.may(Permission.MANAGE_CENTERS):
        return NextStep(_("Correct the ID"), reverse("instance_edit", args=place), "pencil")
    if alert.kind == Kind.USAGE_FLAGGED and request.may(Permission.ISSUE_INVOICES):
        return NextStep(_("Decide"), reverse("usage", args=place[:1]), "gavel")
    return NextStep(_("Open number"), reverse("instance", args=place), "eye")


def _of_the_account(alert: Alert, request: TenantRequest) -> NextStep | None:
    """Steps for alerts without a number: each kind has its page and the permission to open it."""
    pages = {
        Kind.PROVIDER_FAILING: (
            _("Test connection"),
            "settings_mazbot",
            "plug",
            Permission.MANAGE_SETTINGS,
        ),
        Kind.NUMBERS_DROPPED: (_("View the board"), "board", "list", Permission.VIEW),
        Kind.ACCOUNT_REFUSED: (_("Check account"), "settings_mazbot", "key", Permission.MANAGE_SETTINGS),
        Kind.ACCOUNT_LIMITED: (_("Check limit"), "settings_mazbot", "gauge", Permission.MANAGE_SETTINGS),
        Kind.QUOTA_LOW: (_("View usage"), "usage", "chart-bar", Permission.VIEW_COSTS),
        Kind.USAGE_GAP: (_("Explain"), "reconciliation", "scale", Permission.VIEW_COSTS),
        Kind.EXCHANGE_OLD: (
            _("Enter a rate"),
            "exchange_rates",
            "currency-dollar",
            Permission.MANAGE_PRICES,
        ),
        Kind.BELOW_COST: (_("Check prices"), "prices", "trending-down", Permission.VIEW_COSTS),
        Kind.RATES_CURRENCY: (_("Decide"), "prices", "gavel", Permission.VIEW_COSTS),
        Kind.RATES_UNKNOWN: (_("Classify"), "rate_types", "tags", Permission.VIEW_COSTS),
        Kind.RATES_WAITING: (_("Review rates"), "rate_lists", "gavel", Permission.VIEW_COSTS),
        Kind.SUSPENSIONS_HELD: (_("Decide"), "unpaid", "gavel", Permission.MANAGE_DUNNING),
    }
    of_a_center = {
        Kind.BILLING_BLOCKED: (
            _("View invoice"),
            "invoice_issue_for",
            "file-invoice",
            Permission.ISSUE_INVOICES,
        ),
        Kind.LEFT_OVER: (_("Decide"), "late_corrections", "gavel", Permission.ISSUE_INVOICES),
        Kind.CHANNEL_DEAD: (_("Correct address"), "center_edit", "pencil", Permission.MANAGE_CENTERS),
    }
    kind = Kind(alert.kind)
    place: list[object] = [request.reseller.slug]
    page = pages.get(kind)
    if kind == Kind.CHANNEL_DEAD:
        page = _of_a_paused_place(request)
    if alert.center_id and kind in of_a_center:
        page, place = of_a_center[kind], [*place, alert.center_id]
    if page is None or not request.may(page[3]):
        return None
    label, name, icon, _permission = page
    return NextStep(label, reverse(name, args=place), icon)


def _of_a_paused_place(request: TenantRequest) -> tuple[str, str, str, Permission] | None:
    """Only a person themselves can look after what is theirs alone, except for their email address."""
    paused = paused_place()
    if paused is None:
        return None
    if paused.user_id == request.user.pk:
        return _("Check address"), "reach", "bell", Permission.VIEW
    if paused.channel == EMAIL:
        return _("Check address"), "settings_email", "mail", Permission.MANAGE_SETTINGS
    if paused.user_id is None:
        return _("Check address"), "settings_notifications", "bell", Permission.MANAGE_SETTINGS
    return None
