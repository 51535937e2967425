"""Rows of a list whose statement a process keeps: Django takes longer to write it than PostgreSQL to answer it."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Func, QuerySet, Value
from django.db.models.query import create_namedtuple_class  # type: ignore[attr-defined]
from django_scopes import get_scope

KEPT = 1_000  # statements, about 3 KB each


@dataclass(frozen=True)
class KeptRows:
    """A list: `build` makes its query set, of `values_list(..., named=True)`, and depends only on `key` and the scope.

    The values of the key stand in the statement, so it must hold no moment: each would be one of its own. With `keys`,
    the rows are those with one of these keys.
    """

    key: Hashable
    build: Callable[[], QuerySet[Any]] = field(compare=False)
    keys: list[int] | None = field(default=None, compare=False)

    def every(self) -> QuerySet[Any]:
        """All of its rows, by a statement that is not kept."""
        return self.build() if self.keys is None else self.build().filter(pk__in=self.keys)

    def first(self, order: tuple[str, ...], limit: int) -> list[Any]:
        """The first `limit` rows in this order."""
        scope = tuple(sorted(get_scope().items()))
        statement = _statement(replace(self, keys=None), self.keys is not None, scope, order, limit)
        if statement is None:
            return []
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, [self.keys if one is _KEYS else one for one in statement.params])
            rows = cursor.fetchall()
        return list(map(statement.new, statement.read(rows) if statement.readers else rows))


_KEYS = object()  # the place of the keys


class _OneOf(Func):
    """Whether a column has one of the values of an array."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()


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
def _statement(
    rows: KeptRows, by_keys: bool, _scope: tuple[Any, ...], order: tuple[str, ...], limit: int
) -> _Statement | None:
    """None where no row can match."""
    queryset = rows.build()
    if by_keys:
        queryset = queryset.filter(_OneOf("pk", Value(_KEYS)))
    queryset = queryset.order_by(*order)[:limit]
    compiler = queryset.query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return None
    names = tuple(queryset._fields or ())  # type: ignore[attr-defined]
    columns = [column for column, *_rest in compiler.select]
    readers = tuple((at, *how) for at, how in compiler.get_converters(columns).items())
    return _Statement(sql, tuple(params), readers, create_namedtuple_class(*names)._make)
