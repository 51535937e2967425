"""Billing and dunning rules of a reseller, and centers' exceptions."""

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.forms.policy import CenterPolicyForm, ChargedTypes, PolicyForm
from billing.models import Category, CenterPolicy, DunningPolicy, Interval
from billing.periods import today
from billing.policies import policy_for, reseller_policy, save_center_policy, save_policy
from billing.pricing.exchange_rate_age import check_exchange_rates
from billing.pricing.price_list import PriceList
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, saved

__all__ = ["center_policy", "settings_billing"]


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_billing(request: TenantRequest) -> HttpResponseBase:
    """The reseller's rules, and the centers that have their own."""
    policy = reseller_policy(request.reseller)
    types = _charged_types(request)
    form = PolicyForm(posted(request), instance=policy, types=types)

    def save() -> None:
        now = clock.now()
        save_policy(reseller=request.reseller, by=request.user, now=now, **form.cleaned_data)
        check_exchange_rates(request.reseller, now)

    if saved(form, save):
        text = _("The billing rules were saved. They apply from now on.")
        return redirect_with_toast(request, text, "settings_billing", request.reseller.slug)
    exceptions = CenterPolicy.objects.select_related("center").order_by("center__name")[:200]
    own = CenterPolicy.objects.filter(dunning_policy=OuterRef("pk")).order_by().values("dunning_policy")
    followers = Coalesce(Subquery(own.annotate(count=Count("pk")).values("count")), 0)
    context = {
        "exceptions": exceptions,
        "dunning_policies": DunningPolicy.objects.annotate(followers=followers),
    }
    return form_page(request, form, "billing/settings_billing.html", context)


@staff(Permission.MANAGE_DUNNING)
@require_http_methods(["GET", "POST"])
def center_policy(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The exceptions of one center."""
    center = get_object_or_404(Center, pk=pk)
    own = CenterPolicy.objects.filter(center=center).first()
    form = CenterPolicyForm(posted(request), policy=own, types=_charged_types(request))
    if saved(
        form,
        lambda: save_center_policy(center=center, by=request.user, now=clock.now(), **form.values()),
    ):
        text = _("The rules for %(center)s were saved.") % {"center": center}
        return redirect_with_toast(request, text, "center", request.reseller.slug, center.pk)
    context = {"center": center, "policy": policy_for(center)}
    return form_page(request, form, "billing/payments/center_policy.html", context)


def _charged_types(request: TenantRequest) -> ChargedTypes:
    """The types of all current lists that numbers can be charged."""
    price_list = PriceList(request.reseller, today(request.reseller, clock.now()))
    listed = sorted({rate.type for rates in price_list.rates.values() for rate in rates})
    per_number = [name for name in listed if price_list.category(name) == Category.SUBSCRIPTION]
    once = [name for name in per_number if price_list.interval(name) == Interval.ONCE]
    return ChargedTypes([name for name in per_number if name not in once], once)
