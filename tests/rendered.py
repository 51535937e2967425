"""What a test client keeps of an answer's templates: the contexts of pages, not of each part and form field in them.

Django copies the context of every template, a few dozen a page, for tests that read `response.context`: 3 % of a page.
"""

from typing import Any

from django.template import Context, Template
from django.test import client

_store = client.store_rendered_templates


def install() -> None:
    """Keep less from now on."""
    client.store_rendered_templates = _store_pages


def _store_pages(
    store: Any, signal: Any, sender: Any, template: Template, context: Context, **rest: Any
) -> None:
    if context.template is template and "request" in context:
        _store(store, signal, sender, template, context, **rest)
