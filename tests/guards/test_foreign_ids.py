"""Ids of another tenant, sent in the query of any page or in any field of any form, are ids that do not exist."""

import re
from collections.abc import Iterator

import pytest
import time_machine

from tests.factories import ResellerFactory
from tests.guards.rows import TenantRows, snapshot
from tests.guards.test_hostile_input import parameters, reachable
from tests.guards.test_mass_assignment import NOW, browsers, every_form, filled, outcome
from tests.guards.test_url_access import url_of

MINE, THEIRS, NO_ONES = 800_001, 900_001, 700_001
#: Every text of the other tenant's rows is a number above its id, so one of these on a page is a leak.
CANARY = re.compile(r"(?<!\d)9000(?!01)\d\d(?!\d)")


@pytest.fixture
def worlds(db: None) -> Iterator[tuple[TenantRows, TenantRows]]:
    with time_machine.travel(NOW, tick=False):
        theirs, mine = (TenantRows(ResellerFactory(), first_pk=pk) for pk in (THEIRS, MINE))
        center, instance = mine.center, mine.instance
        mine.add(MINE + 1)  # something to choose
        mine.center, mine.instance = center, instance
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


def test_no_field_takes_another_tenants_id(worlds: tuple[TenantRows, TenantRows]) -> None:
    mine, theirs = worlds
    before, tried = snapshot(theirs.reseller), 0
    for client, form in every_form(mine, browsers(mine)):
        data = filled(form, mine)
        ids = [name for name, value in form.values.items() if value[0] in (str(MINE), str(MINE + 1))]
        for name in ids:
            foreign, unknown = (outcome(client, form, {**data, name: str(pk)}) for pk in (THEIRS, NO_ONES))
            assert foreign == unknown, f"{form.target}: {name}"
            page = client.post(form.action, {**data, name: str(THEIRS)}).content.decode()
            assert not CANARY.search(page), f"{form.target}: {name}"
            tried += 1
    assert tried >= 3, "no field with an id was found"
    assert snapshot(theirs.reseller) == before
