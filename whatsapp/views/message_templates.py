"""The settings of WhatsApp messages: which template carries them, and a test of each."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.models import Reseller
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, form_status, performed, posted, redirect_with_toast, saved
from whatsapp.channels.filling import PARTS
from whatsapp.channels.forms import TemplateForm, TemplateTestForm, kind_labels
from whatsapp.channels.template_settings import remove_template, save_template, send_test
from whatsapp.models import TemplateSetting

__all__ = ["settings_whatsapp", "settings_whatsapp_remove", "settings_whatsapp_test"]

PAGE = "whatsapp/settings_whatsapp.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as a row of the page."""

    setting: TemplateSetting
    kind: str
    places: list[str]


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_whatsapp(request: TenantRequest) -> HttpResponseBase:
    """The templates, and the form that adds or changes one (`edit`: the one it starts from)."""
    reseller = request.reseller
    edited = _edited(request)
    form = TemplateForm(posted(request), setting=edited)

    def save() -> None:
        save_template(reseller=reseller, by=request.user, now=clock.now(), **form.cleaned_data)

    if saved(form, save, error_field="template_id"):
        text = _("Template saved. Send a test to make sure it arrives.")
        return redirect_with_toast(request, text, "settings_whatsapp", reseller.slug)
    return form_page(request, form, PAGE, {**_context(reseller), "edited": edited})


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_whatsapp_remove(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Remove a setting."""
    row = get_object_or_404(TemplateSetting.objects.select_related("reseller"), pk=pk)
    performed(
        request,
        lambda: remove_template(setting=row, by=request.user, now=clock.now()),
        _("Template removed from Markaz. It's still at MazBot."),
    )
    return redirect("settings_whatsapp", request.reseller.slug)


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_whatsapp_test(request: TenantRequest) -> HttpResponseBase:
    """`#template-test`: send one template to a phone, and say what is wrong if it doesn't arrive at MazBot."""
    form = TemplateTestForm(request.POST, reseller=request.reseller)
    result: dict[str, Any] = {}
    if form.is_valid():
        setting, phone = form.cleaned_data["setting"], form.cleaned_data["phone"]
        try:
            send_test(setting=setting, phone=phone, by=request.user, now=clock.now())
            result = {"sent_to": phone}
        except OperationRefused as error:
            result = {"problem": error.message}
    status = 200 if result else form_status(form)
    context = {**_context(request.reseller), "test_form": form, **result}
    if request.htmx:
        return render(request, f"{PAGE}#template-test", context, status=status)
    return render(request, PAGE, {**context, "form": TemplateForm()}, status=status)


def _edited(request: TenantRequest) -> TemplateSetting | None:
    given = request.GET.get("edit", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        return None
    return TemplateSetting.objects.filter(pk=int(given)).first()


def _context(reseller: Reseller) -> dict[str, Any]:
    kinds = kind_labels()
    rows = list(TemplateSetting.objects.all())
    return {
        "rows": [
            Shown(
                row, str(kinds.get(row.kind, row.kind)), [str(PARTS.get(one, one)) for one in row.variables]
            )
            for row in rows
        ],
        "test_form": TemplateTestForm(reseller=reseller),
    }
