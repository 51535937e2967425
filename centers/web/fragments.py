"""Parts of a page that are loaded into it, each registered by the app that serves it."""

from dataclasses import dataclass

from django.urls import resolve, reverse
from django.utils.functional import Promise

from centers.tenancy.access import TenantRequest


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A part of the page at `place`.

    `name` is the name of its address, which takes the arguments of the page's own. Places: home.wide, home.narrow,
    center.main, center.tabs, center.side, center.end, number, jobs, portal.main and portal.end. `label` and `icon`
    are a tab's.
    """

    place: str
    order: int
    name: str
    label: str | Promise = ""
    icon: str = ""


@dataclass(frozen=True)
class Part:
    """A fragment as one person's page loads it."""

    name: str
    url: str
    label: str | Promise
    icon: str


_fragments: list[Fragment] = []


def register_fragments(*fragments: Fragment) -> None:
    """Add parts; called from the ready() of the app that serves them."""
    _fragments.extend(fragments)


def parts_of(request: TenantRequest, place: str, *args: object) -> list[Part]:
    """The parts at `place` that this person may see, in order, so that none answers 403."""
    parts = []
    for one in sorted((one for one in _fragments if one.place == place), key=lambda one: one.order):
        url = reverse(one.name, args=args)
        if getattr(resolve(url).func, "permission", None) in request.permissions:
            parts.append(Part(one.name, url, one.label, one.icon))
    return parts
