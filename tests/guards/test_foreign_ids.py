"""Ids of another tenant in the query of any page show nothing of it; those in forms: test_mass_assignment.py."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.guards.rows import TenantRows
from tests.guards.test_hostile_input import parameters, reachable
from tests.guards.test_mass_assignment import CANARY, MINE, NOW, THEIRS, browsers, two_tenants
from tests.guards.test_url_access import url_of


@pytest.fixture
def worlds(db: None) -> Iterator[tuple[TenantRows, TenantRows]]:
    with time_machine.travel(NOW, tick=False):
        theirs, mine = two_tenants()
        yield mine, theirs


def test_the_canary_is_seen_where_it_belongs(worlds: tuple[TenantRows, TenantRows]) -> None:
    _mine, theirs = worlds
    owner = browsers(theirs)["staff"]
    assert CANARY.search(owner.get(f"/r/{theirs.reseller.slug}/invoices/").content.decode())


def test_no_query_shows_another_tenants_rows(worlds: tuple[TenantRows, TenantRows]) -> None:
    mine, _theirs = worlds
    query = dict.fromkeys([*parameters(), "pk", "id", "instance", "reseller", "user"], str(THEIRS))
    wrong = []
    for client, address in reachable(mine):
        response = client.get(url_of(address, mine, MINE), query)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        if response.status_code >= 500 or CANARY.search(
            body.decode(errors="replace") + str(response.headers)
        ):
            wrong.append(f"{address}: {response.status_code}")
    assert wrong == []
