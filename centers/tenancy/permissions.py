"""Which role may do what. Views and templates ask for a permission, never for a role."""

from enum import StrEnum

from centers.models.tenancy import Role


class Permission(StrEnum):
    """Something a person may do for a reseller (staff) or for one center (portal)."""

    VIEW = "view"  # home, board, centers, alerts
    MANAGE_CENTERS = "manage_centers"  # add, edit, archive, import centers and instances
    PAIR = "pair"
    SWITCH_SERVICE = "switch_service"  # enable and disable a number manually
    MANAGE_ALERTS = "manage_alerts"
    VIEW_JOBS = "view_jobs"
    RUN_JOBS = "run_jobs"
    VIEW_INVOICES = "view_invoices"  # resale amounts only
    VIEW_COSTS = "view_costs"  # cost, margin, profit
    MANAGE_PRICES = "manage_prices"
    ISSUE_INVOICES = "issue_invoices"
    RECORD_PAYMENTS = "record_payments"
    MANAGE_DUNNING = "manage_dunning"  # holds, vetoes, policy of a center, releasing the safety stop
    MANAGE_CENTER_PEOPLE = "manage_center_people"
    MANAGE_TEAM = "manage_team"
    MANAGE_SETTINGS = "manage_settings"
    VIEW_AUDIT = "view_audit"
    PORTAL_VIEW = "portal_view"
    PORTAL_PAIR = "portal_pair"
    PORTAL_WEBHOOK = "portal_webhook"


P = Permission
_SUPPORT = {
    P.VIEW,
    P.MANAGE_CENTERS,
    P.PAIR,
    P.SWITCH_SERVICE,
    P.MANAGE_ALERTS,
    P.VIEW_JOBS,
    P.RUN_JOBS,
    P.VIEW_INVOICES,
    P.MANAGE_CENTER_PEOPLE,
}
_BILLING = {
    P.VIEW,
    P.VIEW_JOBS,
    P.RUN_JOBS,
    P.VIEW_INVOICES,
    P.VIEW_COSTS,
    P.MANAGE_PRICES,
    P.ISSUE_INVOICES,
    P.RECORD_PAYMENTS,
    P.MANAGE_DUNNING,
    P.VIEW_AUDIT,
}
_PORTAL_VIEWER = {P.PORTAL_VIEW}
_PORTAL = _PORTAL_VIEWER | {P.PORTAL_PAIR, P.PORTAL_WEBHOOK}

GRANTS: dict[str, frozenset[Permission]] = {
    Role.OWNER: frozenset(set(Permission) - _PORTAL),
    Role.BILLING: frozenset(_BILLING),
    Role.SUPPORT: frozenset(_SUPPORT),
    Role.CENTER_ADMIN: frozenset(_PORTAL),
    Role.CENTER_VIEWER: frozenset(_PORTAL_VIEWER),
}


def may(role: str, permission: Permission) -> bool:
    """Whether `role` holds `permission`; an unknown role holds nothing."""
    return permission in GRANTS.get(role, frozenset())
