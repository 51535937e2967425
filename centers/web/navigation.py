"""Navigation: the sections of the staff pages and of a center's portal."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Membership, Reseller
from centers.tenancy.permissions import Permission


@dataclass(frozen=True)
class Section:
    """An entry of the navigation; `within` are further paths (below the tenant's) that belong to it."""

    name: str
    label: Promise | str
    icon: str
    permission: Permission
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A section as one person sees it on one page."""

    name: str
    label: str
    icon: str
    url: str
    current: bool


STAFF: tuple[tuple[Promise | str, tuple[Section, ...]], ...] = (
    (
        _("Numbers"),
        (
            Section("staff_home", _("Home"), "home", Permission.VIEW),
            Section("board", _("Board"), "layout-grid", Permission.VIEW, ("instances/",)),
            Section("center_list", _("Centers"), "building-store", Permission.VIEW, ("import/",)),
            Section("alerts", _("Alerts"), "bell", Permission.VIEW),
        ),
    ),
    (
        _("Money"),
        (
            Section("prices", _("Prices"), "tags", Permission.VIEW_COSTS, ("exchange-rates/",)),
            Section("usage", _("Usage"), "chart-bar", Permission.VIEW_INVOICES),
            Section("invoices", _("Invoices"), "file-invoice", Permission.VIEW_INVOICES),
            Section("payments", _("Payments"), "cash", Permission.VIEW_INVOICES),
            Section("unpaid", _("Unpaid"), "hourglass", Permission.VIEW_INVOICES),
        ),
    ),
    (
        _("Operations"),
        (
            Section("jobs", _("Jobs"), "list-check", Permission.VIEW_JOBS),
            Section("team", _("Team"), "users", Permission.MANAGE_TEAM),
            Section("audit", _("Audit log"), "history", Permission.VIEW_AUDIT),
            Section("settings", _("Settings"), "settings", Permission.MANAGE_SETTINGS),
        ),
    ),
)
PORTAL: tuple[Section, ...] = (
    Section("portal_home", _("My numbers"), "brand-whatsapp", Permission.PORTAL_VIEW, ("numbers/",)),
    Section("portal_prices", _("Prices"), "tags", Permission.PORTAL_VIEW),
    Section("portal_usage", _("Usage"), "chart-bar", Permission.PORTAL_VIEW),
    Section("portal_invoices", _("Invoices"), "file-invoice", Permission.PORTAL_VIEW),
)


def staff_links(
    request: HttpRequest, reseller: Reseller, permissions: Iterable[Permission]
) -> list[tuple[str, list[Link]]]:
    """The groups of the sidebar with what `permissions` allow; empty groups are left out."""
    root = f"/r/{reseller.slug}/"
    groups = (
        (str(title), _links(request, sections, permissions, root, reseller.slug)) for title, sections in STAFF
    )
    return [(title, links) for title, links in groups if links]


def portal_links(request: HttpRequest, center: Center, permissions: Iterable[Permission]) -> list[Link]:
    """The sections of one center's portal."""
    return _links(request, PORTAL, permissions, f"/c/{center.pk}/", center.pk)


def places(request: HttpRequest) -> list[Membership]:
    """All memberships of the signed-in person, for the switcher."""
    if not request.user.is_authenticated:
        return []
    memberships = Membership.objects.filter(user=request.user, center__archived_at__isnull=True)
    return list(memberships.select_related("reseller", "center").defer("reseller__logo"))


def _links(
    request: HttpRequest,
    sections: Iterable[Section],
    permissions: Iterable[Permission],
    root: str,
    tenant: str | int,
) -> list[Link]:
    held = frozenset(permissions)
    known = [(section, _address(section.name, tenant)) for section in sections if section.permission in held]
    return [
        Link(section.name, str(section.label), section.icon, url, _is_here(request.path, url, root, section))
        for section, url in known
        if url
    ]


def _address(name: str, tenant: str | int) -> str:
    try:
        return reverse(name, args=[tenant])
    except NoReverseMatch:
        return ""


def _is_here(path: str, url: str, root: str, section: Section) -> bool:
    if url == root:
        return path == root or any(path.startswith(root + place) for place in section.within)
    return path.startswith((url, *(root + place for place in section.within)))
