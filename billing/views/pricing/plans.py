"""Plans: the page of them, adding one, new terms, archiving; and choosing the plan of a center."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.forms.confirmation import loss_asked
from billing.forms.plans import CenterPlanForm, PlanForm, PlanTermsForm
from billing.models import Plan, PlanTerms
from billing.periods import today
from billing.plans import (
    add_plan,
    add_terms,
    archive_plan,
    choose_plan,
    holders,
    loss_of_choice,
    loss_of_terms,
)
from billing.queries.plans import chosen_plans, listed_plans
from billing.tax.own import own_tax
from billing.views.pricing.charges import previewed
from billing.views.pricing.effects import Effect, effect_of, undone
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, saved
from centers.web.partials import render_page

__all__ = [
    "center_plan",
    "center_plan_preview",
    "plan_add",
    "plan_archive",
    "plan_terms",
    "plan_terms_preview",
    "plans",
]

# Centers whose invoices the preview of new terms drafts.
SHOWN = 5


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
    form = PlanForm(
        posted(request), reseller=reseller, currency=reseller.currency, today=today(reseller, now)
    )
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
    form = _terms_form(request, plan, posted(request))
    if _saved(form, lambda: add_terms(plan=plan, by=request.user, now=now, **form.values)):
        return redirect_with_toast(
            request, _("The new terms were saved."), reverse("plans", args=[request.reseller.slug])
        )
    return form_page(request, form, "billing/plans/terms.html", {"plan": plan})


@staff(Permission.MANAGE_PRICES)
@require_POST
def plan_terms_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#change-preview`: invoices of centers with the plan before and after the terms; nothing is saved."""
    plan = get_object_or_404(Plan.objects.select_related("reseller"), pk=pk)
    now = clock.now()
    form = _terms_form(request, plan, request.POST)
    context: dict[str, Any] = {}
    if form.is_valid():
        context = _effects_of_terms(plan, {**form.values, "by": request.user, "now": now})
    return render(request, "billing/plans/terms_preview.html", context)


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
    if _saved(form, lambda: choose_plan(center=center, by=request.user, now=now, **form.values)):
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

    def choose() -> None:
        choose_plan(center=center, by=request.user, now=now, **{**form.values, "confirmation": None})

    loss = None
    if form.is_valid() and form.values["plan"]:
        loss = loss_of_choice(center, form.values["plan"], form.values["day"], form.values["until"], now)
    return previewed(request, form, center, choose, loss=loss)


def _saved(form: PlanTermsForm | CenterPlanForm, operation: Callable[[], object]) -> bool:
    """Whether the form is valid and `operation` was done; if it sells below cost, the form asks to type the loss."""

    def asking() -> None:
        with loss_asked(form):
            operation()

    return saved(form, asking) and form.loss is None


def _effects_of_terms(plan: Plan, values: dict[str, Any]) -> dict[str, Any]:
    """What the terms make of invoices of the first centers by name, what they lose with all; or the refusal."""
    day = values["day"]
    centers = sorted(holders(plan, day), key=lambda center: (str(center), center.pk))
    shown: list[tuple[Center, Effect | None, str]] = []
    try:
        # First without any center: what is refused of the terms themselves isn't said once for each.
        undone(lambda: add_terms(plan=plan, **{**values, "confirmation": None}, among=()))
        for center in centers[:SHOWN]:
            shown.append(_effect_of_terms(plan, values, center))
    except OperationRefused as refusal:
        return {"refused": refusal.message}
    entry: Any = {name: value for name, value in values.items() if name.startswith("tax_")}
    terms = PlanTerms(
        plan=plan,
        valid_from=day,
        price=values["amount"],
        included=values["included"],
        beyond=values["beyond"],
        **own_tax(None, entry),
    )
    more = max(0, len(centers) - SHOWN)
    return {"shown": shown, "more": more, "loss": loss_of_terms(terms, centers, values["now"])}


def _effect_of_terms(plan: Plan, values: dict[str, Any], center: Center) -> tuple[Center, Effect | None, str]:
    """The center with its invoice before and after, or with what prevents that it is calculated."""
    change = partial(add_terms, plan=plan, **{**values, "confirmation": None}, among=[center])
    try:
        return center, effect_of(change, center, values["day"]), ""
    except OperationRefused as refusal:
        return center, None, str(refusal.message)


def _terms_form(request: TenantRequest, plan: Plan, data: Any) -> PlanTermsForm:
    """Begins with the tax of the latest terms: it goes on unless staff choose another one."""
    latest = plan.terms.first()
    return PlanTermsForm(
        data,
        initial=latest.tax_entry if latest and latest.tax_category else None,
        reseller=request.reseller,
        currency=plan.currency,
        today=today(request.reseller, clock.now()),
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
