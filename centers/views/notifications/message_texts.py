"""What messages say, in the reseller's own words."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from centers import clock
from centers.mail.looks import reply_address
from centers.models import MessageText
from centers.notification_forms import MessageTextForm
from centers.notifications import message_texts
from centers.notifications.log import write_own_text
from centers.notifications.message_texts import SUBJECT, TEXT, Wording, filled, own_text
from centers.notifications.registry import Content
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.languages import language_named
from centers.web.form_views import form_status, posted, redirect_with_toast, saved
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = ["settings_text_edit", "settings_texts"]


@staff(Permission.MANAGE_SETTINGS)
@require_GET
def settings_texts(request: TenantRequest) -> HttpResponseBase:
    """Every message, and in which languages it has a text of the reseller's own."""
    own = set(MessageText.objects.filter(reseller=request.reseller).values_list("name", "language"))
    sections: dict[str, list[Any]] = {}
    for one in message_texts.wordings():
        languages = [(code, name, (one.name, code) in own) for code, name in settings.LANGUAGES]
        changed = [name for _code, name, is_own in languages if is_own]
        sections.setdefault(one.heading, []).append((one, languages, changed))
    return render_page(request, "centers/notifications/texts.html", {"sections": sections})


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_text_edit(request: TenantRequest, message: str, language: str) -> HttpResponseBase:
    """Change, preview, reset or try one message in one language."""
    found = message_texts.wording(message)
    if found is None or language not in dict(settings.LANGUAGES):
        raise Http404
    own = own_text(request.reseller, message, language)
    form = MessageTextForm(
        posted(request),
        language=language,
        initial={"subject": own.subject if own else SUBJECT, "text": own.text if own else TEXT},
    )
    answer = _acted(request, form, found, language)
    if answer is not None:
        return answer
    shown = form.cleaned_data if form.is_bound and form.is_valid() else form.initial
    with translation.override(language):
        standard = found.example(request.reseller, clock.now()) or _made_up(found)
        preview = filled(standard, shown["subject"], shown["text"], request.reseller)
    context = {
        "wording": found,
        "language": language,
        "direction": "rtl" if language_named(language).right_to_left else "ltr",
        "language_name": dict(settings.LANGUAGES)[language],
        "own": own,
        "preview": preview,
        "standard": standard,
        "reply_to": reply_address(request.reseller),
        "back_url": reverse("settings_texts", args=[request.reseller.slug]),
        "form": form,
    }
    status = 200 if form.is_bound and form.is_valid() else form_status(form)
    return render_page(request, "centers/notifications/text_edit.html", context, status=status)


def _acted(
    request: TenantRequest, form: MessageTextForm, found: Wording, language: str
) -> HttpResponseBase | None:
    """Do what the button says; None to show the page."""
    common: dict[str, Any] = {"reseller": request.reseller, "name": found.name, "language": language}
    act, by, now = request.POST.get("act", "save"), request.user, clock.now()
    if request.method == "POST" and act == "reset":
        message_texts.reset_text(**common, by=by, now=now)
        return redirect_with_toast(request, _("The standard text is used again."), request.path)
    if act == "save" and saved(
        form, lambda: message_texts.save_text(**common, **form.cleaned_data, by=by, now=now)
    ):
        return redirect_with_toast(request, _("The text was saved."), "settings_texts", request.reseller.slug)
    if act == "test" and saved(form, lambda: message_texts.check_text(found, **form.cleaned_data)):
        with translation.override(language):
            standard = found.example(request.reseller, now) or _made_up(found)
            content = filled(standard, **form.cleaned_data, reseller=request.reseller)
        write_own_text(content, reseller=request.reseller, language=language, by=by, now=now)
        # No redirect: the page keeps what was typed.
        toast(request, _("A test is on its way to %(email)s. Nothing was saved.") % {"email": by.email})
    if act == "preview":
        saved(form, lambda: message_texts.check_text(found, **form.cleaned_data))
    return None


def _made_up(found: Wording) -> Content:
    """An example for a reseller that never sent this message: each field by what it stands for."""
    return Content(
        subject=found.what,
        text=_(
            "The standard text appears here. You haven't sent this message yet, so there's no real example."
        ),
        wording=found.name,
        fields={name: f"[{words}]" for name, words in found.fields.items()},
    )
