"""States as text, color and icon, so color is never the only cue."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from centers.models import Center
from centers.notifications import registry
from centers.web.icons import icon_svg

register = template.Library()
TONES = frozenset({"success", "danger", "warning", "info", "secondary"})
_PAYMENT_STATUS = {
    Center.PaymentStatus.CLEAR: ("success", "circle-check"),
    Center.PaymentStatus.OPEN: ("info", "file-invoice"),
    Center.PaymentStatus.OVERDUE: ("danger", "alert-circle"),
}


@register.simple_tag
def badge(tone: str, text: object, icon: str = "", title: str = "") -> SafeString:
    """A state; `tone` is success, danger, warning, info or secondary."""
    if tone not in TONES:
        raise ValueError(f"A badge has no tone “{tone}”.")
    return format_html(
        '<span class="state state-{}"{}>{}<span>{}</span></span>',
        tone,
        format_html(' title="{}"', title) if title else "",
        icon_svg(icon) if icon else "",
        text,
    )


@register.simple_tag
def channel_label(name: str) -> str:
    """The name of a channel of notifications; its code, if no app has it."""
    entry = registry.channel(name)
    return str(entry.label) if entry is not None else name


@register.simple_tag
def payment_status_badge(center: Any) -> SafeString:
    """The center's payment status."""
    payment_status = Center.PaymentStatus(center.payment_status)
    tone, picture = _PAYMENT_STATUS[payment_status]
    return badge(tone, payment_status.label, picture)
