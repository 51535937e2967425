"""The tabs above a page."""

from typing import Any

from django import template
from django.template import Context

from centers.web.navigation import tab_links

register = template.Library()


@register.inclusion_tag("components/tabs.html", takes_context=True)
def tabs(context: Context, menu: str, label: str) -> dict[str, Any]:
    """`{% tabs "settings" _("Settings") %}`: the sections of that menu which the person may open."""
    links = tab_links(context["request"], menu, context["reseller"], context["permissions"])
    return {"links": links, "label": label}
