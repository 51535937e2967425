"""Import centers and numbers from a file (CSV or Excel), all or nothing."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from centers import clock
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from whatsapp.imports.columns import COLUMNS
from whatsapp.imports.csv_reader import RowError
from whatsapp.imports.encodings import ENCODINGS
from whatsapp.imports.run import preview_import, run_import
from whatsapp.models import ImportBatch

_SHOWN_NAMES = 5


class Command(BaseCommand):
    """`import_centers SLUG FILE`: exits non-zero and imports nothing if a row is invalid.

    An encoding that could only be guessed has to be confirmed with `--encoding`, because there is no preview here.
    """

    help = f"Imports centers and their numbers. Columns: {','.join(COLUMNS)}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the reseller's address name, as printed by create_reseller")
        parser.add_argument("file", type=Path, help="an Excel workbook (.xlsx) or a CSV file")
        parser.add_argument("--encoding", choices=list(ENCODINGS), default="", help="of a CSV file")
        parser.add_argument(
            "--ignore-unknown-columns", action="store_true", help="leave out columns that are not known"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        reseller = Reseller.objects.filter(slug=options["slug"]).first()
        if reseller is None:
            raise CommandError(f"There is no reseller “{options['slug']}”.")
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"“{options['file']}” cannot be read: {error.strerror}.") from error
        with tenant(reseller):
            now = clock.now()
            batch = preview_import(
                reseller=reseller,
                content=content,
                filename=options["file"].name,
                by=None,
                now=now,
                encoding=options["encoding"],
                ignore_unknown=options["ignore_unknown_columns"],
            )
            batch = self._import(batch, now)
        unchanged = batch.reading["unchanged"]
        same = f" {unchanged} rows are there already and changed nothing." if unchanged else ""
        self.stdout.write(f"Imported {batch.new_numbers} numbers and {batch.new_centers} new centers.{same}")

    @staticmethod
    def _import(batch: ImportBatch, now: datetime) -> ImportBatch:
        if batch.errors:
            lines = [str(RowError(**error)) for error in batch.errors]
            raise CommandError("\n".join(["Nothing was imported.", *lines]))
        if not batch.reading["certain"]:
            raise CommandError(_look_at(batch))
        # In the foreground: no worker needs to run.
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.QUEUED, queued_at=now)
        batch = run_import(batch=batch, now=now)
        if batch.state != ImportBatch.State.DONE:
            raise CommandError(f"Nothing was imported. {batch.error}")
        return batch


def _look_at(batch: ImportBatch) -> str:
    """The guessed encoding and the first names decoded with it."""
    encoding = batch.reading["encoding"]
    names = list(dict.fromkeys(row["center"] for row in batch.rows))[:_SHOWN_NAMES]
    return (
        f"Nothing was imported. The file does not say its encoding. Read as {ENCODINGS[encoding]}, the first centers "
        f"are: {'; '.join(names)}. If that is right, add --encoding {encoding}."
    )
