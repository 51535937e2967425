"""How documents look and are numbered."""

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.documents.frozen import document_settings
from billing.documents.numbers import PREFIXES, coming_number, number_format
from billing.documents.settings import save_document_settings
from billing.forms.documents import DocumentSettingsForm
from billing.periods import today
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, saved

__all__ = ["settings_documents"]


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_documents(request: TenantRequest) -> HttpResponseBase:
    """Languages, notes and numbers of the next documents."""
    reseller, now = request.reseller, clock.now()
    year = today(reseller, now).year
    formats = {kind: number_format(reseller.pk, kind) for kind in PREFIXES}
    form = DocumentSettingsForm(posted(request), instance=document_settings(reseller), formats=formats)

    def save() -> None:
        save_document_settings(
            reseller=reseller, formats=form.formats(), year=year, by=request.user, now=now, **form.settings()
        )

    if saved(form, save):
        text = _("The settings were saved. They apply to the next documents.")
        return redirect_with_toast(request, text, "settings_documents", reseller.slug)
    kinds = [
        (label, fields, coming_number(number_format(reseller.pk, kind), year))
        for kind, label, fields in form.kinds()
    ]
    return form_page(request, form, "billing/settings_documents.html", {"kinds": kinds})
