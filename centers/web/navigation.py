"""The menus of the staff pages and of a center's portal; each app registers its own sections."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Membership, Reseller
from centers.tenancy.permissions import Permission


class Menu(Enum):
    """A list of sections. The groups of the staff's sidebar are in order.

    An app with tabs of its own has an Enum of its own for them.
    """

    NUMBERS = "numbers"
    MONEY = "money"
    OPERATIONS = "operations"
    SETTINGS = "settings"
    CENTERS = "centers"  # the buttons above the list of centers
    CHOSEN_CENTERS = (
        "chosen_centers"  # what can be done for centers that are ticked in a list: posts of `center`
    )
    PORTAL = "portal"


SIDEBAR = {Menu.NUMBERS: _("Numbers"), Menu.MONEY: _("Money"), Menu.OPERATIONS: _("Operations")}


@dataclass(frozen=True, kw_only=True)
class Section:
    """An entry of a menu, registered by the app that has the page.

    `name` is the name of its address, whose one argument is the reseller's slug (portal: the center's id). `within`
    are further paths (below the tenant's) that belong to it, `query` what the link adds to the address. `badge` is the
    name of the address of a count beside the label, fetched again at hints on `badge_topics`.
    """

    menu: Enum
    order: int
    name: str
    label: Promise | str
    icon: str
    permission: Permission
    within: tuple[str, ...] = ()
    query: str = ""
    badge: str = ""
    badge_topics: str = ""


@dataclass(frozen=True)
class Link:
    """A section as one person sees it on one page."""

    section: Section
    path: str
    current: bool
    badge_url: str = ""

    @property
    def url(self) -> str:
        """The address with its query."""
        return self.path + self.section.query


_sections: list[Section] = []
_within: defaultdict[str, set[str]] = defaultdict(set)


def register_sections(*sections: Section) -> None:
    """Add entries; called from the ready() of the app that has their pages."""
    _sections.extend(sections)


def register_within(name: str, *paths: str) -> None:
    """Let pages of another app (paths below the tenant's) belong to the section `name`."""
    _within[name].update(paths)


def sections_of(menu: Enum) -> list[Section]:
    """The entries of one menu, in order."""
    return sorted((one for one in _sections if one.menu is menu), key=lambda section: section.order)


@dataclass(frozen=True)
class Sidebar:
    """The groups of links, each with its title; those with equal keys look the same in one language."""

    groups: list[tuple[str, list[Link]]]

    @property
    def key(self) -> str:
        """What tells one sidebar from another: its links, and which of them is the page's."""
        return "|".join(
            f"{link.path}{'*' if link.current else ''}" for _title, links in self.groups for link in links
        )


def sidebar_links(request: HttpRequest, reseller: Reseller, permissions: Iterable[Permission]) -> Sidebar:
    """The groups of the sidebar with what `permissions` allow; empty groups are left out."""
    root = f"/r/{reseller.slug}/"
    groups = (
        (str(title), _links(request, menu, permissions, root, reseller.slug))
        for menu, title in SIDEBAR.items()
    )
    return Sidebar([(title, links) for title, links in groups if links])


def tab_links(
    request: HttpRequest, menu: str, reseller: Reseller, permissions: Iterable[Permission]
) -> list[Link]:
    """The tabs of a page, by the value of their menu; the one with the longest address that fits is the current one.

    Raises LookupError for a menu without sections: a misspelt one would show no tab to anyone.
    """
    found = next((section.menu for section in _sections if section.menu.value == menu), None)
    if found is None:
        raise LookupError(f"No app has registered a tab of “{menu}”.")
    links = _links(request, found, permissions, f"/r/{reseller.slug}/", reseller.slug)
    here = max((link for link in links if link.current), key=lambda link: len(link.path), default=None)
    return [replace(link, current=link is here) for link in links]


def center_links(request: HttpRequest, reseller: Reseller, permissions: Iterable[Permission]) -> list[Link]:
    """What else there is to do above the list of centers."""
    return _links(request, Menu.CENTERS, permissions, f"/r/{reseller.slug}/", reseller.slug)


def chosen_links(request: HttpRequest, reseller: Reseller, permissions: Iterable[Permission]) -> list[Link]:
    """What can be done for the centers that are ticked in the list."""
    return _links(request, Menu.CHOSEN_CENTERS, permissions, f"/r/{reseller.slug}/", reseller.slug)


def portal_links(request: HttpRequest, center: Center, permissions: Iterable[Permission]) -> list[Link]:
    """The sections of one center's portal."""
    return _links(request, Menu.PORTAL, permissions, f"/c/{center.pk}/", center.pk)


def places(request: HttpRequest) -> list[Membership]:
    """All memberships of the signed-in person, for the switcher."""
    if not request.user.is_authenticated:
        return []
    here: Membership | None = getattr(request, "membership", None)
    if here is not None and not getattr(here, "has_others", True):
        return [here]
    memberships = Membership.objects.filter(user=request.user, center__archived_at__isnull=True)
    shown = ("role", "user", "reseller__name", "reseller__slug", "center__name", "center__reseller")
    return list(memberships.select_related("reseller", "center").only(*shown))


def _links(
    request: HttpRequest, menu: Enum, permissions: Iterable[Permission], root: str, tenant: str | int
) -> list[Link]:
    held = frozenset(permissions)
    links = []
    for section in sections_of(menu):
        if section.permission in held:
            url = _url(section.name, tenant)
            badge_url = _url(section.badge, tenant) if section.badge else ""
            links.append(Link(section, url, _is_here(request.path, url, root, section), badge_url))
    return links


@lru_cache(maxsize=10_000)  # a page has some twenty of them, the same on every page of a tenant
def _url(name: str, tenant: str | int) -> str:
    return reverse(name, args=[tenant])


def _is_here(path: str, url: str, root: str, section: Section) -> bool:
    within = tuple(root + place for place in {*section.within, *_within[section.name]})
    return path == url or path.startswith(within if url == root else (url, *within))
