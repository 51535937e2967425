"""The list of centers as rows of a file. An import accepts its columns, so an export can be imported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from centers.models import Center

EXPORT_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Columns that another app fills: `cells` gives those of each center, `none` those of one it leaves out."""

    order: int
    labels: tuple[Promise | str, ...]
    cells: Callable[[list[int]], dict[int, tuple[object, ...]]]
    none: tuple[object, ...]


_registered: list[Columns] = []


def register_columns(columns: Columns) -> None:
    """Add columns; called from the ready() of the app that knows what stands in them."""
    _registered.append(columns)


def export_columns() -> list[Promise | str]:
    """The headings: a center's data, the columns of other apps in order, and when it was added and archived."""
    return [
        _("ID"),
        _("Center"),
        _("Contact"),
        _("Email"),
        _("Phone"),
        _("Country"),
        _("MazBot country ID"),
        _("Currency"),
        _("Status"),
        _("Payment status"),
        *(label for columns in _in_order() for label in columns.labels),
        _("Added"),
        _("Archived"),
    ]


def center_cells(centers: QuerySet[Center]) -> Iterator[list[object]]:
    """One row of export_columns() per center; a query per EXPORT_BATCH of them, and those of the other apps."""
    rows = centers.iterator(EXPORT_BATCH)
    while batch := list(islice(rows, EXPORT_BATCH)):
        ids = [row.pk for row in batch]
        added = [(columns, columns.cells(ids)) for columns in _in_order()]
        for row in batch:
            more = [cell for columns, cells in added for cell in cells.get(row.pk, columns.none)]
            yield [*_own_cells(row), *more, row.created_at, row.archived_at]


def _in_order() -> list[Columns]:
    return sorted(_registered, key=lambda columns: columns.order)


def _own_cells(row: Center) -> list[object]:
    return [
        row.pk,
        row.name,
        row.contact_name,
        row.email,
        row.phone,
        row.country,
        row.country_id,
        row.currency,
        gettext("Archived") if row.archived_at else gettext("Active"),
        row.get_payment_status_display(),
    ]
