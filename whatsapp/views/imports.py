"""Importing centers and numbers from a file: upload, preview, confirm, follow the progress."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, form_status, performed, posted, refusal_shown, saved
from centers.web.partials import render_page
from whatsapp.forms import ImportForm, ReadingForm
from whatsapp.imports.columns import COLUMNS, LABELS
from whatsapp.imports.encodings import ENCODINGS
from whatsapp.imports.run import example_file, import_progress, preview_import, reread_import, start_import
from whatsapp.models import ImportBatch

__all__ = ["import_batch", "import_centers", "import_confirm", "import_example", "import_reread"]

SHOWN_ROWS = 200
SHOWN_ERRORS = 200


@staff(Permission.MANAGE_CENTERS)
@require_http_methods(["GET", "POST"])
def import_centers(request: TenantRequest) -> HttpResponseBase:
    """Upload a file; its content is previewed before anything is imported."""
    form = ImportForm(posted(request), request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusal_shown(form, "file"):
            batch = preview_import(
                reseller=request.reseller,
                content=file.read(),
                filename=file.name or "",
                by=request.user,
                now=clock.now(),
            )
            return redirect("import_batch", request.reseller.slug, batch.pk)
    earlier = ImportBatch.objects.select_related("by").defer("rows", "errors", "content")[:10]
    return form_page(request, form, "whatsapp/import.html", {"labels": LABELS.items(), "earlier": earlier})


@staff(Permission.MANAGE_CENTERS)
@require_GET
def import_batch(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Preview, progress or result of one file, depending on its state; htmx gets only `#batch`."""
    return _batch_page(request, _batch(pk), ReadingForm())


def _batch(pk: int) -> ImportBatch:
    return get_object_or_404(ImportBatch.objects.select_related("by").defer("content"), pk=pk)


def _batch_page(request: TenantRequest, batch: ImportBatch, form: ReadingForm) -> HttpResponse:
    waiting = batch.is_ready or batch.is_invalid
    running = batch.is_queued
    by_line: dict[int, list[dict[str, str]]] = {}
    for error in batch.errors:
        by_line.setdefault(error.get("line") or 0, []).append(error)
    reading = batch.reading
    context = {
        "batch": batch,
        "rows": [
            ([row.get(column, "") for column in COLUMNS], row.get("line"), by_line.get(row.get("line") or 0))
            for row in batch.rows[:SHOWN_ROWS]
        ],
        "more_rows": max(0, len(batch.rows) - SHOWN_ROWS),
        "errors": [
            error | {"label": LABELS.get(error.get("field", ""), "")} for error in batch.errors[:SHOWN_ERRORS]
        ],
        "more_errors": max(0, len(batch.errors) - SHOWN_ERRORS),
        "labels": LABELS.items(),
        "reading": reading,
        "asks": bool(reading.get("unknown")) and not reading.get("ignored"),
        "encodings": ENCODINGS.items(),
        "encoding": ENCODINGS.get(reading.get("encoding", "")) if waiting else None,
        "reading_form": form,
        "running": running,
        "progress": import_progress(batch) if running else None,
    }
    return render_page(
        request, "whatsapp/import_batch.html", context, parts=("batch",), status=form_status(form)
    )


@staff(Permission.MANAGE_CENTERS)
@require_POST
def import_confirm(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Start the import; a second click changes nothing."""
    batch = get_object_or_404(ImportBatch.objects.defer("rows", "content"), pk=pk)
    performed(request, lambda: start_import(batch=batch, by=request.user, now=clock.now()))
    return redirect("import_batch", request.reseller.slug, pk)


@staff(Permission.MANAGE_CENTERS)
@require_POST
def import_reread(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Read the same file in another encoding, or without its unknown columns; nothing is imported."""
    batch = _batch(pk)
    form = ReadingForm(request.POST)
    if saved(form, lambda: reread_import(batch=batch, by=request.user, **form.cleaned_data)):
        return redirect("import_batch", request.reseller.slug, pk)
    return _batch_page(request, _batch(pk), form)


@staff(Permission.MANAGE_CENTERS)
@require_GET
def import_example(request: TenantRequest) -> HttpResponseBase:
    """A file with the right columns, to fill in."""
    response = HttpResponse(example_file(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="centers-example.csv"'
    return response
