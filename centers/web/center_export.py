"""The list of centers as rows of a file. An import accepts its columns, so an export can be imported."""

from collections.abc import Iterator
from itertools import islice

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from centers.models import Center
from centers.queries import Numbers, numbers_of

EXPORT_BATCH = 500

EXPORT_COLUMNS = (
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
    _("Numbers"),
    _("Connected"),
    _("Down"),
    _("Switched off"),
    _("Added"),
    _("Archived"),
)


def center_cells(centers: QuerySet[Center]) -> Iterator[list[object]]:
    """One row of EXPORT_COLUMNS per center; two queries per EXPORT_BATCH of them."""
    rows = centers.iterator(EXPORT_BATCH)
    while batch := list(islice(rows, EXPORT_BATCH)):
        numbers = numbers_of(row.pk for row in batch)
        for row in batch:
            count = numbers.get(row.pk, Numbers())
            yield [
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
                count.total,
                count.connected,
                count.down,
                count.off,
                row.created_at,
                row.archived_at,
            ]
