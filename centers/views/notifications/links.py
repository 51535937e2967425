"""Pages behind the links in messages: they show a button, which acts; no account is needed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from centers import clock
from centers.errors import OperationRefused
from centers.notifications import links
from centers.notifications.preferences import unsubscribe
from centers.tenancy.scoping import tenant

_PAGE = "centers/notifications/link.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notification_action(request: HttpRequest, token: str) -> HttpResponse:
    """Acknowledge or snooze what a message is about, as the person who got it."""
    try:
        asked = links.read_action(token)
        with tenant(asked.reseller):
            if request.method == "POST":
                done = asked.action.perform(asked.reseller, asked.about, asked.user, clock.now())
                return render(request, _PAGE, {"done": done, "sender": asked.reseller})
            question = asked.action.question(asked.reseller, asked.about)
    except OperationRefused as refusal:
        return render(request, _PAGE, {"refused": refusal.message}, status=404)
    context = {"question": question, "button": asked.action.button, "person": asked.user}
    return render(request, _PAGE, {**context, "sender": asked.reseller})


@csrf_exempt  # mail programs post here themselves (RFC 8058); the token is the authority
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def notifications_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop the emails of one group for the person who got one."""
    try:
        reseller_id, user_id, group = links.read_unsubscribe(token)
        if request.method == "POST":
            sender = unsubscribe(reseller_id=reseller_id, user_id=user_id, group=group.name, now=clock.now())
            return render(request, _PAGE, {"unsubscribed": group.label, "sender": sender})
    except OperationRefused as refusal:
        return render(request, _PAGE, {"refused": refusal.message}, status=404)
    return render(request, _PAGE, {"unsubscribe": group.label})
