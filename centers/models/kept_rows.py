"""Rows of a list whose statement a process keeps: Django takes longer to write it than PostgreSQL to answer it."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.query import create_namedtuple_class  # type: ignore[attr-defined]
from django_scopes import get_scope

KEPT = 1_000  # statements, about 3 KB each


@dataclass(frozen=True, slots=True)
class KeptRows:
    """A list: `build` makes its query set, of `values_list(..., named=True)`, and depends only on `key` and the scope.

    The values of the key stand in the statement, so it must hold no moment: each would be one of its own.
    """

    key: Hashable
    build: Callable[[], QuerySet[Any]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeptRows) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def first(self, order: tuple[str, ...], limit: int) -> list[Any]:
        """The first `limit` rows in this order."""
        scope = tuple(sorted((name, value) for name, value in get_scope().items() if name != "_enabled"))
        statement = _statement(self, (get_scope().get("_enabled"), scope), order, limit)
        if statement is None:
            return []
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params)
            rows = cursor.fetchall()
        return list(map(statement.new, statement.read(rows) if statement.readers else rows))


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL, its parameters, what reads fields that the database returns otherwise, and what makes a named tuple."""

    sql: str
    params: tuple[Any, ...]
    readers: tuple[tuple[int, Any, Any], ...]
    new: Callable[[Any], Any]

    def read(self, rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        for row in rows:
            values = list(row)
            for at, converters, expression in self.readers:
                for convert in converters:
                    values[at] = convert(values[at], expression, connection)
            yield values


@lru_cache(maxsize=KEPT)
def _statement(rows: KeptRows, _scope: object, order: tuple[str, ...], limit: int) -> _Statement | None:
    """None where no row can match."""
    queryset = rows.build().order_by(*order)[:limit]
    compiler = queryset.query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    names = tuple(queryset._fields or ())  # type: ignore[attr-defined]
    columns = [column for column, *_rest in compiler.select]
    readers = tuple((at, *how) for at, how in compiler.get_converters(columns).items())
    return _Statement(sql, tuple(params), readers, create_namedtuple_class(*names)._make)
