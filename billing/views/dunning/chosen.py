"""One act for many centers of the list of overdue ones: hold, end holds, resend, other rules, a file."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from billing.dunning import hold, promised, release_hold
from billing.forms.dunning import HoldForm
from billing.mail import undelivered_by_center
from billing.models import CenterPolicy, DunningPolicy, Invoice
from billing.periods import today
from billing.policies import save_center_policy
from billing.views.dunning.chosen_ids import chosen_centers, chosen_ids, each
from billing.views.unpaid import overdue_file
from centers import clock
from centers.models import Center
from centers.notifications.log import send_again
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.languages import active_language
from centers.web.form_views import form_status
from centers.web.partials import render_page
from centers.web.toasts import toast

Done = TypeVar("Done")

__all__ = ["chosen_export", "chosen_hold", "chosen_policy", "chosen_release", "chosen_resend"]


@staff(Permission.MANAGE_DUNNING)
@require_POST
def chosen_hold(request: TenantRequest) -> HttpResponseBase:
    """Ask until when and why, then put each of the chosen centers on hold."""
    centers = chosen_centers(request.POST)
    if not centers:
        return _back(request)
    now = clock.now()
    answered = request.POST if "until" in request.POST else None
    form = HoldForm(answered, today=today(request.reseller, now))
    if form.is_valid():
        data = form.cleaned_data
        done = _each(request, centers, lambda one: hold(center=one, by=request.user, now=now, **data))
        count = len(done)
        text = ngettext("%(n)s center is on hold.", "%(n)s centers are on hold.", count)
        toast(request, text % {"n": count})
        return redirect("unpaid", request.reseller.slug)
    promises = promised(request.reseller, today(request.reseller, now)).filter(center__in=centers)
    context = {"form": form, "centers": centers, "promises": promises.select_related("center")}
    return render_page(request, "billing/dunning/chosen_hold.html", context, status=form_status(form))


@staff(Permission.MANAGE_DUNNING)
@require_POST
def chosen_release(request: TenantRequest) -> HttpResponseBase:
    """End the holds and promises of the chosen centers."""
    now = clock.now()
    ended = _each(
        request, chosen_centers(request.POST), lambda one: release_hold(center=one, by=request.user, now=now)
    )
    count = len([row for row in ended if row])
    text = ngettext("%(n)s hold has ended.", "%(n)s holds have ended.", count) % {"n": count}
    return _back(request, text)


@staff(Permission.ISSUE_INVOICES)
@require_POST
def chosen_resend(request: TenantRequest) -> HttpResponseBase:
    """Retry the emails about open invoices of the chosen centers that were not delivered."""
    now = clock.now()
    centers = chosen_centers(request.POST)
    invoices = Invoice.objects.filter(center__in=centers, open_amount__gt=0)
    failed = undelivered_by_center(invoices)

    def resend(center: Center) -> int:
        with transaction.atomic():
            for row in failed[center.pk]:
                send_again(notification=row, by=request.user, now=now)
        return len(failed[center.pk])

    count = sum(_each(request, [one for one in centers if one.pk in failed], resend))
    if not failed:
        return _back(request, _("All emails about their open invoices were delivered."))
    text = ngettext("%(n)s email is being sent again.", "%(n)s emails are being sent again.", count)
    return _back(request, text % {"n": count})


@staff(Permission.MANAGE_DUNNING)
@require_POST
def chosen_policy(request: TenantRequest) -> HttpResponseBase:
    """Let the chosen centers follow the named rules `policy`, or with an empty one the general rules."""
    asked = request.POST.get("policy", "")
    known = asked.isascii() and asked.isdecimal() and len(asked) < 19
    policy = get_object_or_404(DunningPolicy, pk=int(asked) if known else 0) if asked else None
    now = clock.now()
    centers = chosen_centers(request.POST)
    if policy is None:  # who follows the general rules needs no row that says so
        ids = CenterPolicy.objects.filter(dunning_policy__isnull=False).values_list("center_id", flat=True)
        following = frozenset(ids)
        centers = [one for one in centers if one.pk in following]
    done = _each(
        request,
        centers,
        lambda one: save_center_policy(center=one, by=request.user, now=now, dunning_policy=policy),
    )
    count = len(done)
    text = ngettext("The rules of %(n)s center were saved.", "The rules of %(n)s centers were saved.", count)
    return _back(request, text % {"n": count})


@staff(Permission.VIEW_INVOICES)
@require_POST
def chosen_export(request: TenantRequest) -> HttpResponseBase:
    """The chosen centers of the list as a file; `fmt` is csv or xlsx."""
    ids = chosen_ids(request.POST)
    if not ids:
        return _back(request)
    return overdue_file(request, request.POST.get("fmt", ""), ids)


def _each(request: TenantRequest, centers: Sequence[Center], act: Callable[[Center], Done]) -> list[Done]:
    """Do it for each center; return what was done. Those refused are named."""
    done, refused = each(centers, act)
    if refused:
        lines = [_("%(center)s: %(reason)s") % {"center": one, "reason": reason} for one, reason in refused]
        toast(request, active_language().comma.join(lines), "error")
    return [result for _center, result in done]


def _back(request: TenantRequest, text: str = "") -> HttpResponseBase:
    """To the list: with what was done, or asking for a choice where there was none."""
    if text and chosen_ids(request.POST):
        toast(request, text)
    else:
        toast(request, _("Choose at least one center."), "warning")
    return redirect("unpaid", request.reseller.slug)
