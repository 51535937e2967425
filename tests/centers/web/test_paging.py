"""Keyset paging walks every list once, in order, forwards and back, whatever is typed into the address."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from centers.web.paging import Page, keyset, numbered
from tests.factories import CenterFactory, InstanceFactory, ResellerFactory
from whatsapp.models import Instance

pytestmark = pytest.mark.django_db
ORDERS = {
    "name": ("name", "pk"),
    "seen": ("last_seen", "pk"),
    "center": ("center__name", "-pk"),
    "place": ("center__name", "center__country_id", "pk"),
    "state": ("connection", "last_seen", "pk"),
    "two": ("last_seen", "check_failed_at", "pk"),
    "shown": ("state", "state_since", "pk"),
    "mixed": ("-connection", "last_seen", "-pk"),
}


@pytest.fixture
def reseller() -> Reseller:
    made: Reseller = ResellerFactory()
    return made


def page(reseller: Reseller, query: str, *, size: int = 2, default: str = "seen") -> Page[Instance]:
    with tenant(reseller):
        rows = Instance.objects.select_related("center")
        return keyset(rows, QueryDict(query), orders=ORDERS, default=default, size=size)


def walk(reseller: Reseller, query: str, way: str = "next_url_query") -> list[int]:
    found: list[int] = []
    for _ in range(20):
        here = page(reseller, query)
        found += [row.pk for row in here.rows]
        query = getattr(here, way).removeprefix("?")
        if not query:
            return found
    raise AssertionError("The pages never end.")


@pytest.fixture
def numbers(reseller: Reseller) -> list[Instance]:
    """Seven numbers: some seen at the same moment, some never, in two centers."""
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    centers = [CenterFactory(reseller=reseller, name=name) for name in ("B", "A")]
    seen = [moment, None, moment + timedelta(hours=1), moment, None, moment - timedelta(days=1), None]
    return [
        InstanceFactory(
            center=centers[at % 2],
            reseller=reseller,
            last_seen=value,
            connection_since=value,
            connection=("connected", "expired", "connected")[at % 3],
            check_failed_at=moment if at % 3 else None,
        )
        for at, value in enumerate(seen)
    ]


@pytest.mark.parametrize("sort", [f"{sign}{name}" for name in ORDERS if name != "name" for sign in ("", "-")])
def test_every_row_comes_once_in_the_order_of_the_database(
    reseller: Reseller, numbers: list[Instance], sort: str
) -> None:
    order = ORDERS[sort.removeprefix("-")]
    if sort.startswith("-"):
        order = tuple(path[1:] if path.startswith("-") else f"-{path}" for path in order)
    with tenant(reseller):
        expected = list(Instance.objects.order_by(*order).values_list("pk", flat=True))
    assert walk(reseller, f"sort={sort}") == expected


def test_back_leads_over_the_same_pages(reseller: Reseller, numbers: list[Instance]) -> None:
    first = page(reseller, "q=x")
    second = page(reseller, first.next_url_query.removeprefix("?"))
    third = page(reseller, second.next_url_query.removeprefix("?"))
    assert page(reseller, third.prev_url_query.removeprefix("?")).rows == second.rows
    back = page(reseller, second.prev_url_query.removeprefix("?"))
    assert (back.rows, back.prev_url_query) == (first.rows, "")
    assert "q=x" in second.next_url_query
    assert first.prev_url_query == ""


def test_the_last_page_leads_nowhere_and_one_page_needs_no_links(
    reseller: Reseller, numbers: list[Instance]
) -> None:
    whole = page(reseller, "", size=7)
    assert (len(whole), whole.next_url_query, whole.prev_url_query) == (7, "", "")


def test_rows_that_vanish_leave_a_way_back(reseller: Reseller, numbers: list[Instance]) -> None:
    first = page(reseller, "q=x")
    with tenant(reseller):
        Instance.objects.exclude(pk__in=[row.pk for row in first.rows]).delete()
    empty = page(reseller, first.next_url_query.removeprefix("?"))
    assert (list(empty.rows), empty.prev_url_query) == ([], "?q=x")


@pytest.mark.parametrize(
    "bad", ["after=x", "after=%00", "before=W10:1abc:def", "sort=reseller__name", "sort=--seen"]
)
def test_an_address_that_is_not_ours_is_the_first_page(
    reseller: Reseller, numbers: list[Instance], bad: str
) -> None:
    assert page(reseller, bad).rows == page(reseller, "").rows


def test_a_place_belongs_to_its_order(reseller: Reseller, numbers: list[Instance]) -> None:
    after = QueryDict(page(reseller, "sort=seen").next_url_query.removeprefix("?"))["after"]
    query = QueryDict(mutable=True)
    query.update({"sort": "-seen", "after": after})
    assert page(reseller, query.urlencode()).rows == page(reseller, "sort=-seen").rows


@pytest.mark.parametrize(("sort", "queries"), [("place", 1), ("seen", 2)])
def test_a_page_costs_one_query_and_another_where_its_values_end(
    reseller: Reseller, numbers: list[Instance], django_assert_num_queries: object, sort: str, queries: int
) -> None:
    query = page(reseller, f"sort={sort}").next_url_query.removeprefix("?")
    with django_assert_num_queries(queries):  # type: ignore[operator]
        page(reseller, query)


def test_numbered_pages_show_the_first_one_in_place_of_one_that_is_not_there() -> None:
    rows = list(range(5))

    def shown(query: str) -> tuple[list[int], str, str]:
        here = numbered(lambda begin, count: rows[begin : begin + count], QueryDict(query), size=2)
        return list(here.rows), here.prev_url_query, here.next_url_query

    assert shown("month=2026-02") == ([0, 1], "", "?month=2026-02&page=2")
    assert shown("page=2") == ([2, 3], "?page=1", "?page=3")
    assert shown("page=3") == ([4], "?page=2", "")
    for query in ("page=4", "page=0", "page=-1", "page=x", "page=9999999", "page=²"):
        assert shown(query) == ([0, 1], "", "?page=2")


def test_a_plain_name_order(reseller: Reseller) -> None:
    made = [CenterFactory(reseller=reseller, name=name) for name in ("c", "a", "b")]
    with tenant(reseller):
        found = keyset(Center.objects.all(), QueryDict(""), orders={"name": ("name", "pk")}, default="name")
    assert list(found.rows) == [made[1], made[2], made[0]]
