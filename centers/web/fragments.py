"""Fragments of a page that other apps serve: registered by URL name, shown to people who may see them."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, resolve, reverse

from centers.tenancy.access import TenantRequest


@dataclass(frozen=True)
class Fragment:
    """A fragment to be loaded into the page."""

    name: str
    url: str


def allowed(request: TenantRequest, names: tuple[str, ...], *args: object) -> list[Fragment]:
    """Those of `names` that exist and that this person may see, so no fragment answers 403."""
    fragments = []
    for name in names:
        try:
            url = reverse(name, args=args)
        except NoReverseMatch:
            continue
        if getattr(resolve(url).func, "permission", None) in request.permissions:
            fragments.append(Fragment(name, url))
    return fragments
