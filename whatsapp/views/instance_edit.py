"""Adding, changing, moving and archiving numbers."""

from copy import copy

from django import forms
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.languages import active_language
from centers.web.form_views import form_status, performed, posted, redirect_with_toast, refusal_shown, saved
from centers.web.toasts import toast
from whatsapp import instances
from whatsapp.forms import InstanceForm, InstanceListForm, TypedNameForm
from whatsapp.models import Instance
from whatsapp.moving import hand_over
from whatsapp.ownership.billing_start import mazbot_today, present_assignment
from whatsapp.ownership.forms import MoveForm
from whatsapp.ownership.todays_usage import TodayUnknown
from whatsapp.views.instance import find

__all__ = ["instance_add", "instance_archive", "instance_edit", "instance_move", "instance_restore"]

_SHOWN = 5  # of the numbers of a list, in the message that they were added


@staff(Permission.MANAGE_CENTERS)
@require_http_methods(["GET", "POST"])
def instance_add(request: TenantRequest, center_pk: int) -> HttpResponseBase:
    """Add one number, or with `lines` several at once: all of them or none."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=center_pk)
    many = "lines" in request.POST
    today = mazbot_today(request.reseller, clock.now())
    one = InstanceForm(
        request.POST if request.method == "POST" and not many else None, initial={"billed_from": today}
    )
    several = InstanceListForm(request.POST if many else None)
    if request.method == "POST":
        added = _add_several(request, center, several) if many else _add_one(request, center, one)
        if added:
            return redirect(added)
    context = {"center": center, "form": one, "list_form": several, "many": many}
    status = 422 if request.method == "POST" else 200
    return render(request, "whatsapp/instance_add.html", context, status=status)


def _add_one(request: TenantRequest, center: Center, form: InstanceForm) -> str:
    """The new number's URL, or "" if the form has errors now."""
    if form.is_valid():
        with refusal_shown(form):
            row = instances.add_instance(center=center, by=request.user, now=clock.now(), **form.cleaned_data)
            toast(request, _("“%(name)s” was added and is being checked.") % {"name": row})
            return _address("instance", request, row.pk)
    return ""


def _add_several(request: TenantRequest, center: Center, form: InstanceListForm) -> str:
    """The center's URL, or "" if the form has errors now; then nothing was added."""
    if not form.is_valid():
        return ""
    rows = form.cleaned_data["lines"]
    errors, added = [], []
    with transaction.atomic():
        for number, row in rows:
            try:
                added.append(instances.add_instance(center=center, by=request.user, **row))
            except OperationRefused as error:
                text = _("Line %(line)s: %(problem)s") % {"line": number, "problem": error.message}
                errors.append(text)
        if errors:
            transaction.set_rollback(True)
    if errors:
        form.add_error("lines", errors)
        return ""
    text = ngettext("%(n)s number was added: %(what)s", "%(n)s numbers were added: %(what)s", len(added))
    toast(request, text % {"n": len(added), "what": _as_read(added)})
    return _address("center", request, center.pk)


def _as_read(added: list[Instance]) -> str:
    """What was taken for the label and the phone number of each."""
    parts = []
    for row in added[:_SHOWN]:
        values = {"id": row.instance_id, "label": row.label, "phone": row.whatsapp_number}
        if row.label and row.whatsapp_number:
            text = _("%(id)s (label “%(label)s”, WhatsApp number %(phone)s)")
        elif row.label:
            text = _("%(id)s (label “%(label)s”)")
        else:
            text = _("%(id)s (WhatsApp number %(phone)s)") if row.whatsapp_number else "%(id)s"
        parts.append(text % values)
    shown = active_language().comma.join(parts)
    more = len(added) - _SHOWN
    return shown if more <= 0 else _("%(shown)s and %(more)s more") % {"shown": shown, "more": more}


def _address(name: str, request: TenantRequest, pk: int) -> str:
    return reverse(name, args=[request.reseller.slug, pk])


@staff(Permission.MANAGE_CENTERS)
@require_http_methods(["GET", "POST"])
def instance_edit(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Change label and id; the page also offers moving and archiving."""
    row = find(pk)
    # Form and operation write to their instance, and the page must not show a refused change.
    form = _form(copy(row), posted(request))
    form.fields["instance_id"].required = True
    if saved(
        form,
        lambda: instances.edit_instance(
            instance=copy(row), by=request.user, now=clock.now(), **form.cleaned_data
        ),
    ):
        return redirect_with_toast(request, _("Saved."), "instance", request.reseller.slug, pk)
    return _edit_page(request, row, form, "form")


def _form(row: Instance, data: QueryDict | None = None) -> InstanceForm:
    """The form of a number; an archived one is not billed."""
    present = present_assignment(row)
    form = InstanceForm(data, instance=row, initial={"billed_from": present.billed_from} if present else {})
    if present is None:
        del form.fields["billed_from"]
    return form


def _edit_page(request: TenantRequest, row: Instance, form: forms.BaseForm, name: str) -> HttpResponse:
    """The page with `form` as `name`, and the other two forms as they are at first."""
    context = {
        "instance": row,
        "form": _form(row),
        "move_form": MoveForm(instance=row),
        "archive_form": TypedNameForm(expected=row.instance_id),
        name: form,
    }
    return render(request, "whatsapp/instance_edit.html", context, status=form_status(form))


@staff(Permission.MANAGE_CENTERS)
@require_POST
def instance_move(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Move the number to another center (`center`) of the same reseller; without today's usage only `anyway`."""
    row = find(pk)
    form = MoveForm(request.POST, instance=row)
    if form.is_valid():
        with refusal_shown(form, "center"):
            _move(request, row, form)
            return redirect("instance", request.reseller.slug, pk)
    return _edit_page(request, row, form, "move_form")


def _move(request: TenantRequest, row: Instance, form: MoveForm) -> None:
    names = {"name": row, "center": form.cleaned_data["center"], "before": row.center}
    try:
        split = hand_over(instance=row, by=request.user, now=clock.now(), **form.cleaned_data)
    except TodayUnknown:
        form.offer_anyway()
        raise
    text = _("“%(name)s” was moved to “%(center)s”. What it used today until now stays with “%(before)s”.")
    if not split:
        text = _(
            "“%(name)s” was moved to “%(center)s”. What was fetched of today's usage stays with “%(before)s”."
        )
    toast(request, text % names)


@staff(Permission.MANAGE_CENTERS)
@require_POST
def instance_archive(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Archive the number; its id must be typed (`typed`)."""
    row = find(pk)
    form = TypedNameForm(request.POST, expected=row.instance_id)
    if saved(
        form,
        lambda: instances.archive_instance(instance=row, by=request.user, now=clock.now()),
        error_field="typed",
    ):
        text = _("“%(name)s” was archived. It is being disabled at MazBot.") % {"name": row}
        return redirect_with_toast(request, text, "center", request.reseller.slug, row.center_id)
    return _edit_page(request, row, form, "archive_form")


@staff(Permission.MANAGE_CENTERS)
@require_POST
def instance_restore(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Restore an archived number."""
    row = find(pk)
    done = _("“%(name)s” was restored.") % {"name": row}
    performed(
        request, lambda: instances.restore_instance(instance=row, by=request.user, now=clock.now()), done
    )
    return redirect("instance", request.reseller.slug, pk)
