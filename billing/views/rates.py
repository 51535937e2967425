"""MazBot's rate lists: what moved when, what that makes for the centers, and deciding about a list that waits."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.forms.pricing import RatesConfirmForm
from billing.models import Rate, RateFetch
from billing.pricing.below_cost import BelowCost
from billing.pricing.rate_changes import RateChange, rate_changes
from billing.pricing.rate_review import Review, confirm_rates, is_undecided, list_before, refuse_rates
from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_status, performed, redirect_with_toast
from centers.web.paging import keyset
from centers.web.partials import render_page

__all__ = ["rate_list", "rate_list_confirm", "rate_list_refuse", "rate_lists"]

PAGE_SIZE = 25
SHOWN_MOVES = 60


@staff(Permission.VIEW_COSTS)
@require_GET
def rate_lists(request: TenantRequest) -> HttpResponseBase:
    """Every list that differed from the one before it, newest first, with what moved."""
    before = RateFetch.objects.filter(
        country_id=OuterRef("country_id"), state=RateFetch.State.APPLIED, pk__lt=OuterRef("pk")
    )
    lists = RateFetch.objects.annotate(before=Subquery(before.order_by("-pk").values("pk")[:1]))
    page = keyset(
        lists.select_related("decided_by"),
        request.GET,
        orders={"when": ("-first_fetched_at", "-pk")},
        default="when",
        size=PAGE_SIZE,
    )
    context = {"page": page, "rows": _with_changes(list(page.rows))}
    return render_page(request, "billing/pricing/rate_lists.html", context, parts=("rate-lists",))


@staff(Permission.VIEW_COSTS)
@require_GET
def rate_list(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One list: its rates old and new, the prices that move and by how much per month, and the decision."""
    return _page(request, _fetch(pk), None)


@staff(Permission.MANAGE_PRICES)
@require_POST
def rate_list_confirm(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Have a list that waits (or was refused) apply."""
    fetch = _fetch(pk)
    form = RatesConfirmForm(request.POST)
    if form.is_valid():
        typed = form.cleaned_data["confirm"]
        try:
            confirm_rates(fetch=fetch, by=request.user, now=clock.now(), confirmation=typed)
        except BelowCost as below:
            form.ask(below.loss)
        except OperationRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            text = _("The new rates apply from now on.")
            return redirect_with_toast(request, text, "rate_list", request.reseller.slug, fetch.pk)
    return _page(request, fetch, form)


@staff(Permission.MANAGE_PRICES)
@require_POST
def rate_list_refuse(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Keep the previous rates."""
    fetch = _fetch(pk)
    performed(
        request,
        lambda: refuse_rates(fetch=fetch, by=request.user, now=clock.now()),
        _("The previous rates still apply. You won't be asked about this list again."),
    )
    return redirect("rate_list", request.reseller.slug, fetch.pk)


def _fetch(pk: int) -> RateFetch:
    fetch: RateFetch = get_object_or_404(RateFetch.objects.select_related("reseller", "decided_by"), pk=pk)
    return fetch


def _page(request: TenantRequest, fetch: RateFetch, form: RatesConfirmForm | None) -> HttpResponse:
    can_decide = is_undecided(fetch)
    review = Review.of(fetch, clock.now() if can_decide else fetch.applies_from)
    form = form or RatesConfirmForm()
    form.loss = form.loss or (review.loss if can_decide else None)
    context = {
        "fetch": fetch,
        "before": list_before(fetch),
        "review": review,
        "moves": review.moves[:SHOWN_MOVES],
        "more_moves": max(0, len(review.moves) - SHOWN_MOVES),
        "can_decide": can_decide,
        "form": form,
    }
    return render_page(request, "billing/pricing/rate_list.html", context, status=form_status(form))


def _with_changes(fetches: list[Any]) -> list[tuple[RateFetch, list[RateChange]]]:
    """Each list with its changes against the one before it; the first of a country has none."""
    needed = {fetch.pk for fetch in fetches} | {fetch.before for fetch in fetches if fetch.before}
    rates: dict[int, list[Rate]] = {}
    for rate in Rate.objects.filter(fetch__in=needed).order_by("pk"):
        rates.setdefault(rate.fetch_id, []).append(rate)
    found = []
    for fetch in fetches:
        old, new = rates.get(fetch.before, []), rates.get(fetch.pk, [])
        found.append((fetch, rate_changes(old, new) if old else []))
    return found
