"""What people do with the alerts they selected: acknowledge, snooze, assign, resolve.

A choice that a menu doesn't make (another time, another person, whether to go on) is made on a page of its own, which
carries the selection along.
"""

from typing import Any

from django.forms import BaseForm
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.models import User
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import moment_text, zone_of
from centers.web.form_views import form_status, refusal_shown
from centers.web.partials import render_page
from centers.web.toasts import toast
from whatsapp.alerts.acts import acknowledge, assign, resolve, snooze
from whatsapp.alerts.snoozing import snooze_end
from whatsapp.views.alerts.forms import AssignForm, SnoozeForm
from whatsapp.views.alerts.selection import Selection, back

__all__ = ["alert_acknowledge", "alert_assign", "alert_resolve", "alert_snooze"]


@staff(Permission.MANAGE_ALERTS)
@require_POST
def alert_acknowledge(request: TenantRequest) -> HttpResponseBase:
    """Acknowledge the selected alerts."""
    selected = Selection.read(request)
    done = acknowledge(chosen=selected.choice, by=request.user, now=clock.now())
    text = ngettext("%(n)s alert acknowledged.", "%(n)s alerts acknowledged.", done)
    return _answer(request, selected, done, text)


@staff(Permission.MANAGE_ALERTS)
@require_POST
def alert_snooze(request: TenantRequest) -> HttpResponseBase:
    """Snooze the selected alerts until a preset (`until`), or until the time that the form asks for."""
    selected, now, given = Selection.read(request), clock.now(), request.POST.get("until", "")
    if not selected.expected:
        return _answer(request, selected, 0, "")
    form = SnoozeForm(request.POST if given == "at" else None, reseller=request.reseller, now=now)
    until = snooze_end(given, now=now, zone_name=request.reseller.time_zone)
    if until is None and form.is_valid():
        until = form.cleaned_data["until_at"]
    if until is not None:
        with refusal_shown(form):
            done = snooze(chosen=selected.choice, until=until, by=request.user, now=now)
            when = moment_text(until, zone_of(request.reseller.time_zone))
            text = ngettext(
                "%(n)s alert snoozed until %(when)s.", "%(n)s alerts snoozed until %(when)s.", done
            )
            return _answer(request, selected, done, text, when=when)
    return _ask(request, selected, "snooze", form)


@staff(Permission.MANAGE_ALERTS)
@require_POST
def alert_assign(request: TenantRequest) -> HttpResponseBase:
    """Assign the selected alerts to the reader (`to` is `me`), or to the person that the form asks for."""
    selected, now, to = Selection.read(request), clock.now(), request.POST.get("to", "")
    if not selected.expected:
        return _answer(request, selected, 0, "")
    form = AssignForm(request.POST if to == "person" else None, reseller=request.reseller)
    if to == "me" or form.is_valid():
        person: User | None = request.user if to == "me" else form.cleaned_data["person"]
        with refusal_shown(form):
            done = assign(chosen=selected.choice, person=person, by=request.user, now=now)
            return _answer(request, selected, done, _assigned(person, done), person=person)
    return _ask(request, selected, "assign", form)


def _assigned(person: User | None, done: int) -> str:
    if person is None:
        return ngettext(
            "%(n)s alert is now assigned to no one.", "%(n)s alerts are now assigned to no one.", done
        )
    return ngettext("%(n)s alert assigned to %(person)s.", "%(n)s alerts assigned to %(person)s.", done)


@staff(Permission.MANAGE_ALERTS)
@require_POST
def alert_resolve(request: TenantRequest) -> HttpResponseBase:
    """Resolve the selected alerts by hand, once the person has read what the next check does (`confirmed`)."""
    selected = Selection.read(request)
    if selected.expected and request.POST.get("confirmed") != "1":
        return _ask(request, selected, "resolve", None)
    try:
        done = resolve(chosen=selected.choice, by=request.user, now=clock.now())
    except OperationRefused as refusal:
        toast(request, refusal.message, "error")
        return redirect(back(request))
    text = ngettext("%(n)s alert resolved.", "%(n)s alerts resolved.", done)
    return _answer(request, selected, done, text)


def _ask(request: TenantRequest, selected: Selection, act: str, form: BaseForm | None) -> HttpResponseBase:
    """The page that asks what is still missing."""
    context = {
        "act": act,
        "form": form,
        "hidden": selected.hidden,
        "count": selected.expected,
        "alert": selected.choice.rows.first() if selected.expected == 1 else None,
        "back": back(request),
    }
    status = form_status(form) if form is not None else 200
    return render_page(request, "whatsapp/alerts/act.html", context, status=status)


def _answer(
    request: TenantRequest, selected: Selection, done: int, text: str, **params: Any
) -> HttpResponseBase:
    """Back to the page, with a message of what was done and what was left as it is."""
    left = max(0, selected.expected - done)
    if not selected.expected:
        toast(request, _("Select alerts first."), "warning")
    elif not done:
        toast(request, _("Nothing changed. The alerts were already in that state or are resolved."), "info")
    else:
        parts = [text % {"n": done, **params}]
        if left:
            parts.append(_left(left))
        toast(request, " ".join(parts))
    return redirect(back(request))


def _left(left: int) -> str:
    text = ngettext(
        "%(n)s was left as it is: already in that state, or resolved in the meantime.",
        "%(n)s were left as they are: already in that state, or resolved in the meantime.",
        left,
    )
    return text % {"n": left}
