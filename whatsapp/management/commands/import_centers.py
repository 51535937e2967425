"""Import centers and numbers from a CSV file, all or nothing."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from centers import clock
from centers.models import Reseller
from centers.scoping import tenant
from whatsapp.csvfile import COLUMNS, RowError
from whatsapp.importing import preview_import, run_import
from whatsapp.models import ImportBatch


class Command(BaseCommand):
    """`import_centers SLUG FILE.csv`: exits non-zero and imports nothing when a row is wrong."""

    help = f"Imports centers and their numbers. Columns: {','.join(COLUMNS)}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the reseller's address name, as printed by create_reseller")
        parser.add_argument("file", type=Path, help="a CSV file in UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:
        reseller = Reseller.objects.filter(slug=options["slug"]).first()
        if reseller is None:
            raise CommandError(f"There is no reseller “{options['slug']}”.")
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"“{options['file']}” cannot be read: {error.strerror}.") from error
        with tenant(reseller):
            batch = self._import(reseller, content, options["file"].name)
        self.stdout.write(f"Imported {batch.total} numbers and {batch.new_centers} new centers.")

    @staticmethod
    def _import(reseller: Reseller, content: bytes, filename: str) -> ImportBatch:
        now = clock.now()
        batch = preview_import(reseller=reseller, content=content, filename=filename, by=None, now=now)
        if batch.errors:
            lines = [str(RowError(**error)) for error in batch.errors]
            raise CommandError("\n".join(["Nothing was imported.", *lines]))
        # In the foreground: no worker needs to run.
        ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.QUEUED, queued_at=now)
        batch = run_import(batch=batch, now=now)
        if batch.state != ImportBatch.State.DONE:
            raise CommandError(f"Nothing was imported. {batch.error}")
        return batch
