"""Where this app's pages stand in the menus, and its parts of other apps' pages."""

from django.utils.translation import gettext_lazy as _

from centers.tenancy.permissions import Permission
from centers.web.fragments import Fragment
from centers.web.navigation import Menu, Section

SECTIONS = (
    Section(
        menu=Menu.NUMBERS,
        order=20,
        name="board",
        label=_("Board"),
        icon="layout-grid",
        permission=Permission.VIEW,
        within=("instances/",),
    ),
    Section(
        menu=Menu.NUMBERS,
        order=40,
        name="alerts",
        label=_("Alerts"),
        icon="bell",
        permission=Permission.VIEW,
        badge="alert_badge",
        badge_topics="alerts instances",
    ),
    Section(
        menu=Menu.NUMBERS,
        order=45,
        name="maintenance",
        label=_("Maintenance"),
        icon="barrier-block",
        permission=Permission.VIEW,
    ),
    Section(
        menu=Menu.NUMBERS,
        order=50,
        name="uptime",
        label=_("Uptime"),
        icon="activity-heartbeat",
        permission=Permission.VIEW,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=20,
        name="settings_mazbot",
        label=_("MazBot account"),
        icon="plug",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=25,
        name="settings_whatsapp",
        label=_("WhatsApp messages"),
        icon="brand-whatsapp",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.CENTERS,
        order=10,
        name="import_centers",
        label=_("Import"),
        icon="file-import",
        permission=Permission.MANAGE_CENTERS,
    ),
)
#: Our pages that belong to a section of `centers`: name of the section -> their path below the tenant's.
WITHIN = {"center_list": "import/", "portal_home": "numbers/"}
FRAGMENTS = (
    Fragment(place="home.wide", order=10, name="home_connections"),
    Fragment(place="center.main", order=10, name="center_instances"),
    Fragment(place="center.side", order=5, name="center_maintenance"),
    Fragment(place="jobs", order=10, name="jobs_requests"),
    Fragment(place="number", order=20, name="instance_history"),
    Fragment(place="portal.main", order=20, name="portal_numbers"),
)
