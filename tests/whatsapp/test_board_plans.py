"""However many numbers there are, the board reads a page of them from an index."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from centers.web.paging import keyset, place_of
from tests.factories import CenterFactory, InstanceFactory, ResellerFactory
from whatsapp.views import board_search
from whatsapp.views.board_query import ORDERS, Filters, board_rows

pytestmark = pytest.mark.django_db
CENTERS, NUMBERS = 400, 4_000
#: Of each order, the index that a page in its middle is read from.
INDEXES = {
    "center": "center_reseller_name",
    "id": "instance_id_once_per_reseller",
    "connection": "instance_by_state",
    "since": "instance_by_since",
    "seen": "instance_by_seen",
    "checked": "instance_by_check",
    "service": "instance_by_service",
    "payment_status": "center_by_status",
}


@pytest.fixture
def reseller() -> Reseller:
    """Many numbers, copied by PostgreSQL from one row."""
    made: Reseller = ResellerFactory()
    center = CenterFactory(reseller=made, name="A", currency="USD")
    number = InstanceFactory(center=center, reseller=made, label="first")
    _copy(
        center,
        CENTERS,
        name="'Center ' || n",
        contact_name="'Person ' || n",
        payment_status="(ARRAY['clear', 'open', 'overdue'])[n % 3 + 1]",
    )
    pks = list(Center._base_manager.filter(reseller=made).values_list("pk", flat=True))
    _copy(
        number,
        NUMBERS,
        center_id=f"(ARRAY{pks})[n % {len(pks)} + 1]",
        instance_id="'copy-' || n * 7919 % 100003",
        label="'Number ' || n",
        whatsapp_number="'+9665' || n * 7919 % 100003",
        connection="(ARRAY['connected', 'connected', 'expired'])[n % 3 + 1]",
        connection_since="now() - n * 7919 % 4001 * interval '1 minute'",
        last_seen="CASE WHEN n % 9 > 0 THEN now() - n * 7919 % 4001 * interval '1 second' END",
        checked_at="now() - n * 7907 % 4001 * interval '1 second'",
        archived_at="CASE WHEN n % 50 = 0 THEN now() END",
    )
    with connection.cursor() as cursor:
        # As autovacuum does within a minute.
        for index in ("instance_label_trgm", "instance_id_trgm", "instance_number_trgm"):
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
        cursor.execute("ANALYZE whatsapp_instance, centers_center")
    return made


def _copy(row: Any, count: int, **expressions: str) -> None:
    names = [
        field.column for field in row._meta.concrete_fields if not (field.primary_key or field.generated)
    ]
    values = ", ".join(expressions.get(name, f"t.{name}") for name in names).replace("%", "%%")
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} t, generate_series(1, %s) n "
            "WHERE t.id = %s",
            [count, row.pk],
        )


def _plans(queries: CaptureQueriesContext) -> Iterator[str]:
    with connection.cursor() as cursor:
        for query in queries.captured_queries:
            cursor.execute("EXPLAIN " + query["sql"])
            yield "\n".join(line for (line,) in cursor.fetchall())


def test_a_page_of_each_order_is_read_from_its_index(reseller: Reseller) -> None:
    missing = {}
    for name, index in INDEXES.items():
        for place in ("first", "middle", "falling"):
            plan = _plan_of_page(reseller, name, place)
            if index not in plan or "Seq Scan on whatsapp_instance" in plan:
                missing[f"{name}, {place}"] = plan
    assert not missing, "\n\n".join(f"{name}\n{plan}" for name, plan in missing.items())
    assert set(INDEXES) == set(ORDERS)


def _plan_of_page(reseller: Reseller, name: str, place: str) -> str:
    query = QueryDict(mutable=True)
    query["sort"] = f"-{name}" if place == "falling" else name
    with tenant(reseller):
        rows = board_rows(Filters(), reseller)
        if place == "middle":
            query["after"] = place_of(rows.order_by(*ORDERS[name])[NUMBERS // 2], name, ORDERS[name])
        with CaptureQueriesContext(connection) as queries:
            keyset(rows, query, orders=ORDERS, default=name, size=50)
    return next(_plans(queries))


def test_a_search_reads_the_trigrams(reseller: Reseller) -> None:
    for text, index in (
        ("Number 123", "instance_label_trgm"),
        ("copy-7919", "instance_id_trgm"),
        ("96657919", "instance_number_trgm"),
        ("Person 77", "instance_by_center"),
    ):
        with tenant(reseller), CaptureQueriesContext(connection) as queries:
            assert list(board_rows(Filters(search=text), reseller)), text
        first = next(_plans(queries))
        assert index in first, first
        assert "Seq Scan on whatsapp_instance" not in first, first


def test_few_and_many_are_found_alike_and_of_this_reseller_alone(
    reseller: Reseller, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CenterFactory(reseller=ResellerFactory(), name="Center 1", contact_name="Person 77")
    theirs = InstanceFactory(center=other, reseller=other.reseller, label="Number 12", instance_id="copy-79")
    texts = ("Number 12", "copy-79", "9665791", "Person 77", "center 1", "x")
    few = [_found(reseller, text) for text in texts]
    monkeypatch.setattr(board_search, "FEW", 0)
    assert [_found(reseller, text) for text in texts] == few
    assert not any(theirs.pk in found for found in few)
    assert all(few[:-1])


def _found(reseller: Reseller, text: str) -> set[int]:
    with tenant(reseller):
        return set(board_rows(Filters(search=text), reseller).values_list("pk", flat=True))
