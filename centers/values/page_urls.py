"""Whole addresses of pages, for messages, links to share, and what other servers get."""

from django.conf import settings
from django.urls import reverse


def page_url(name: str, *arguments: object) -> str:
    """The address, with the host, of the page with this URL name."""
    return absolute(reverse(name, args=arguments))


def absolute(path: str) -> str:
    """The address, with the host, of a path of this install."""
    return f"{settings.SITE_URL}{path}"
