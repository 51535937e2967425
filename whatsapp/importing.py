"""Taking over centers and numbers from a CSV file: read, check, show, then import all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from centers.models import Reseller, User
from whatsapp.models import ImportBatch

COLUMNS = (
    "center",
    "contact_name",
    "email",
    "phone",
    "country_id",
    "currency",
    "language",
    "instance_id",
    "label",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is, in rows."""

    done: int
    total: int


def preview_import(
    *, reseller: Reseller, content: bytes, filename: str, by: User | None, now: datetime
) -> ImportBatch:
    """Read and check a file; the batch is READY, or INVALID with `errors` ({"line", "field", "message"})."""
    raise NotImplementedError


def start_import(*, batch: ImportBatch, by: User | None, now: datetime) -> None:
    """Hand a READY batch to a worker; a second click changes nothing. Raises Refused for any other state."""
    raise NotImplementedError


def run_import(*, batch: ImportBatch, now: datetime) -> ImportBatch:
    """Import a QUEUED batch in one transaction; ends as DONE, or FAILED with a sentence and nothing imported."""
    raise NotImplementedError


def import_progress(batch: ImportBatch) -> Progress:
    """How far the worker is; for a page that asks again and again."""
    raise NotImplementedError


def example_file() -> str:
    """A CSV with the header and two example rows, to download."""
    raise NotImplementedError


__all__: Sequence[str] = (
    "COLUMNS",
    "Progress",
    "example_file",
    "import_progress",
    "preview_import",
    "run_import",
    "start_import",
)
