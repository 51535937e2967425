"""Where this app's pages stand in the menus, and its parts of other apps' pages."""

from enum import Enum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers.tenancy.permissions import Permission
from centers.web.fragments import Fragment
from centers.web.navigation import Menu, Section


class Tabs(Enum):
    """The tabs above this app's own pages."""

    USAGE = "usage"
    PAYMENTS = "payments"
    INVOICES = "invoices"
    UNPAID = "unpaid"


SECTIONS = (
    Section(
        menu=Menu.MONEY,
        order=10,
        name="prices",
        label=_("Prices"),
        icon="tags",
        permission=Permission.VIEW_COSTS,
        within=("exchange-rates/",),
    ),
    Section(
        menu=Menu.MONEY,
        order=20,
        name="usage",
        label=_("Usage"),
        icon="chart-bar",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Menu.MONEY,
        order=30,
        name="invoices",
        label=_("Invoices"),
        icon="file-invoice",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Menu.MONEY,
        order=40,
        name="payments",
        label=_("Payments"),
        icon="cash",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Menu.MONEY,
        order=50,
        name="unpaid",
        label=_("Unpaid"),
        icon="hourglass",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Menu.CHOSEN_CENTERS,
        order=10,
        name="chosen_charge",
        label=_("Add charge"),
        icon="cash",
        permission=Permission.MANAGE_PRICES,
    ),
    Section(
        menu=Menu.CHOSEN_CENTERS,
        order=20,
        name="chosen_discount",
        label=_("Add discount"),
        icon="discount",
        permission=Permission.MANAGE_PRICES,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=30,
        name="settings_billing",
        label=_("Billing"),
        icon="file-invoice",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=31,
        name="settings_tax",
        label=_("Tax"),
        icon="percentage",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=32,
        name="settings_payments",
        label=_("Payments"),
        icon="credit-card",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=33,
        name="settings_documents",
        label=_("Documents"),
        icon="file-text",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.SETTINGS,
        order=34,
        name="settings_accounts",
        label=_("Accounts"),
        icon="list-numbers",
        permission=Permission.MANAGE_SETTINGS,
    ),
    Section(
        menu=Menu.PORTAL,
        order=20,
        name="portal_prices",
        label=_("Prices"),
        icon="tags",
        permission=Permission.PORTAL_VIEW,
    ),
    Section(
        menu=Menu.PORTAL,
        order=30,
        name="portal_usage",
        label=_("Usage"),
        icon="chart-bar",
        permission=Permission.PORTAL_VIEW,
    ),
    Section(
        menu=Menu.PORTAL,
        order=40,
        name="portal_invoices",
        label=_("Invoices"),
        icon="file-invoice",
        permission=Permission.PORTAL_VIEW,
        within=("statement/",),
    ),
    Section(  # a tab alone would be no choice: who may not see the others does not see this one
        menu=Tabs.USAGE,
        order=10,
        name="usage",
        label=_("Usage"),
        icon="chart-bar",
        permission=Permission.VIEW_COSTS,
    ),
    Section(
        menu=Tabs.USAGE,
        order=20,
        name="reconciliation",
        label=_("Reconciliation"),
        icon="scale",
        permission=Permission.VIEW_COSTS,
    ),
    Section(
        menu=Tabs.USAGE,
        order=30,
        name="profit",
        label=_("Profit"),
        icon="trending-up",
        permission=Permission.VIEW_COSTS,
        query="?by=month",
    ),
    Section(
        menu=Tabs.INVOICES,
        order=10,
        name="invoices",
        label=_("Invoices"),
        icon="file-invoice",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.INVOICES,
        order=20,
        name="tax_report",
        label=_("Tax report"),
        icon="percentage",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.INVOICES,
        order=30,
        name="journal",
        label=_("Journal"),
        icon="book-2",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.PAYMENTS,
        order=10,
        name="payments",
        label=_("Payments"),
        icon="cash",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.PAYMENTS,
        order=20,
        name="credit_list",
        label=_("Credit"),
        icon="pig-money",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.PAYMENTS,
        order=30,
        name="flagged_payments",
        label=_("To check"),
        icon="flag",
        permission=Permission.RECORD_PAYMENTS,
        within=("payments/reported/",),
    ),
    Section(
        menu=Tabs.PAYMENTS,
        order=40,
        name="bank_statements",
        label=_("Bank statements"),
        icon="building-bank",
        permission=Permission.RECORD_PAYMENTS,
    ),
    Section(
        menu=Tabs.UNPAID,
        order=10,
        name="unpaid",
        label=_("Unpaid"),
        icon="hourglass",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.UNPAID,
        order=20,
        name="aging",
        label=_("Aging"),
        icon="calendar-time",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.UNPAID,
        order=30,
        name="cash_forecast",
        label=_("Cash forecast"),
        icon="calendar-dollar",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.UNPAID,
        order=40,
        name="written_off",
        label=_("Written off"),
        icon="eraser",
        permission=Permission.VIEW_INVOICES,
    ),
    Section(
        menu=Tabs.PAYMENTS,
        order=50,
        name="credit_limits",
        label=_("Credit limits"),
        icon="gauge",
        permission=Permission.VIEW_INVOICES,
    ),
)
FRAGMENTS = (
    Fragment(place="home.narrow", order=10, name="home_quota"),
    Fragment(place="home.narrow", order=20, name="home_money"),
    Fragment(place="center.side", order=10, name="center_balance"),
    Fragment(place="center.tabs", order=10, name="center_usage", label=_("Usage"), icon="chart-bar"),
    Fragment(place="center.tabs", order=20, name="center_prices", label=_("Prices"), icon="tags"),
    Fragment(
        place="center.tabs",
        order=25,
        name="center_charges",
        label=pgettext_lazy("entered by staff", "Charges"),
        icon="cash",
    ),
    Fragment(place="center.tabs", order=30, name="center_invoices", label=_("Invoices"), icon="file-invoice"),
    Fragment(place="number", order=10, name="instance_usage"),
    Fragment(place="portal.main", order=10, name="portal_balance"),
)
