"""Pages of a list by the last row seen, because counting to the middle of 100,000 rows takes ten times as long.

The place in the list is in the URL, signed, so no one can request a comparison that we did not offer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

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
    queryset: QuerySet[M],
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
    number = params.get("page", "")
    at = min(int(number), len(rows)) if number.isascii() and number.isdecimal() and len(number) < 7 else 1
    begin = size * (max(at, 1) - 1)

    def query(to: int) -> str:
        changed = params.copy()
        changed["page"] = str(to)
        return "?" + changed.urlencode()

    return Page(
        ordered[begin : begin + size],
        query(at + 1) if begin + size < len(rows) else "",
        query(at - 1) if begin else "",
        sort,
    )


def _rows(queryset: QuerySet[M], order: tuple[str, ...], place: list[Any] | None, limit: int) -> list[M]:
    if place is not None:
        queryset = queryset.filter(_beyond(queryset, order, place))
    return list(queryset.order_by(*order)[:limit])


def _beyond(queryset: QuerySet[M], order: tuple[str, ...], place: list[Any]) -> Q:
    """Rows after `place`: the first differing field decides. PostgreSQL puts NULL last rising, first falling."""
    found, same = Q(pk__in=[]), Q()
    for path, value in zip(order, place, strict=True):
        name = path.removeprefix("-")
        if not (value is None and not path.startswith("-")):
            found |= same & _past(
                name, value, falling=path.startswith("-"), nullable=_nullable(queryset, name)
            )
        same &= Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})
    return found & _bound(queryset, order[0], place[0])


def _past(name: str, value: Any, *, falling: bool, nullable: bool) -> Q:
    if falling:
        return Q(**{f"{name}__isnull": False}) if value is None else Q(**{f"{name}__lt": value})
    rising = Q(**{f"{name}__gt": value})
    return rising | Q(**{f"{name}__isnull": True}) if nullable else rising


def _bound(queryset: QuerySet[M], path: str, value: Any) -> Q:
    """Repeats the limit on the first field, because PostgreSQL uses no index for the alternatives alone."""
    name = path.removeprefix("-")
    if value is None or (_nullable(queryset, name) and not path.startswith("-")):
        return Q()
    return Q(**{f"{name}__{'lte' if path.startswith('-') else 'gte'}": value})


def _nullable(queryset: QuerySet[M], path: str) -> bool:
    if path in queryset.query.annotations:
        return True
    model: Any = queryset.model
    for part in path.split("__"):
        column = model._meta.pk if part == "pk" else model._meta.get_field(part)
        if column.null:
            return True
        model = column.related_model
    return False


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
    after = _query(params, AFTER, _write(rows[-1], sort, order)) if rows and later else ""
    before = _query(params, BEFORE, _write(rows[0], sort, order)) if rows and earlier else ""
    if earlier and not rows:
        before = _query(params, "", "")
    return Page(rows, after, before, sort, kept_sort)


def _query(params: QueryDict, name: str, place: str) -> str:
    query = params.copy()
    for old in (AFTER, BEFORE):
        query.pop(old, None)
    if name:
        query[name] = place
    return "?" + query.urlencode()


def _write(row: Model, sort: str, order: tuple[str, ...]) -> str:
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
