"""For the demo only: a clock that can be moved to see invoices fall due."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from centers import clock
from centers.values.formats import day_text
from centers.web.toasts import toast
from devstack.time_travel import move_ahead

STEPS = {"1": timedelta(days=1), "7": timedelta(days=7), "30": timedelta(days=30)}


@require_POST
@login_required
def advance_clock(request: HttpRequest) -> HttpResponse:
    """Move the demo ahead by one of STEPS and return to the page the button was on."""
    step = STEPS.get(request.POST.get("days", ""))
    if not settings.DEMO or step is None:
        raise Http404
    try:
        move_ahead(step)
    except clock.ClockFixed as refusal:
        toast(request, refusal, "error")
    else:
        toast(
            request,
            _("The date is now %(day)s. Work that became due runs within a few minutes. See “Jobs”.")
            % {"day": day_text(clock.now().date())},
            "info",
        )
    back = request.META.get("HTTP_REFERER", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "home")
