"""One alert: its state, its story, its notes."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import zone_of
from centers.web.form_views import form_status, redirect_with_toast, saved
from centers.web.partials import render_page
from whatsapp.alerts.acts import note
from whatsapp.alerts.snoozing import PRESETS
from whatsapp.models import Alert
from whatsapp.states import ADVICE
from whatsapp.views.alerts.forms import NoteForm
from whatsapp.views.alerts.page import RELATED
from whatsapp.views.alerts.story import story_of
from whatsapp.views.next_steps import next_step

__all__ = ["alert", "alert_note"]

LONGEST_STORY = 200


@staff(Permission.VIEW)
@require_GET
def alert(request: TenantRequest, pk: int) -> HttpResponseBase:
    """State, story and notes of one alert; htmx gets only `#alert-story`."""
    return _page(request, _find(pk), NoteForm())


@staff(Permission.MANAGE_ALERTS)
@require_POST
def alert_note(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Add a note to an alert."""
    row, form = _find(pk), NoteForm(request.POST)
    if saved(form, lambda: note(alert=row, by=request.user, now=clock.now(), **form.cleaned_data)):
        return redirect_with_toast(request, _("Note added."), "alert", request.reseller.slug, pk)
    return _page(request, row, form)


def _find(pk: int) -> Alert:
    rows = Alert.objects.select_related("reseller", *RELATED).defer("reseller__logo")
    return get_object_or_404(rows, pk=pk)


def _page(request: TenantRequest, row: Alert, form: NoteForm) -> HttpResponse:
    newest_first = row.events.select_related("by", "person").order_by("-at", "-pk")
    events = list(newest_first[: LONGEST_STORY + 1])
    context = {
        "alert": row,
        "step": next_step(row, request),
        "advice": None if row.resolved_at else ADVICE.get(row.kind),
        "events": story_of(events[:LONGEST_STORY], zone_of(request.reseller.time_zone)),
        "cut": len(events) > LONGEST_STORY,
        "snoozed": row.is_snoozed(clock.now()),
        "presets": PRESETS,
        "form": form,
        "here": request.path,
    }
    return render_page(
        request, "whatsapp/alerts/alert.html", context, parts=("alert-story",), status=form_status(form)
    )
