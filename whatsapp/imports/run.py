"""Import centers and numbers from a file (CSV or Excel): read, check, preview, then import all or nothing.

Rows of the same center (by name, compared as in centers/values/names.py) are its numbers. An existing center gets
the numbers and stays as it is; a row that contradicts it is an error. A number that its center already has changes
nothing, so that an export can be imported again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db import IntegrityError, transaction

from centers import live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center, Reseller, User
from centers.queue.dispatch import enqueue_on_commit
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import every_tenant
from centers.values.names import NameKey
from whatsapp.imports.csv_reader import MAX_BYTES, Sheet, example_file, read_sheet
from whatsapp.imports.validation import CENTER_FIELDS, Plan, plan_import
from whatsapp.models import ImportBatch, Instance

__all__ = [
    "Progress",
    "example_file",
    "import_progress",
    "lost_imports",
    "preview_import",
    "reread_import",
    "run_import",
    "start_import",
]

KEPT_ERRORS = 200
_CHUNK = 500
_LOST = timedelta(seconds=60)
_PROGRESS_KEY = "markaz:import:{pk}"
_PROGRESS_SECONDS = 3600

State = ImportBatch.State


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an import, in rows."""

    done: int
    total: int


def preview_import(
    *, reseller: Reseller, content: bytes, filename: str, by: User | None, now: datetime, **how: Any
) -> ImportBatch:
    """Read and check a file; the batch is READY, or INVALID with `errors` ({"line", "field", "message"}).

    `how` is `encoding` and `ignore_unknown` of `read_sheet`. At most KEPT_ERRORS errors are stored. Only the batch
    itself is written.
    """
    batch = ImportBatch(reseller=reseller, by=by, filename=filename.replace("\0", "")[:200], created_at=now)
    batch.content = content[: MAX_BYTES + 1]
    _check(batch, **how)
    batch.save()
    return batch


def reread_import(
    *, batch: ImportBatch, by: User | None, encoding: str = "", ignore_unknown: bool = False
) -> None:
    """Read the file of a batch that was not started yet again with other options.

    Raises OperationRefused if there is none.
    """
    with transaction.atomic():
        waiting = ImportBatch.objects.select_for_update(of=("self",)).select_related("reseller")
        mine = waiting.filter(pk=batch.pk, state__in=(State.READY, State.INVALID)).first()
        if mine is None or mine.content is None:
            raise OperationRefused(_("This file is no longer ready to import. Upload it again."))
        mine.by = by
        _check(mine, encoding=encoding, ignore_unknown=ignore_unknown)
        mine.save()


def _check(batch: ImportBatch, *, encoding: str = "", ignore_unknown: bool = False) -> None:
    """Fill in the rows the file would add, or its errors."""
    sheet = read_sheet(bytes(batch.content or b""), encoding=encoding, ignore_unknown=ignore_unknown)
    plan = plan_import(batch.reseller, sheet)
    batch.state = State.INVALID if plan.errors else State.READY
    # A file with errors keeps only as many rows as the page shows.
    rows = plan.rows[:KEPT_ERRORS] if plan.errors else plan.rows
    batch.rows = [{"line": line} | row for line, row in rows]
    batch.errors = [error.as_dict() for error in plan.errors[:KEPT_ERRORS]]
    batch.new_centers, batch.total = len(plan.new_centers), len(plan.rows)
    counts = {
        "without_number": len(plan.rows) - len(plan.new_numbers),
        "unchanged": plan.unchanged,
        "archived": plan.archived,
    }
    batch.reading = sheet.reading.as_dict() | counts


def start_import(*, batch: ImportBatch, by: User | None, now: datetime) -> None:
    """Hand a READY batch to a worker; a second click changes nothing.

    Raises OperationRefused when it cannot be imported.
    """
    with transaction.atomic():
        ready = ImportBatch.objects.filter(pk=batch.pk, state=State.READY)
        if ready.update(state=State.QUEUED, queued_at=now, by=by):
            enqueue_on_commit("whatsapp.import", reseller_id=batch.reseller_id, batch_pk=batch.pk)
            live.publish(batch.reseller_id, "jobs")
            return
    batch.refresh_from_db()
    if batch.state == State.INVALID:
        raise OperationRefused(_("The file has errors. Correct them and upload it again."))
    if batch.state == State.FAILED:
        raise OperationRefused(batch.error or _("The import failed. Upload the file again."))


