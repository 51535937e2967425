"""Where the provider of mail reports bounces and complaints."""

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from centers import clock
from centers.mail.events import EventsRefused, bounces_in, endpoint
from centers.notifications.channels.bounces import note

log = structlog.get_logger(__name__)

__all__ = ["mail_events"]


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def mail_events(request: HttpRequest) -> HttpResponse:
    """Note what came back. The provider proves itself by its signature, or by EMAIL_WEBHOOK_SECRET as a password."""
    view = endpoint()
    if view is None:
        raise Http404
    if request.method == "HEAD":  # some providers try an address before they use it
        return HttpResponse()
    if view.basic_auth and "Authorization" not in request.headers:
        # Amazon sends the password only after it was asked for it.
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Markaz"'})
    try:
        bounces = bounces_in(view, request)
    except EventsRefused as refusal:
        log.warning("mail_events_refused", reason=str(refusal))
        return HttpResponse("refused", status=400, content_type="text/plain")
    note(bounces, now=clock.now())
    return HttpResponse()
