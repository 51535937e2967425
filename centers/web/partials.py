"""Responding with a page, or the one fragment of it that htmx requested."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from centers.tenancy.access import TenantRequest


def render_page(
    request: TenantRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    parts: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """Render `template`; if htmx targets an element whose id is one of `parts`, only that `{% partialdef %}`.

    A boosted navigation always gets the whole page.
    """
    target = request.htmx.target if request.htmx and not request.htmx.boosted else None
    name = f"{template}#{target}" if target in parts else template
    return render(request, name, context or {}, status=status)
