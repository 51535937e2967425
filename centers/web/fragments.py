"""Parts of a page that other rooms answer: known by URL name, shown to whoever may see them."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, resolve, reverse

from centers.tenancy.access import TenantRequest


@dataclass(frozen=True)
class Fragment:
    """A part to be loaded into the page."""

    name: str
    url: str


def allowed(request: TenantRequest, names: tuple[str, ...], *args: object) -> list[Fragment]:
    """Those of `names` that exist and whose door lets this person in, so that no part answers 403."""
    found = []
    for name in names:
        try:
            url = reverse(name, args=args)
        except NoReverseMatch:
            continue
        if getattr(resolve(url).func, "permission", None) in request.permissions:
            found.append(Fragment(name, url))
    return found
