"""States of numbers in words, colour and a picture; every template has these tags without loading them."""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from centers.templatetags.badges import badge
from whatsapp.models import OFF, Connection

register = template.Library()
_CONNECTION: dict[str, tuple[str, str]] = {
    Connection.CONNECTED: ("success", "plug-connected"),
    Connection.DISCONNECTED: ("danger", "plug-connected-x"),
    Connection.PAIRING: ("info", "qrcode"),
    Connection.EXPIRED: ("warning", "clock-x"),
    Connection.UNKNOWN: ("warning", "help-circle"),
    Connection.UNCHECKED: ("secondary", "clock"),
    OFF: ("secondary", "power"),
}
#: After this many tries without a confirmation the page shows "not confirmed" instead of "suspending".
_TRIES_BEFORE_DOUBT = 3


@register.simple_tag
def connection_badge(instance: Any) -> SafeString:
    """The connection status last reported by MazBot; for a disabled number, just that."""
    tone, picture = _CONNECTION.get(instance.state, ("secondary", "help-circle"))
    raw = instance.raw_status if instance.state == Connection.UNKNOWN else ""
    return badge(tone, instance.get_state_display(), picture, title=raw)


@register.simple_tag
def service_badge(instance: Any) -> SafeString:
    """The service state: desired and confirmed state may differ."""
    if not instance.is_switching:
        if not instance.is_off:
            return badge("success", _("Enabled"), "power")
        return badge("danger", _("Suspended") if instance.is_suspended else _("Disabled"), "ban")
    if instance.switch_attempts >= _TRIES_BEFORE_DOUBT:
        return badge("warning", _("Not confirmed"), "alert-triangle", title=instance.switch_error)
    if not instance.is_off:
        return badge("info", _("Enabling"), "refresh")
    return badge("warning", _("Suspending") if instance.is_suspended else _("Disabling"), "refresh")
