"""The board of numbers as rows of a file. An import recognises its columns, so that an export can be imported."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from whatsapp.models import Instance
from whatsapp.states import ADVICE

EXPORT_COLUMNS = (
    _("ID"),
    _("Center ID"),
    _("Center"),
    _("Label"),
    _("WhatsApp number"),
    _("Instance ID"),
    _("Connection"),
    _("Since"),
    _("Last seen"),
    _("Checked"),
    _("Service"),
    _("Desired state"),
    _("Status"),
    _("Balance"),
    _("MazBot country ID"),
    _("Meaning"),
    _("Response from MazBot"),
    _("Last failed check"),
)


def number_cells(numbers: QuerySet[Instance]) -> Iterator[list[object]]:
    """One row of EXPORT_COLUMNS per number."""
    for row in numbers.iterator(chunk_size=1000):
        yield [
            row.pk,
            row.center_id,
            row.center.name,
            row.label,
            row.whatsapp_number,
            row.instance_id,
            row.get_state_display(),
            row.state_since,
            row.last_seen,
            row.checked_at,
            row.get_service_display(),
            row.get_desired_state_display(),
            gettext("Archived") if row.archived_at else gettext("Active"),
            row.center.get_payment_status_display(),
            row.center.country_id,
            _meaning(row),
            row.raw_status if row.is_unknown else "",
            # Empty once a check worked again: until then the connection may be out of date.
            row.check_failed_at,
        ]


def _meaning(row: Instance) -> str:
    """What the number's state means and what to do, as its page says."""
    advice = ADVICE.get(row.state)
    return f"{advice.meaning} {advice.step}".strip() if advice else ""
