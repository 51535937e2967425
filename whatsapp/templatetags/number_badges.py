"""States of numbers in words, colour and a picture; every template has these tags without loading them."""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from centers.templatetags.badges import badge

register = template.Library()
_CONNECTION = {
    "connected": ("success", "plug-connected"),
    "disconnected": ("danger", "plug-connected-x"),
    "pairing": ("info", "qrcode"),
    "expired": ("warning", "clock-x"),
    "unknown": ("warning", "help-circle"),
    "unchecked": ("secondary", "clock"),
    "off": ("secondary", "power"),
}
#: After this many tries without a confirmation the page shows "not confirmed" instead of "suspending".
_TRIES_BEFORE_DOUBT = 3


@register.simple_tag
def connection_badge(instance: Any) -> SafeString:
    """The connection status last reported by MazBot; for a disabled number, just that."""
    tone, picture = _CONNECTION.get(instance.state, ("secondary", "help-circle"))
    raw = instance.raw_status if instance.state == "unknown" else ""
    return badge(tone, instance.get_state_display(), picture, title=raw)


@register.simple_tag
def service_badge(instance: Any) -> SafeString:
    """The service state: desired and confirmed state may differ."""
    for_debt = instance.desired_reason == "non_payment"
    if instance.service == instance.desired_state:
        if instance.service == "enabled":
            return badge("success", _("Enabled"), "power")
        return badge("danger", _("Suspended") if for_debt else _("Disabled"), "ban")
    if instance.switch_attempts >= _TRIES_BEFORE_DOUBT:
        return badge("warning", _("Not confirmed"), "alert-triangle", title=instance.switch_error)
    if instance.desired_state == "enabled":
        return badge("info", _("Enabling"), "refresh")
    return badge("warning", _("Suspending") if for_debt else _("Disabling"), "refresh")
