"""Pages of a list by the last row seen, because counting to the middle of 100,000 rows takes ten times as long.

The place in the list is in the URL, signed, so no one can request a comparison that we did not offer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, QuerySet
from django.http import QueryDict

from centers.models.kept_rows import KeptRows
from centers.web.seeking import after_place

M = TypeVar("M", bound=Model)
T = TypeVar("T")
AFTER, BEFORE, SORT = "after", "before", "sort"
_SALT = "markaz.paging"


@dataclass(frozen=True)
class Page(Generic[M]):
    """Rows in their order; the queries start with `?`, or are empty when there is no such page.

    `kept_sort` is the order that a filter of the list has to keep: empty where it is the default one.
    """

    rows: Sequence[M]
    next_url_query: str
    prev_url_query: str
    sort: str
    kept_sort: str = ""

    def __len__(self) -> int:
        return len(self.rows)


def keyset(
    queryset: QuerySet[M] | KeptRows,
    params: QueryDict,
    *,
    orders: dict[str, tuple[str, ...]],
    default: str,
    size: int = 50,
) -> Page[M]:
    """One page of `queryset` as `params` (request.GET) ask: `sort`, `after`, `before`.

    `orders` maps a sort key to field paths (with `-` for falling); the last one must be unique. `-key` is the
    whole order reversed. An unknown key means `default`; a place with a bad signature means the first page.
    """
    sort = params.get(SORT, "")
    sort = sort if sort.removeprefix("-") in orders or sort in orders else default
    page_of = partial(_page, params=params, sort=sort, kept_sort="" if sort == default else sort)
    order = orders.get(sort) or _turned(orders[sort.removeprefix("-")])
    if place := _read(params.get(BEFORE, ""), sort, order):
        rows = list(reversed(_rows(queryset, _turned(order), place, size + 1)))
        if len(rows) > size:  # fewer than a full page before this place: show the first page instead
            return page_of(rows[1:], order=order, earlier=True, later=True)
        place = None
    else:
        place = _read(params.get(AFTER, ""), sort, order)
    rows = _rows(queryset, order, place, size + 1)
    return page_of(rows[:size], order=order, earlier=place is not None, later=len(rows) > size)


def sliced(
    rows: Sequence[T],
    params: QueryDict,
    *,
    keys: Mapping[str, Callable[[T], Any]],
    default: str,
    size: int = 50,
) -> Page[Any]:
    """One page of the rows of a report, which are all there, as `params` ask: `sort` and `page`.

    `keys` maps a sort key to what a row is sorted by, which must not be None; rows that are equal in it keep their
    order. `-key` is falling. An unknown key means `default`.
    """
    sort = params.get(SORT, "")
    sort = sort if sort.removeprefix("-") in keys else default
    ordered = sorted(rows, key=keys[sort.removeprefix("-")], reverse=sort.startswith("-"))
    at = min(_page_number(params), max(1, len(rows)))
    begin = size * (at - 1)
    return Page(
        ordered[begin : begin + size],
        _with_number(params, at + 1) if begin + size < len(rows) else "",
        _with_number(params, at - 1) if begin else "",
        sort,
    )


def numbered(
    rows: Callable[[int, int], Sequence[T]], params: QueryDict, *, size: int = 50, name: str = "page"
) -> Page[Any]:
    """One page of rows that the database adds up, as `params` ask: `name`.

    `rows(begin, count)` returns at most `count` of them from the place `begin` on. In place of an empty page the first
    one is shown.
    """
    at = _page_number(params, name)
    found = rows(size * (at - 1), size + 1)
    if not found and at > 1:
        at, found = 1, rows(0, size + 1)
    return Page(
        found[:size],
        _with_number(params, at + 1, name) if len(found) > size else "",
        _with_number(params, at - 1, name) if at > 1 else "",
        "",
    )


def _page_number(params: QueryDict, name: str = "page") -> int:
    """From 1 on; 1 for anything else than a number of up to six digits."""
    number = params.get(name, "")
    return max(1, int(number)) if number.isascii() and number.isdecimal() and len(number) < 7 else 1


def _with_number(params: QueryDict, to: int, name: str = "page") -> str:
    return "?" + urlencode([*rest_of(params, name), (name, to)])


def _rows(
    queryset: QuerySet[M] | KeptRows, order: tuple[str, ...], place: list[Any] | None, limit: int
) -> list[M]:
    """At most `limit` rows after `place`, mostly by one query: two or three around a change of its first fields."""
    if isinstance(queryset, KeptRows):
        if place is None:
            return queryset.first(order, limit)
        queryset = queryset.every()
    if place is None:
        return list(queryset.order_by(*order)[:limit])
    rows: list[M] = []
    for stretch in after_place(queryset, order, place):
        rows += queryset.filter(stretch).order_by(*order)[: limit - len(rows)]
        if len(rows) == limit:
            break
    return rows


def _turned(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path[1:] if path.startswith("-") else f"-{path}" for path in order)


def _page(
    rows: list[M],
    *,
    params: QueryDict,
    sort: str,
    kept_sort: str,
    order: tuple[str, ...],
    earlier: bool,
    later: bool,
) -> Page[M]:
    after = _query(params, AFTER, place_of(rows[-1], sort, order)) if rows and later else ""
    before = _query(params, BEFORE, place_of(rows[0], sort, order)) if rows and earlier else ""
    if earlier and not rows:
        before = _query(params, "", "")
    return Page(rows, after, before, sort, kept_sort)


def _query(params: QueryDict, name: str, place: str) -> str:
    kept = rest_of(params, AFTER, BEFORE)
    return "?" + urlencode([*kept, (name, place)] if name else kept)


def rest_of(params: QueryDict, *names: str) -> list[tuple[str, str]]:
    """What the address of a list says beside these names."""
    return [(key, value) for key, values in params.lists() if key not in names for value in values]


def place_of(row: Model, sort: str, order: tuple[str, ...]) -> str:
    """The place of a row in the order of `sort`, signed, for `after` and `before`."""
    values = [_packed(_value(row, path.removeprefix("-"))) for path in order]
    return signing.dumps([sort, values], salt=_SALT, compress=True)


def _read(text: str, sort: str, order: tuple[str, ...]) -> list[Any] | None:
    try:
        written_for, values = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
    if written_for != sort or len(values) != len(order):
        return None
    return [_unpacked(value) for value in values]


def _value(row: Any, path: str) -> Any:
    if isinstance(row, tuple):  # of values_list, by name
        return getattr(row, path)
    for part in path.split("__"):
        row = getattr(row, part) if row is not None else None
    return row


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    return ["n", str(value)] if isinstance(value, Decimal) else value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    read: dict[str, Callable[[str], Any]] = {
        "t": datetime.fromisoformat,
        "d": date.fromisoformat,
        "n": Decimal,
    }
    return read[value[0]](value[1])
