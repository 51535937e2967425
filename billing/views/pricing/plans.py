"""Plans: the page of them, adding one, new terms, archiving; and choosing the plan of a center."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.forms.plans import CenterPlanForm, PlanForm, PlanTermsForm
from billing.models import Plan
from billing.periods import today
from billing.plans import add_plan, add_terms, archive_plan, choose_plan
from billing.queries.plans import chosen_plans, listed_plans
from billing.views.pricing.charges import previewed
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, saved
from centers.web.partials import render_page

__all__ = ["center_plan", "center_plan_preview", "plan_add", "plan_archive", "plan_terms", "plans"]


@staff(Permission.VIEW_COSTS)
@require_GET
def plans(request: TenantRequest) -> HttpResponseBase:
    """Every plan with its terms, and how many centers have it."""
    day = today(request.reseller, clock.now())
    context = {"rows": listed_plans(request.reseller, day), "day": day}
    return render_page(request, "billing/plans/plans.html", context, parts=("plan-list",))


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def plan_add(request: TenantRequest) -> HttpResponseBase:
    """Add a plan."""
    now, reseller = clock.now(), request.reseller
    form = PlanForm(posted(request), currency=reseller.currency, today=today(reseller, now))
    if saved(form, lambda: add_plan(reseller=reseller, by=request.user, now=now, **form.cleaned_data)):
        text = _("The plan was added. Choose it on the page of a center, under Prices.")
        return redirect_with_toast(request, text, reverse("plans", args=[reseller.slug]))
    return form_page(request, form, "billing/plans/add.html", {})


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def plan_terms(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Give a plan new terms from a day on."""
    plan = get_object_or_404(Plan.objects.select_related("reseller"), pk=pk)
    now = clock.now()
    day = today(request.reseller, now)
    form = PlanTermsForm(posted(request), currency=plan.currency, today=day)
    if saved(form, lambda: add_terms(plan=plan, by=request.user, now=now, **form.cleaned_data)):
        return redirect_with_toast(
            request, _("The new terms were saved."), reverse("plans", args=[request.reseller.slug])
        )
    (row,) = (one for one in listed_plans(request.reseller, day) if one.plan.pk == plan.pk)
    return form_page(request, form, "billing/plans/terms.html", {"plan": plan, "row": row})


@staff(Permission.MANAGE_PRICES)
@require_POST
def plan_archive(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Offer a plan no longer."""
    plan = get_object_or_404(Plan.objects.select_related("reseller"), pk=pk)
    done = _("“%(plan)s” was archived. Centers that have it keep it.") % {"plan": plan}
    performed(request, lambda: archive_plan(plan=plan, by=request.user, now=clock.now()), done)
    return redirect("plans", request.reseller.slug)


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def center_plan(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Choose the plan of a center from a day on."""
    center = _center(pk)
    now = clock.now()
    form = _form(request, center, posted(request))
    if saved(form, lambda: choose_plan(center=center, by=request.user, now=now, **form.values)):
        address = reverse("center", args=[request.reseller.slug, center.pk])
        return redirect_with_toast(
            request, _("The plan of the center was saved."), f"{address}?tab=center_prices"
        )
    context = {"center": center, "chosen": chosen_plans(center, today(request.reseller, now))}
    return form_page(request, form, "billing/plans/center.html", context)


@staff(Permission.MANAGE_PRICES)
@require_POST
def center_plan_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#change-preview`: what the plan as chosen makes of the invoice of its month; nothing is saved."""
    center = _center(pk)
    now = clock.now()
    form = _form(request, center, request.POST)
    return previewed(
        request, form, center, lambda: choose_plan(center=center, by=request.user, now=now, **form.values)
    )


def _form(request: TenantRequest, center: Center, data: Any) -> CenterPlanForm:
    day = today(request.reseller, clock.now())
    return CenterPlanForm(
        data,
        plans=Plan.objects.filter(archived_at=None),
        today=day,
        has_plan=bool(chosen_plans(center, day)),
    )


def _center(pk: int) -> Center:
    center: Center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    return center
