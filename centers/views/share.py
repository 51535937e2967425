"""Sending a link by email from the dialog beside it."""

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from centers import clock
from centers.share_mail import mail_link
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values import languages
from centers.values.fields import AddressField, LineField, LinesField
from centers.web.form_views import form_status, saved

__all__ = ["share_email"]


class ShareForm(forms.Form):
    """To whom, what it says, and in which language."""

    to = AddressField(label=_("Email"))
    subject = LineField(label=_("Subject"), max_length=200)
    text = LinesField(label=_("Message"), max_length=4000)
    language = forms.ChoiceField(choices=languages.labels, required=False)


@staff(Permission.VIEW)
@require_POST
def share_email(request: TenantRequest) -> HttpResponseBase:
    """Send it; the answer is the line below the form that says whether it was sent."""
    form = ShareForm(request.POST)
    sent = saved(
        form,
        lambda: mail_link(reseller=request.reseller, by=request.user, now=clock.now(), **form.cleaned_data),
    )
    context = {"sent_to": form.cleaned_data["to"] if sent else "", "problems": _problems(form)}
    return render(
        request, "centers/parts/share_result.html", context, status=200 if sent else form_status(form)
    )


def _problems(form: ShareForm) -> list[str]:
    """What is wrong, each with the name of its field: the errors stand below the form."""
    return [
        f"{form.fields[name].label}: {text}" if name in ("to", "subject") else str(text)
        for name, texts in form.errors.items()
        for text in texts
    ]
