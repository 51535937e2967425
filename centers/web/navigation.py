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
    _forget()


def register_within(name: str, *paths: str) -> None:
    """Let pages of another app (paths below the tenant's) belong to the section `name`."""
    _within[name].update(paths)
    _forget()


def _forget() -> None:
    _entries.cache_clear()
    _sidebar.cache_clear()


def sections_of(menu: Enum) -> list[Section]:
    """The entries of one menu, in order."""
    return sorted((one for one in _sections if one.menu is menu), key=lambda section: section.order)


@dataclass(frozen=True, eq=False)
class Sidebar:
    """The groups of links, each with its title; one object for all who see the same, whatever their language."""

    groups: tuple[tuple[Promise | str, tuple[Link, ...]], ...]


def sidebar_links(request: HttpRequest, reseller: Reseller, permissions: Iterable[Permission]) -> Sidebar:
    """The groups of the sidebar with what `permissions` allow; empty groups are left out."""
    held, root, slug = frozenset(permissions), f"/r/{reseller.slug}/", reseller.slug
    current = frozenset(
        entry.section.name
        for menu in SIDEBAR
        for entry in _entries(menu, held, root, slug)
        if entry.is_open(request.path)
    )
    return _sidebar(held, root, slug, current)


@lru_cache(maxsize=10_000)
def _sidebar(held: frozenset[Permission], root: str, slug: str, current: frozenset[str]) -> Sidebar:
    groups = (
        (
            title,
            tuple(entry.link(entry.section.name in current) for entry in _entries(menu, held, root, slug)),
        )
        for menu, title in SIDEBAR.items()
    )
    return Sidebar(tuple((title, links) for title, links in groups if links))


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
    entries = _entries(menu, frozenset(permissions), root, tenant)
    return [entry.link(entry.is_open(request.path)) for entry in entries]


@dataclass(frozen=True)
class _Entry:
    """A section in one tenant; `within` are the beginnings of the paths that belong to it."""

    section: Section
    path: str
    badge_url: str
    within: tuple[str, ...]

    def is_open(self, path: str) -> bool:
        return path == self.path or path.startswith(self.within)

    def link(self, current: bool) -> Link:
        return Link(self.section, self.path, current, self.badge_url)


@lru_cache(maxsize=10_000)
def _entries(menu: Enum, held: frozenset[Permission], root: str, tenant: str | int) -> tuple[_Entry, ...]:
    """What `held` allows of a menu: the same on every page of a tenant."""
    return tuple(_entry(one, root, tenant) for one in sections_of(menu) if one.permission in held)


def _entry(section: Section, root: str, tenant: str | int) -> _Entry:
    url = reverse(section.name, args=[tenant])
    within = tuple(root + place for place in {*section.within, *_within[section.name]})
    badge_url = reverse(section.badge, args=[tenant]) if section.badge else ""
    return _Entry(section, url, badge_url, within if url == root else (url, *within))
