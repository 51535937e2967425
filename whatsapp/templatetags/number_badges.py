"""States of numbers in words, colour and a picture; every template has these tags without loading them."""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from centers.templatetags.badges import badge
from whatsapp.models import OFF, Condition, Connection
from whatsapp.states import ADVICE, PORTAL_ADVICE, Advice

register = template.Library()
_CONNECTION: dict[str, tuple[str, str]] = {
    Connection.CONNECTED: ("success", "plug-connected"),
    Connection.DISCONNECTED: ("danger", "plug-connected-x"),
    Connection.PAIRING: ("info", "qrcode"),
    Connection.EXPIRED: ("warning", "clock-x"),
    Connection.UNKNOWN: ("warning", "help-circle"),
    Connection.UNCHECKED: ("secondary", "clock"),
    Condition.NOT_PAIRED: ("secondary", "device-mobile"),
    Condition.NEEDS_QR: ("danger", "qrcode"),
    Condition.FLAPPING: ("warning", "activity"),
    Condition.STALE: ("warning", "clock-pause"),
    Condition.SILENT: ("warning", "message-off"),
    Condition.FAILING: ("warning", "message-x"),
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
def number_advice(instance: Any) -> Advice:
    """What the number's state means and what to do, for staff."""
    return ADVICE.get(instance.state, Advice(""))


@register.simple_tag
def portal_advice(instance: Any) -> Advice | None:
    """What the number's state means and what to do, for the center's own people; None where all is well."""
    return PORTAL_ADVICE.get(instance.state)


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
