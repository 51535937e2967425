"""Cost, margin and profit stay with those who may see them: the same number is every cost and every margin there is."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.test import Client

from centers.models import Role
from centers.models.tenancy import CENTER_ROLES
from centers.tenancy.permissions import GRANTS, Permission, may
from tests.billing.views.test_costs import SPELLINGS, _texts
from tests.factories import ResellerFactory
from tests.guards.addresses import all_addresses
from tests.guards.rows import TenantRows
from tests.guards.test_url_access import signed_in, url_of
from tests.thorough import THOROUGH

MINE = 800_001
CANARY, PERCENT = Decimal("91827.36"), Decimal("9182.736")  # a percentage has a limit
#: Pages on which staff look costs up.
SHOWS = {"prices", "center_prices"}
COSTS = {"cost", "unit_cost", "percent", "fixed", "margin_percent", "margin_fixed", "profit"}


class Costly(TenantRows):
    """Rows in which every cost and every margin is the canary."""

    def _value(self, field: Any) -> Any:
        if isinstance(field, models.DecimalField) and field.name in COSTS:
            return PERCENT if "percent" in field.name else CANARY
        return super()._value(field)


def found_in(client: Client, url: str) -> list[str]:
    """The spellings of the canary in all that is answered."""
    response = client.get(url)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    texts = [*_texts(body), str(response.headers), str(response.cookies)]
    return [spelling for spelling in (*SPELLINGS, "9182.7", "9,182.7") for text in texts if spelling in text]


@pytest.mark.django_db
def test_no_page_shows_a_cost_to_whom_it_does_not_concern() -> None:
    rows = Costly(ResellerFactory(), first_pk=MINE)
    assert rows.missing == {}
    blind = [role for role in Role if not may(role, Permission.VIEW_COSTS)]
    assert set(blind) == {Role.SUPPORT, Role.CENTER_ADMIN, Role.CENTER_VIEWER}
    leaks, opened = [], 0
    for role in blind:
        client = signed_in(rows, role)
        for address in all_addresses():
            if getattr(address.view, "permission", None) not in GRANTS[role]:
                continue
            # A viewer's pages are an admin's, too: they take turns, and with MARKAZ_THOROUGH both open all.
            other = Role.CENTER_ADMIN if role == Role.CENTER_VIEWER else Role.CENTER_VIEWER
            shared = role in CENTER_ROLES and address.view.permission in GRANTS[other]
            if shared and not THOROUGH and role != CENTER_ROLES[len(address.name) % 2]:
                continue
            for fmt in ("csv", "xlsx") if "fmt" in address.takes else ("",):
                url = url_of(address, rows, MINE).replace("/csv/", f"/{fmt}/")
                opened += 1
                leaks += [f"{role} {url}: {spelling}" for spelling in found_in(client, url)]
    assert leaks == []
    assert opened > 60


@pytest.mark.django_db
def test_the_same_search_finds_the_cost_where_it_may_be_seen() -> None:
    rows = Costly(ResellerFactory(), first_pk=MINE)
    owner = signed_in(rows, Role.OWNER)
    seen = [
        str(address)
        for address in all_addresses()
        if getattr(address.view, "permission", None) == Permission.VIEW_COSTS
        and (THOROUGH or str(address) in SHOWS)
        and found_in(owner, url_of(address, rows, MINE))
    ]
    assert set(seen) >= SHOWS
