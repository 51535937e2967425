"""Named rules for unpaid centers: adding, changing, deleting."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from billing.dunning.named_policies import delete_dunning_policy, save_dunning_policy
from billing.forms.dunning_policies import DunningPolicyForm
from billing.models import CenterPolicy, DunningPolicy
from billing.policies import DUNNING, reseller_policy
from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, saved
from centers.web.toasts import toast

__all__ = ["dunning_policy", "dunning_policy_add", "dunning_policy_delete"]

PAGE = "billing/dunning/policy.html"


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def dunning_policy_add(request: TenantRequest) -> HttpResponseBase:
    """Add rules for some centers; the general ones are proposed."""
    general = reseller_policy(request.reseller)
    proposed = DunningPolicy(**{name: getattr(general, name) for name in DUNNING})
    return _page(request, None, DunningPolicyForm(posted(request), instance=proposed), {})


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def dunning_policy(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Change rules, and see which centers follow them."""
    policy = get_object_or_404(DunningPolicy, pk=pk)
    rows = (
        CenterPolicy.objects.filter(dunning_policy=policy).select_related("center").order_by("center__name")
    )
    form = DunningPolicyForm(posted(request), instance=get_object_or_404(DunningPolicy, pk=pk))
    return _page(request, policy, form, {"policy": policy, "followers": rows[:200]})


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def dunning_policy_delete(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Delete rules; their centers follow the general ones again."""
    policy = get_object_or_404(DunningPolicy.objects.select_related("reseller"), pk=pk)
    name = policy.name
    try:
        count = delete_dunning_policy(policy=policy, by=request.user, now=clock.now())
    except OperationRefused as refusal:
        toast(request, refusal.message, "error")
        return redirect("dunning_policy", request.reseller.slug, pk)
    text = ngettext(
        "The rules “%(name)s” were deleted. %(n)s center follows the general rules now.",
        "The rules “%(name)s” were deleted. %(n)s centers follow the general rules now.",
        count,
    )
    return redirect_with_toast(
        request, text % {"name": name, "n": count}, "settings_billing", request.reseller.slug
    )


def _page(
    request: TenantRequest, policy: DunningPolicy | None, form: DunningPolicyForm, context: dict[str, Any]
) -> HttpResponseBase:
    def save() -> None:
        save_dunning_policy(
            reseller=request.reseller, policy=policy, by=request.user, now=clock.now(), **form.cleaned_data
        )

    if saved(form, save):
        text = _("The rules “%(name)s” were saved.") % {"name": form.cleaned_data["name"]}
        return redirect_with_toast(request, text, "settings_billing", request.reseller.slug)
    return form_page(request, form, PAGE, context)
