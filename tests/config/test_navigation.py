"""The menus that the apps register together: each role sees what it may open, in the same order on every page."""

import pytest
from django.test import RequestFactory

from centers.models import Center, Reseller
from centers.tenancy.permissions import GRANTS
from centers.web.navigation import center_links, portal_links, sidebar_links, tab_links

NOOR = Reseller(pk=1, name="Noor", slug="noor")


def sidebar(role: str, path: str = "/r/noor/") -> dict[str, list[str]]:
    groups = sidebar_links(RequestFactory().get(path), NOOR, GRANTS[role]).groups
    return {title: [str(link.section.label) for link in links] for title, links in groups}


def test_the_owner_sees_every_section_in_order() -> None:
    assert sidebar("owner") == {
        "Numbers": ["Home", "Board", "Centers", "Alerts", "Maintenance", "Uptime"],
        "Money": ["Prices", "Usage", "Invoices", "Payments", "Unpaid"],
        "Operations": ["Jobs", "Notifications", "Team", "Audit log", "Settings"],
    }


def test_roles_see_what_they_may_open() -> None:
    assert sidebar("support") == {
        "Numbers": ["Home", "Board", "Centers", "Alerts", "Maintenance", "Uptime"],
        "Money": ["Usage", "Invoices", "Payments", "Unpaid"],
        "Operations": ["Jobs", "Notifications"],
    }
    assert sidebar("billing") == {
        "Numbers": ["Home", "Board", "Centers", "Alerts", "Maintenance", "Uptime"],
        "Money": ["Prices", "Usage", "Invoices", "Payments", "Unpaid"],
        "Operations": ["Jobs", "Notifications", "Audit log"],
    }
    assert sidebar("center_admin") == {}


def test_the_portal_shows_its_sections_in_order() -> None:
    links = portal_links(RequestFactory().get("/c/4/numbers/7/"), Center(pk=4), GRANTS["center_viewer"])
    assert [(link.section.label, link.url, link.current) for link in links] == [
        ("My numbers", "/c/4/", True),
        ("Prices", "/c/4/prices/", False),
        ("Usage", "/c/4/usage/", False),
        ("Invoices", "/c/4/invoices/", False),
    ]


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/r/noor/settings/", "General"),
        ("/r/noor/settings/mazbot/", "MazBot account"),
        ("/r/noor/settings/mazbot/test/", "MazBot account"),
        ("/r/noor/settings/security/", "Security"),
    ],
)
def test_the_settings_have_one_current_tab(path: str, here: str) -> None:
    links = tab_links(RequestFactory().get(path), "settings", NOOR, GRANTS["owner"])
    labels = [str(link.section.label) for link in links]
    assert labels == [
        "General", "MazBot account", "WhatsApp messages", "Billing", "Tax", "Payments", "Documents", "Accounts",
        "Branding", "Email", "Notifications", "Texts", "Security",
    ]  # fmt: skip
    assert [str(link.section.label) for link in links if link.current] == [here]
    assert tab_links(RequestFactory().get(path), "settings", NOOR, GRANTS["billing"]) == []


def test_a_statement_belongs_to_the_invoices_of_the_portal() -> None:
    links = portal_links(RequestFactory().get("/c/4/statement/"), Center(pk=4), GRANTS["center_viewer"])
    assert [str(link.section.label) for link in links if link.current] == ["Invoices"]


def tabs(role: str, menu: str, path: str) -> list[tuple[str, str, bool]]:
    links = tab_links(RequestFactory().get(path), menu, NOOR, GRANTS[role])
    return [(str(link.section.label), link.url, link.current) for link in links]


@pytest.mark.parametrize("here", ["usage", "usage/reconciliation", "usage/profit"])
def test_who_sees_costs_has_tabs_above_usage_and_others_have_none(here: str) -> None:
    path = f"/r/noor/{here}/"
    expected = [
        ("Usage", "/r/noor/usage/", here == "usage"),
        ("Reconciliation", "/r/noor/usage/reconciliation/", here == "usage/reconciliation"),
        ("Profit", "/r/noor/usage/profit/?by=month", here == "usage/profit"),
    ]
    assert tabs("owner", "usage", path) == tabs("billing", "usage", path) == expected
    assert tabs("support", "usage", path) == []


@pytest.mark.parametrize("role", ["owner", "billing", "support"])
def test_payments_and_credit_are_tabs_of_one_another(role: str) -> None:
    assert tabs(role, "payments", "/r/noor/payments/credit/") == [
        ("Payments", "/r/noor/payments/", False),
        ("Credit", "/r/noor/payments/credit/", True),
        *(
            [
                ("To check", "/r/noor/payments/flagged/", False),
                ("Bank statements", "/r/noor/payments/bank/", False),
            ]
            if role != "support"
            else []
        ),
        ("Credit limits", "/r/noor/payments/limits/", False),
    ]


@pytest.mark.parametrize("role", ["owner", "billing", "support"])
def test_invoices_and_their_taxes_are_tabs_of_one_another(role: str) -> None:
    assert tabs(role, "invoices", "/r/noor/invoices/tax/") == [
        ("Invoices", "/r/noor/invoices/", False),
        ("Tax report", "/r/noor/invoices/tax/", True),
        ("Journal", "/r/noor/invoices/journal/", False),
    ]


@pytest.mark.parametrize("role", ["owner", "billing", "support"])
def test_what_is_unpaid_has_its_reports_as_tabs(role: str) -> None:
    assert tabs(role, "unpaid", "/r/noor/unpaid/aging/") == [
        ("Unpaid", "/r/noor/unpaid/", False),
        ("Aging", "/r/noor/unpaid/aging/", True),
        ("Cash forecast", "/r/noor/unpaid/forecast/", False),
        ("Written off", "/r/noor/unpaid/written-off/", False),
    ]


def test_tabs_that_no_app_has_registered_are_an_error() -> None:
    with pytest.raises(LookupError, match="paymets"):
        tabs("owner", "paymets", "/r/noor/payments/")


def test_who_may_manage_centers_may_import_them() -> None:
    request = RequestFactory().get("/r/noor/centers/")
    assert [link.url for link in center_links(request, NOOR, GRANTS["owner"])] == ["/r/noor/import/"]
    assert center_links(request, NOOR, GRANTS["center_admin"]) == []


def test_alerts_have_a_count_beside_them() -> None:
    groups = sidebar_links(RequestFactory().get("/r/noor/"), NOOR, GRANTS["owner"]).groups
    badges = {link.section.name: link.badge_url for _, links in groups for link in links if link.badge_url}
    assert badges == {"alerts": "/r/noor/alerts/badge/"}


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/r/noor/", "staff_home"),
        ("/r/noor/centers/5/", "center_list"),
        ("/r/noor/instances/5/pair/", "board"),
        ("/r/noor/settings/mazbot/", "settings"),
        ("/r/noor/search/", None),
    ],
)
def test_one_section_at_most_is_the_current_one(path: str, here: str | None) -> None:
    groups = sidebar_links(RequestFactory().get(path), NOOR, GRANTS["owner"]).groups
    current = [link.section.name for _, links in groups for link in links if link.current]
    assert current == ([here] if here else [])
