"""Pages behind the links in messages: they show a button, which acts; no account is needed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from centers import clock
from centers.errors import OperationRefused
from centers.notifications.links import AlreadyResolved, Leaving, Request, read_action, read_unsubscribe
from centers.notifications.preferences import unsubscribe
from centers.web.token_pages import Sender, opened_by, refused_on

_PAGE = "centers/notifications/link.html"


def _sender(asked: Request | Leaving) -> Sender:
    return Sender(reseller=asked.reseller, language=asked.user.language or asked.reseller.language)


@require_http_methods(["GET", "HEAD", "POST"])
@opened_by(read_action, _sender, refused_on(_PAGE))
def notification_action(request: HttpRequest, asked: Request, _token: str) -> HttpResponse:
    """Acknowledge or snooze what a message is about, as the person who got it."""
    try:
        if request.method == "POST":
            done = asked.action.perform(asked.reseller, asked.about, asked.user, clock.now())
            return render(request, _PAGE, {"done": done})
        question = asked.action.question(asked.reseller, asked.about)
    except OperationRefused as refusal:
        what = "over" if isinstance(refusal, AlreadyResolved) else "refused"
        return render(request, _PAGE, {what: refusal.message}, status=404)
    context = {"question": question, "button": asked.action.button, "person": asked.user}
    return render(request, _PAGE, context)


@csrf_exempt  # mail programs post here themselves (RFC 8058); the token is the authority
@require_http_methods(["GET", "HEAD", "POST"])
@opened_by(read_unsubscribe, _sender, refused_on(_PAGE))
def notifications_unsubscribe(request: HttpRequest, asked: Leaving, _token: str) -> HttpResponse:
    """Stop the emails of one group for the person who got one."""
    if request.method == "POST":
        unsubscribe(reseller=asked.reseller, user=asked.user, group=asked.group.name, now=clock.now())
        return render(request, _PAGE, {"unsubscribed": asked.group.label})
    return render(request, _PAGE, {"unsubscribe": asked.group.label})
