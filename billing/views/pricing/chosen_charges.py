"""A charge or a discount for many chosen centers: a form, what it would do, and what was done and refused."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.charges import add_charge, add_discount
from billing.forms.charges import ChosenChargeForm, ChosenDiscountForm
from billing.models import Charge, Discount
from billing.periods import today
from billing.views.dunning.chosen_ids import chosen_centers, each
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_status, redirect_with_toast
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = ["chosen_charge", "chosen_discount"]

#: How long the same preview can't be carried out twice, in seconds.
_REMEMBERED = 24 * 3600
_LONGEST_KEY = 100
_NOT_ENTERED = ("step", "key", "csrfmiddlewaretoken")
Form = ChosenChargeForm | ChosenDiscountForm
Row = Charge | Discount


@dataclass(frozen=True, slots=True)
class Sum:
    """What the centers of one currency are charged; `amount` is None for a discount or a set-up fee."""

    currency: str
    centers: int
    amount: Decimal | None


@staff(Permission.MANAGE_PRICES)
@require_POST
def chosen_charge(request: TenantRequest) -> HttpResponseBase:
    """Charge the chosen centers."""
    return _page(request, "charge", ChosenChargeForm, add_charge)


@staff(Permission.MANAGE_PRICES)
@require_POST
def chosen_discount(request: TenantRequest) -> HttpResponseBase:
    """Give the chosen centers a discount."""
    return _page(request, "discount", ChosenDiscountForm, add_discount)


def _page(
    request: TenantRequest, kind: str, form_class: type[Any], add: Callable[..., Row]
) -> HttpResponseBase:
    """First the form, then its preview, then the result; each center is decided on its own."""
    centers = chosen_centers(request.POST)
    if not centers:
        toast(request, _("Choose at least one center."), "warning")
        return redirect("center_list", request.reseller.slug)
    now = clock.now()
    step = request.POST.get("step", "")
    form: Form = form_class(
        request.POST if step else None, centers=centers, today=today(request.reseller, now)
    )
    context: dict[str, Any] = {"kind": kind, "form": form, "centers": centers}
    if not form.is_valid():
        return _rendered(request, context, form_status(form))
    key, entered = request.POST.get("key", "")[:_LONGEST_KEY], _fingerprint(request.POST)
    is_final = step == "do" and key.endswith(entered)
    if is_final and not cache.add(f"chosen:{request.reseller.pk}:{key}", True, _REMEMBERED):
        text = _("This was already done. Look at the charges of the centers.")
        return redirect_with_toast(request, text, "center_list", request.reseller.slug)
    done, refused = each(
        centers,
        lambda one: add(center=one, by=request.user, now=now, **form.values_for(one)),
        keep=is_final,
    )
    context |= {"done": done, "refused": refused, "sums": _sums([row for _center, row in done])}
    if is_final:
        return render_page(request, "billing/charges/chosen_result.html", context)
    return _rendered(request, context | {"key": f"{uuid4().hex}{entered}", "is_preview": True})


def _fingerprint(posted: QueryDict) -> str:
    """Of what was entered and chosen: something else than the preview showed is shown first."""
    entered = sorted((name, posted.getlist(name)) for name in posted if name not in _NOT_ENTERED)
    return salted_hmac("markaz.chosen", json.dumps(entered)).hexdigest()


def _rendered(request: TenantRequest, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    return render_page(request, "billing/charges/chosen.html", context, status=status)


def _sums(rows: Sequence[Row]) -> list[Sum]:
    """By currency: how many centers, and what they are charged each time together."""
    counts: dict[str, int] = {}
    amounts: dict[str, Decimal | None] = {}
    for row in rows:
        currency = row.center.currency
        amount = None if isinstance(row, Discount) or row.per_number else row.amount
        before = amounts.get(currency, Decimal(0))
        counts[currency] = counts.get(currency, 0) + 1
        amounts[currency] = None if amount is None or before is None else before + amount
    return [Sum(currency, counts[currency], amounts[currency]) for currency in sorted(counts)]
