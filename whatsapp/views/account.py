"""The settings of the MazBot account, and testing them."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, saved
from whatsapp.accounts import (
    explain_diagnosis,
    explain_kind,
    note_test,
    save_account,
    test_account,
    unsaved_account,
)
from whatsapp.forms import AccountForm
from whatsapp.mazbot import Diagnosis, Step
from whatsapp.models import MazbotAccount
from whatsapp.service.webhook_url import own_webhook_url

__all__ = ["settings_mazbot", "settings_mazbot_test"]

PAGE = "whatsapp/settings_mazbot.html"


def _account(request: TenantRequest) -> MazbotAccount | None:
    return MazbotAccount.objects.filter(reseller=request.reseller).first()


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_mazbot(request: TenantRequest) -> HttpResponseBase:
    """Show and save the account; a stored secret is never sent back."""
    reseller = request.reseller
    form = AccountForm(posted(request), instance=_account(request))
    if saved(
        form,
        lambda: save_account(reseller=reseller, by=request.user, now=clock.now(), **form.cleaned_data),
        error_field="base_url",
    ):
        text = _("The MazBot account was saved. Test the connection to make sure it works.")
        return redirect_with_toast(request, text, "settings_mazbot", reseller.slug)
    return form_page(request, form, PAGE, _context(request))


def _context(request: TenantRequest) -> dict[str, Any]:
    account = _account(request)
    return {
        "account": account,
        "own_webhook_url": own_webhook_url(account) if account else "",
        "last_problem": explain_kind(account.last_error_kind) if account else "",
    }


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_mazbot_test(request: TenantRequest) -> HttpResponseBase:
    """Log in with the form's values, saved or not, and show what is wrong."""
    form = AccountForm(request.POST, instance=_account(request))
    if not form.is_valid():
        if not request.htmx:
            return form_page(request, form, PAGE, _context(request))
        return render(request, f"{PAGE}#test-result", {"form_problems": _problems(form)}, status=422)
    try:
        account = unsaved_account(reseller=request.reseller, **form.cleaned_data)
    except OperationRefused as error:
        return _result(request, form, {"form_problems": [error.message]})
    diagnosis = test_account(account=account)
    note_test(account=account, diagnosis=diagnosis, now=clock.now())
    return _result(request, form, _found(diagnosis))


def _result(request: TenantRequest, form: AccountForm, context: dict[str, Any]) -> HttpResponse:
    if request.htmx:
        return render(request, f"{PAGE}#test-result", context)
    return render(request, PAGE, {"form": form, **_context(request), **context})


def _problems(form: AccountForm) -> list[str]:
    return [
        f"{form.fields[name].label}: {text}" if name in form.fields else str(text)
        for name, texts in form.errors.items()
        for text in texts
    ]


def _found(diagnosis: Diagnosis) -> dict[str, Any]:
    """The result as text: what was tested, how far it got, and what to do."""
    names = {
        Step.ADDRESS: _("Address"),
        Step.NETWORK: _("Network"),
        Step.LOCALE: _("Locale path"),
        Step.API_KEY: _("API key"),
        Step.LOGIN: _("Sign-in"),
        Step.LIMIT: _("Request limit"),
        Step.RATES: _("First call"),
    }
    return {
        "diagnosis": diagnosis,
        "verdict": explain_diagnosis(diagnosis),
        "step": names.get(diagnosis.step, ""),
    }
