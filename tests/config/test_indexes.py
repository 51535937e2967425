"""No index repeats the beginning of another one: each costs every write, and answers nothing more."""

import pytest
from django.apps import apps
from django.db import connection

APPS = ("centers", "whatsapp", "billing")
_REDUNDANT = """
SELECT t.relname, a.relname, b.relname
FROM pg_index x
JOIN pg_class a ON a.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_index y ON y.indrelid = x.indrelid AND y.indexrelid <> x.indexrelid
JOIN pg_class b ON b.oid = y.indexrelid AND b.relam = a.relam
JOIN pg_am m ON m.oid = a.relam AND m.amname = 'btree'
WHERE t.relname = ANY(%s) AND NOT x.indisunique
  AND x.indpred IS NULL AND x.indexprs IS NULL AND y.indexprs IS NULL
  AND (y.indpred IS NULL OR pg_get_expr(y.indpred, y.indrelid)
       = '(' || pg_get_indexdef(x.indexrelid, 1, true) || ' IS NOT NULL)')
  AND x.indnkeyatts <= y.indnkeyatts
  AND (y.indkey::int2[])[0:x.indnkeyatts - 1] = (x.indkey::int2[])[0:x.indnkeyatts - 1]
  AND (y.indclass::oid[])[0:x.indnkeyatts - 1] = (x.indclass::oid[])[0:x.indnkeyatts - 1]
  AND (y.indoption::int2[])[0:x.indnkeyatts - 1] = (x.indoption::int2[])[0:x.indnkeyatts - 1]
ORDER BY 1, 2, 3
"""


def redundant(tables: list[str]) -> list[tuple[str, ...]]:
    """(table, index, the index that begins with its columns).

    That one may leave out rows in which the first column is empty: a value to look for is never empty.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REDUNDANT, [tables])
        return cursor.fetchall()


@pytest.mark.django_db
def test_no_index_is_the_beginning_of_another() -> None:
    tables = [model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()]
    assert redundant(tables) == []


@pytest.mark.django_db
def test_the_guard_finds_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE probe (a int, b int, UNIQUE (a, b))")
        cursor.execute("CREATE INDEX probe_a ON probe (a)")
        cursor.execute("CREATE INDEX probe_b ON probe (b)")
        cursor.execute("CREATE INDEX probe_some ON probe (a) WHERE b > 0")
        cursor.execute("CREATE UNIQUE INDEX probe_given ON probe (b, a) WHERE b IS NOT NULL")
    assert redundant(["probe"]) == [
        ("probe", "probe_a", "probe_a_b_key"),
        ("probe", "probe_b", "probe_given"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("app", ["centers", "whatsapp", "billing"])
def test_every_constraint_and_index_of_the_models_exists(app: str) -> None:
    """A migration can drop one by accident: Django does it to a unique index of a column that loses its own index."""
    missing = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config(app).get_models():
            there = set(connection.introspection.get_constraints(cursor, model._meta.db_table))
            named = [*model._meta.constraints, *model._meta.indexes]
            missing += [f"{model._meta.label}: {one.name}" for one in named if one.name not in there]
    assert missing == []
