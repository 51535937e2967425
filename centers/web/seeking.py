"""The rows that come after a place in an ordered list, as conditions that PostgreSQL answers from an index.

An alternative such as `a > 1 OR (a = 1 AND b > 2)` would be tried on every row before the place. So the rows are split
into stretches, one after the other: a comparison of whole rows, `(a, b) > (1, 2)`, where all fields have a value and
one direction, else a stretch with the same `a`, one with a higher `a`, and one without `a`.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value


def after_place(queryset: QuerySet[Any], order: tuple[str, ...], place: Sequence[Any]) -> list[Q]:
    """The stretches of rows after `place` (a value per field of `order`), in order; each is in `order` too.

    PostgreSQL puts NULL last where an order rises, first where it falls.
    """
    fields = [
        (path.removeprefix("-"), path.startswith("-"), value)
        for path, value in zip(order, place, strict=True)
    ]
    return _stretches(
        [_Field(name, falling, value, _nullable(queryset, name)) for name, falling, value in fields]
    )


class _Field:
    """A field of the order and its value at the place."""

    def __init__(self, name: str, falling: bool, value: Any, nullable: bool) -> None:
        self.name, self.falling, self.value, self.nullable = name, falling, value, nullable

    @property
    def same(self) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if self.value is None else Q(**{self.name: self.value})

    @property
    def past(self) -> list[Q]:
        """Other values that come later, NULL included."""
        absent = Q(**{f"{self.name}__isnull": True})
        if self.value is None:
            return [~absent] if self.falling else []
        other = Q(**{f"{self.name}__{'lt' if self.falling else 'gt'}": self.value})
        return [other, absent] if self.nullable and not self.falling else [other]


def _stretches(fields: list[_Field]) -> list[Q]:
    first, rest = fields[0], fields[1:]
    if _compare_as_rows(fields):
        absent = first.past[1:]  # where it is the only field that can be NULL
        return [_beyond(fields), *absent]
    if not rest:
        return first.past
    return [*(first.same & stretch for stretch in _stretches(rest)), *first.past]


def _compare_as_rows(fields: list[_Field]) -> bool:
    """Whether the rows after the place are those whose fields, together, are higher (or lower)."""
    first, rest = fields[0], fields[1:]
    one_way = all(field.falling == first.falling for field in rest)
    return bool(rest) and one_way and first.value is not None and not any(field.nullable for field in rest)


def _beyond(fields: list[_Field]) -> Q:
    """All fields compared as one row; those of the first table once more, because an index has only these."""
    sign = "<" if fields[0].falling else ">"
    table = fields[0].name.rpartition("__")[0]
    count = next(
        (at for at, field in enumerate(fields) if field.name.rpartition("__")[0] != table), len(fields)
    )
    beyond = Q(_Rows(fields, sign))
    if count == len(fields):
        return beyond
    own = (
        Q(_Rows(fields[:count], f"{sign}=")) if count > 1 else Q(**{_at_or_past(fields[0]): fields[0].value})
    )
    return own & beyond


def _at_or_past(field: _Field) -> str:
    return f"{field.name}__{'lte' if field.falling else 'gte'}"


class _Rows(Func):
    """`(a, b) > (1, 2)` as a condition; never true where a field is NULL."""

    output_field = BooleanField()

    def __init__(self, fields: Sequence[_Field], sign: str) -> None:
        self._sign = sign
        super().__init__(*(F(one.name) for one in fields), *(Value(one.value) for one in fields))

    def as_sql(self, compiler: Any, connection: Any, **_extra: Any) -> tuple[str, tuple[Any, ...]]:  # type: ignore[override]
        """Both rows, with their parameters."""
        compiled = [compiler.compile(part) for part in self.source_expressions]
        parts = [sql for sql, _params in compiled]
        middle = len(parts) // 2
        rows = f"({', '.join(parts[:middle])}) {self._sign} ({', '.join(parts[middle:])})"
        return rows, tuple(value for _sql, params in compiled for value in params)


def _nullable(queryset: QuerySet[Any], path: str) -> bool:
    if path in queryset.query.annotations:
        return True
    model: type[Model] | Any = queryset.model
    for part in path.split("__"):
        column: Any = model._meta.pk if part == "pk" else model._meta.get_field(part)
        # Of a generated column, only that field says whether it can be empty.
        column = column.output_field if column.generated else column
        if column.null:
            return True
        model = column.related_model
    return False
