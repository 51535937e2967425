"""What the views of forms and of single buttons share: bind, call one operation, show its refusal, respond."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect

from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest
from centers.web.partials import render_page
from centers.web.toasts import toast


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: the POST, even an empty one, so that missing fields are errors; None for a GET."""
    return request.POST if request.method == "POST" else None


@contextmanager
def refusal_shown(form: BaseForm, error_field: str | None = None) -> Iterator[None]:
    """Turn OperationRefused into an error of the form.

    It stands beside the field that the refusal names, else beside `error_field`, else on top of the form.
    """
    try:
        yield
    except OperationRefused as refusal:
        fields = (name for name in (refusal.field, error_field) if name in form.fields)
        form.add_error(next(fields, None), refusal.message)


def saved(form: BaseForm, operation: Callable[[], object], *, error_field: str | None = None) -> bool:
    """Whether the form is valid and `operation` was done. If not, the form has errors, or is unbound.

    A view that needs what the operation returns uses `refusal_shown` instead.
    """
    if form.is_valid():
        with refusal_shown(form, error_field):
            operation()
    return form.is_bound and not form.errors


def performed(request: HttpRequest, operation: Callable[[], object], done: str = "") -> bool:
    """For a POST that is only a button: whether `operation` was done; shows `done`, or the refusal, as a toast."""
    try:
        operation()
    except OperationRefused as refusal:
        toast(request, refusal.message, "error")
        return False
    if done:
        toast(request, done)
    return True


def redirect_with_toast(request: HttpRequest, text: str, to: str, *args: object) -> HttpResponseRedirect:
    """Redirect to the address `to` (a URL, or a name with its arguments) and show `text` there."""
    toast(request, text)
    return redirect(to, *args)


def form_page(
    request: TenantRequest, form: BaseForm, template: str, context: dict[str, Any] | None = None
) -> HttpResponse:
    """The page with the form as `form`: status 422 if it was posted, because a form that is shown again has errors."""
    return render_page(request, template, {"form": form, **(context or {})}, status=form_status(form))


def form_status(form: BaseForm) -> int:
    """The status of a page that shows the form: 422 once it is bound, else 200."""
    return 422 if form.is_bound else 200
