"""Every entry of the navigation leads somewhere, and each role sees what it may open."""

import pytest
from django.test import RequestFactory

from centers.models import Center, Reseller
from centers.tenancy.permissions import GRANTS
from centers.web.navigation import PORTAL, STAFF, portal_links, staff_links

NOOR = Reseller(pk=1, name="Noor", slug="noor")


def names(role: str) -> set[str]:
    groups = staff_links(RequestFactory().get("/r/noor/"), NOOR, GRANTS[role])
    return {link.name for _, links in groups for link in links}


def test_every_section_has_an_address() -> None:
    assert names("owner") == {section.name for _, sections in STAFF for section in sections}
    links = portal_links(RequestFactory().get("/c/4/"), Center(pk=4), GRANTS["center_viewer"])
    assert [link.name for link in links] == [section.name for section in PORTAL]


def test_roles_see_what_they_may_open() -> None:
    assert {"prices", "team", "settings", "audit"}.isdisjoint(names("support"))
    assert "prices" in names("billing")
    assert {"team", "settings"}.isdisjoint(names("billing"))


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
    groups = staff_links(RequestFactory().get(path), NOOR, GRANTS["owner"])
    current = [link.name for _, links in groups for link in links if link.current]
    assert current == ([here] if here else [])
