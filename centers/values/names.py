"""Which names are the same: PostgreSQL's function `name_key` decides, for constraints, lookups, imports and forms.

Two names are the same when they look the same to a reader: regardless of case (also of the Turkish i), their
Unicode form (NFC, NFD, full width, Arabic presentation forms), their digits' script, the width of their spaces,
their Arabic vowel marks and tatweel, what is not seen at all (marks of direction, zero-width characters, selectors),
the kind of their hyphens, dashes and quotation marks, and the keyboard that their yeh, kaf and heh come from. Letters
such as alef with and without hamza differ. Python asks the database rather than having a second rule.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models import Func, Lookup


class NameKey(Func):
    """The comparison key of the name in a column."""

    function = "name_key"
    arity = 1
    output_field = models.TextField()


class _ByKey(Lookup[Any]):
    pattern = ""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return self.pattern.format(left=left, right=right), (*left_params, *right_params)


class Named(_ByKey):
    """`name__named=text`: the same name."""

    lookup_name = "named"
    pattern = "name_key({left}) = name_key({right})"


class NameHolds(_ByKey):
    """`name__name_holds=text`: a part of the name; a trigram index on NameKey serves it."""

    lookup_name = "name_holds"
    pattern = (
        r"name_key({left}) LIKE '%%' || "
        r"replace(replace(replace(name_key({right}), '\', '\\'), '%%', '\%%'), '_', '\_') || '%%'"
    )


models.CharField.register_lookup(Named)
models.CharField.register_lookup(NameHolds)


def name_keys(names: Iterable[str]) -> dict[str, str]:
    """The comparison key of each of `names`; one query in all."""
    distinct = list(set(names))
    if not distinct:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT one, name_key(one) FROM unnest(%s::text[]) AS one", [distinct])
        return dict(cursor.fetchall())


def same_name(typed: str, name: str) -> bool:
    """Whether a person typed this name, by the database's comparison."""
    keys = name_keys([typed.replace("\0", "\ufffd"), name])
    return len(set(keys.values())) == 1
