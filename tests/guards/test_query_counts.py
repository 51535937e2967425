"""A list costs the same number of queries with three rows as with one."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from centers.models import Role
from tests.factories import ResellerFactory, member
from tests.guards.addresses import all_addresses
from tests.guards.rows import TenantRows
from tests.people import sign_in

FIRST = 800_001
#: Every page and part that is opened without the id of one row: the lists, and the home pages made of them.
LISTS = [
    address for address in all_addresses() if address.takes in (("slug",), ("center_id",), ("slug", "fmt"))
]


def queries(client: Client, url: str) -> list[str]:
    """The SQL of one GET."""
    with CaptureQueriesContext(
        connection,
    ) as seen:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)  # type: ignore[arg-type]
    return [query["sql"] for query in seen.captured_queries]


@pytest.mark.django_db
@pytest.mark.parametrize("audience", ["staff", "portal"])
def test_three_rows_cost_what_one_row_costs(audience: str) -> None:
    rows = TenantRows(ResellerFactory(), first_pk=FIRST)
    known = {"slug": rows.reseller.slug, "center_id": rows.center.pk, "fmt": "csv"}
    place = {"staff": (Role.OWNER, None), "portal": (Role.CENTER_ADMIN, rows.center)}
    client = sign_in(Client(), member(rows.reseller, *place[audience]))
    urls = {
        str(address): reverse(address.name, kwargs={name: known[name] for name in address.takes})
        for address in LISTS
        if address.audience == audience
    }
    # What is written once in a while, such as when a session was last seen, would count on some page of a slow machine.
    with time_machine.travel(datetime.now(UTC), tick=False):
        before = transaction.savepoint()
        add_two(rows)
        three = counts(client, urls)
        transaction.savepoint_rollback(before)
        one = counts(client, urls)
        # The first time some pages also filled what a process keeps, so those are counted once more.
        add_two(rows)
        three |= counts(client, {name: url for name, url in urls.items() if one[name] != three[name]})
    assert three == one


def add_two(rows: TenantRows) -> None:
    center, instance = rows.center, rows.instance
    rows.add(FIRST + 1)
    rows.add(FIRST + 2)
    rows.center, rows.instance = center, instance


def counts(client: Client, urls: dict[str, str]) -> dict[str, int]:
    """How many queries each page costs."""
    return {name: len(queries(client, url)) for name, url in urls.items()}