def run_import(*, batch: ImportBatch, now: datetime) -> ImportBatch:
    """Import a QUEUED batch in one transaction; it ends as DONE, or FAILED with a message and nothing imported.

    Safe to call twice, even concurrently: the batch is locked while it runs. Needs an open scope.
    """
    try:
        with transaction.atomic():
            queued = ImportBatch.objects.select_for_update(skip_locked=True, of=("self",))
            mine = queued.select_related("reseller", "by").filter(pk=batch.pk, state=State.QUEUED).first()
            if mine is not None:
                _import(mine, now)
    except OperationRefused as error:
        _fail(batch, error.message, now)
    except IntegrityError:
        _fail(
            batch,
            _("Someone added one of these centers or numbers in the meantime. Upload the file again."),
            now,
        )
    batch.refresh_from_db()
    return batch


def import_progress(batch: ImportBatch) -> Progress:
    """The worker's progress, for a page that polls. The rows appear together at the end."""
    if batch.state == State.DONE:
        return Progress(batch.total, batch.total)
    try:
        done = live.valkey().get(_PROGRESS_KEY.format(pk=batch.pk))
    except redis.RedisError:
        done = None
    return Progress(int(done) if isinstance(done, bytes) else 0, batch.total)


def lost_imports(now: datetime) -> list[tuple[int, int]]:
    """(reseller id, batch id) of imports that have waited too long for a worker (reads across tenants)."""
    with every_tenant():
        lost = ImportBatch.objects.filter(state=State.QUEUED, queued_at__lte=now - _LOST)
        return list(lost.values_list("reseller_id", "pk"))


def _import(batch: ImportBatch, now: datetime) -> None:
    rows = [(int(row.pop("line")), {name: str(cell) for name, cell in row.items()}) for row in batch.rows]
    plan = plan_import(batch.reseller, Sheet(rows=rows))
    if plan.errors:
        raise OperationRefused(
            _("The file can no longer be imported: %(why)s") % {"why": str(plan.errors[0])}
        )
    centers = _centers(batch, plan, now)
    added = plan.new_numbers
    for start in range(0, len(added), _CHUNK):
        Instance.objects.bulk_create(
            Instance(
                reseller=batch.reseller,
                center_id=centers[plan.keys[row["center"]]],
                instance_id=row["instance_id"],
                label=row["label"],
                whatsapp_number=row["whatsapp_number"],
                next_check_at=now,
                held_since=now,
            )
            for _line, row in added[start : start + _CHUNK]
        )
        _note_progress(batch, min(start + _CHUNK, len(added)))
    _check_in_use(centers[plan.keys[row["center"]]] for _line, row in added)
    batch.state, batch.finished_at, batch.rows, batch.content = State.DONE, now, [], None
    batch.save(update_fields=["state", "finished_at", "rows", "content"])
    entries.record(
        "import.done",
        reseller=batch.reseller,
        by=batch.by,
        target=batch,
        now=now,
        topics=("centers", "instances", "jobs"),
        instances=len(added),
        centers=len(plan.new_centers),
    )


def _centers(batch: ImportBatch, plan: Plan, now: datetime) -> dict[str, int]:
    """Center ids by name key: the existing centers and those created here."""
    made = Center.objects.bulk_create(
        Center(
            reseller=batch.reseller,
            name=fields["center"],
            **{name: fields.get(name, "") for name in CENTER_FIELDS},
        )
        for fields in plan.new_centers.values()
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(
            reseller=batch.reseller,
            center=center,
            at=now,
            actor=batch.by,
            actor_label=batch.by.email if batch.by else "",
            action="center.created",
            target_type="center",
            target_id=str(center.pk),
            target_label=center.name[:200],
            data={"import": batch.pk},
        )
        for center in made
    )
    known = Center.objects.filter(reseller=batch.reseller)
    return dict(known.values_list(NameKey("name"), "pk"))


def _check_in_use(centers: Iterable[int]) -> None:
    """Refuse if a center was archived since the file was checked; from here on the new numbers prevent archiving."""
    gone = Center.objects.filter(pk__in=set(centers)).exclude(archived_at=None).first()
    if gone is not None:
        why = _("“%(center)s” is archived. Restore it first.") % {"center": gone}
        raise OperationRefused(_("The file can no longer be imported: %(why)s") % {"why": why})


def _note_progress(batch: ImportBatch, done: int) -> None:
    """Written outside the transaction: inside, no one would see it before the end."""
    try:
        live.valkey().set(_PROGRESS_KEY.format(pk=batch.pk), done, ex=_PROGRESS_SECONDS)
    except redis.RedisError:
        return


def _fail(batch: ImportBatch, message: str, now: datetime) -> None:
    with transaction.atomic():
        ImportBatch.objects.filter(pk=batch.pk, state=State.QUEUED).update(
            state=State.FAILED, error=message, finished_at=now
        )
        live.publish(batch.reseller_id, "jobs")
