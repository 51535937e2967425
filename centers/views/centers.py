"""The list of centers, and one center's page with the fragments of all apps."""

from copy import copy
from functools import partial

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers import clock
from centers.forms import ArchiveForm, CenterForm
from centers.models import Center
from centers.queries import Numbers, countries, numbers_of
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.lifecycle import archive_center, create_center, edit_center, restore_center
from centers.tenancy.permissions import Permission
from centers.views.center_filters import DEFAULT_ORDER, ORDERS, CenterFilters
from centers.web import fragments
from centers.web.center_export import center_cells, export_columns
from centers.web.exports import export
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, refusal_shown, saved
from centers.web.paging import keyset
from centers.web.partials import render_page


@staff(Permission.VIEW)
@require_GET
def center_list(request: TenantRequest) -> HttpResponse:
    """All centers, 50 a page; search, filters and order are in the URL."""
    filters = CenterFilters.read(request.GET)
    page = keyset(filters.apply(Center.objects.all()), request.GET, orders=ORDERS, default=DEFAULT_ORDER)
    numbers = numbers_of(row.pk for row in page.rows)
    context = {
        "filters": filters,
        "page": page,
        "rows": [(row, numbers.get(row.pk, Numbers())) for row in page.rows],
        "countries": partial(countries, request.reseller),
        "payment_statuses": Center.PaymentStatus.choices,
        "here": request.get_full_path(),
    }
    return render_page(request, "centers/center_list.html", context, parts=("centers",))


@staff(Permission.VIEW)
@require_GET
def center_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The filtered list as CSV or XLSX."""
    rows = CenterFilters.read(request.GET).apply(Center.objects.order_by("name", "pk"))
    name = f"{request.reseller.slug}-centers"
    return export(request, fmt, name, export_columns(), center_cells(rows))


@staff(Permission.VIEW)
@require_GET
def center(request: TenantRequest, pk: int) -> HttpResponse:
    """One center: profile, balance, numbers, prices, usage, invoices, people and audit entries."""
    row = get_object_or_404(Center, pk=pk)
    args = request.reseller.slug, pk
    context = {
        "center": row,
        "main": fragments.parts_of(request, "center.main", *args),
        "side": fragments.parts_of(request, "center.side", *args),
        "end": fragments.parts_of(request, "center.end", *args),
        "tabs": fragments.parts_of(request, "center.tabs", *args),
        "tab": request.GET.get("tab", ""),
    }
    return render_page(request, "centers/center.html", context)


@staff(Permission.MANAGE_CENTERS)
@require_http_methods(["GET", "POST"])
def center_add(request: TenantRequest) -> HttpResponseBase:
    """Add a center."""
    initial = {name: getattr(request.reseller, name) for name in ("country", "currency", "language")}
    form = CenterForm(posted(request), initial=initial, reseller=request.reseller)
    if form.is_valid():
        with refusal_shown(form):
            row = create_center(
                reseller=request.reseller, by=request.user, now=clock.now(), **form.cleaned_data
            )
            text = _("“%(name)s” was added.") % {"name": row.name}
            return redirect_with_toast(request, text, "center", request.reseller.slug, row.pk)
    return form_page(request, form, "centers/center_form.html", {"center": None})


@staff(Permission.MANAGE_CENTERS)
@require_http_methods(["GET", "POST"])
def center_edit(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Change a center's own data."""
    row = get_object_or_404(Center, pk=pk)
    # The form writes to its instance; the page around it shows the stored values.
    form = CenterForm(posted(request), instance=copy(row), reseller=request.reseller)
    if saved(form, lambda: edit_center(center=row, by=request.user, now=clock.now(), **form.cleaned_data)):
        text = _("“%(name)s” was saved.") % {"name": form.cleaned_data["name"]}
        return redirect_with_toast(request, text, "center", request.reseller.slug, pk)
    return form_page(request, form, "centers/center_form.html", {"center": row})


@staff(Permission.MANAGE_CENTERS)
@require_http_methods(["GET", "POST"])
def center_archive(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Archive a center after its name was typed."""
    row = get_object_or_404(Center, pk=pk)
    form = ArchiveForm(posted(request), expected=row.name)
    if saved(form, lambda: archive_center(center=row, by=request.user, now=clock.now())):
        text = _("“%(name)s” was archived.") % {"name": row.name}
        return redirect_with_toast(request, text, "center", request.reseller.slug, pk)
    context = {"center": row, "numbers": numbers_of([pk]).get(pk, Numbers())}
    return form_page(request, form, "centers/center_archive.html", context)


@staff(Permission.MANAGE_CENTERS)
@require_POST
def center_restore(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Restore a center from the archive."""
    row = get_object_or_404(Center, pk=pk)
    done = _("“%(name)s” was restored.") % {"name": row.name}
    performed(request, lambda: restore_center(center=row, by=request.user, now=clock.now()), done)
    return redirect("center", request.reseller.slug, pk)
