"""Pages of a list of versions, newest first."""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from billing.pricing.versions import Version
from centers.web.paging import Page, numbered

ROWS = 20


def version_page(
    rows: QuerySet[Any], params: QueryDict, *, place: tuple[str, ...], valid_from: str, today: date
) -> Page[Any]:
    """The page of `rows` that `params` ask (`version_page`).

    `place` are the fields that versions which replace each other have in common, `valid_from` the one with their day.
    """
    marked = rows.annotate(is_replaced=Exists(_newer(rows, place, valid_from, today)))

    def shown(begin: int, count: int) -> list[Version[Any]]:
        found = marked.order_by(f"-{valid_from}", "-pk")[begin : begin + count]
        return [_version(row, getattr(row, valid_from) > today) for row in found]

    return numbered(shown, params, size=ROWS, name="version_page")


def _newer(rows: QuerySet[Any], place: tuple[str, ...], valid_from: str, today: date) -> QuerySet[Any]:
    """The versions that apply by today instead of a row."""
    later = Q((f"{valid_from}__gt", OuterRef(valid_from)))
    same_day = Q((valid_from, OuterRef(valid_from)), pk__gt=OuterRef("pk"))
    newer = rows.model._base_manager.filter(later | same_day, reseller=OuterRef("reseller"))
    for name in place:
        # What is at no center differs from what is at one by its level, which is in the place, too.
        newer = newer.filter(Q((name, OuterRef(name))) | Q((f"{name}__isnull", True)))
    applied: QuerySet[Any] = newer.filter(**{f"{valid_from}__lte": today})
    return applied.order_by()


def _version(row: Any, is_scheduled: bool) -> Version[Any]:
    return Version(row, is_current=not (is_scheduled or row.is_replaced), is_scheduled=is_scheduled)
