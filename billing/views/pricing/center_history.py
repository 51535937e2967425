"""A center's country and currency over time, how its prices changed, and changing them from a day on."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.forms.center_changes import CenterChangeForm, days_asked
from billing.models import CenterVersion
from billing.periods import today
from billing.pricing.history.center_changes import (
    change_center,
    moved_days,
    suggested_day,
    unsaved_version,
)
from billing.pricing.history.plan_prices import PlanChange
from billing.pricing.price_list import PriceList
from billing.pricing.rate_types.known import type_name
from billing.pricing.versions import Version, versions
from billing.queries.portal_history import PortalChangeDay, portal_price_changes
from billing.views.pricing.price_files import plan_rows
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import day_text
from centers.web.exports import Money, export
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown
from centers.web.partials import render_page

PAGE = "billing/pricing/history/center_change.html"
Name = CenterVersion.Name


@staff(Permission.VIEW_COSTS)
@require_GET
def center_price_history(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The versions of country and currency, and the days on which prices change."""
    center = _center(pk)
    now = clock.now()
    rows = list(CenterVersion.objects.filter(center=center).select_related("created_by"))
    context = {
        "center": center,
        "fields": [(name, getattr(center, name.column), _versions(rows, name, now)) for name in Name],
        "days": portal_price_changes(center, now),
    }
    return render_page(request, "billing/pricing/history/center_history.html", context, parts=("history",))


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def center_change(request: TenantRequest, pk: int, name: str) -> HttpResponseBase:
    """Have another country or currency apply from a day on; past days ask to type what that comes to."""
    center, form = _form(request, pk, name, posted(request))
    if form.is_valid():
        values = {field: form.cleaned_data[field] for field in ("value", "valid_from")}
        values |= {"confirmation": form.cleaned_data["confirm_days"], "by": request.user, "now": clock.now()}
        with refusal_shown(form), days_asked(form):
            change_center(center=center, name=name, **values)
            text = _("Saved. It applies from %(day)s.") % {"day": day_text(values["valid_from"])}
            return redirect_with_toast(request, text, "center_price_history", request.reseller.slug, pk)
    return form_page(request, form, PAGE, {"center": center, "name": Name(name)})


@staff(Permission.MANAGE_PRICES)
@require_POST
def center_change_preview(request: TenantRequest, pk: int, name: str) -> HttpResponseBase:
    """`#change-preview`: the prices before and after, and what days that are over would cost; nothing is saved."""
    center, form = _form(request, pk, name, request.POST)
    context: dict[str, Any] = {"incomplete": True}
    if form.is_valid():
        try:
            new = unsaved_version(center, name, form.cleaned_data["value"], form.cleaned_data["valid_from"])
        except OperationRefused as refusal:
            context = {"refused": refusal.message}
        else:
            context = {"rows": _before_and_after(center, new), "over": moved_days(new, clock.now())}
    return render(request, f"{PAGE}#change-preview", context)


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_price_changes_export(request: TenantRequest, pk: int, fmt: str) -> HttpResponseBase:
    """How the center's prices changed, as it may see it, as a file."""
    return _export(request, portal_price_changes(_center(pk), clock.now()), fmt)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_price_changes_export(request: PortalRequest, fmt: str) -> HttpResponseBase:
    """How the center's prices changed, as a file."""
    return _export(request, portal_price_changes(request.center, clock.now()), fmt)


def _export(request: Any, days: list[PortalChangeDay], fmt: str) -> HttpResponseBase:
    header = [_("Valid from"), _("Type"), _("Unit"), _("Price before"), _("Currency before"), _("Price")]
    header += [_("Currency"), _("Name"), _("Included messages before"), _("Included messages")]

    def cells() -> Iterator[list[Any]]:
        for one in days:
            for values in _plan_cells(one.plan) if one.plan else ():
                yield [one.day, *values]
            for row in one.changes:
                before = Money(row.before, row.currency_before, exact=True) if row.currency_before else ""
                after = Money(row.after, row.currency, exact=True) if row.currency else ""
                about = [row.currency, type_name(row.type), "", ""]
                yield [one.day, row.type, row.unit, before, row.currency_before, after, *about]

    return export(request, fmt, "price-changes", header, cells())


def _plan_cells(change: PlanChange) -> Iterator[list[Any]]:
    """What a change of the plan changes: the price of the month, and that of each message beyond."""
    before = {row[0]: (row, about) for row, about in plan_rows(change.before)}
    after = {row[0]: (row, about) for row, about in plan_rows(change.after)}
    none: tuple[list[Any], list[Any]] = (["", "", "", ""], ["", ""])
    for kind in dict.fromkeys([*before, *after]):
        was, then = before.get(kind, none), after.get(kind, none)
        if was != then:
            unit, name = then[0][1] or was[0][1], then[1][0] or was[1][0]
            yield [kind, unit, *was[0][2:], *then[0][2:], name, was[1][1], then[1][1]]


def _form(request: TenantRequest, pk: int, name: str, data: Any) -> tuple[Center, CenterChangeForm]:
    center = _center(pk)
    initial = {"valid_from": suggested_day(center, name, clock.now())}
    return center, CenterChangeForm(data, initial=initial, center=center, name=name)


def _before_and_after(center: Center, new: CenterVersion) -> list[tuple[str, Any, Any]]:
    """Each type with its price row before and after; None where a list doesn't have it."""
    first: date = new.valid_from or date.min
    price_list = PriceList(center.reseller, max(first, today(center.reseller, clock.now())), center=center)
    before = {row.type: row for row in price_list.for_center(center)}
    price_list.margins = price_list.margins.with_centers(price_list.centers.plus(new))
    after = {row.type: row for row in price_list.for_center(center)}
    return [(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])]


def _versions(rows: list[CenterVersion], name: str, now: Any) -> list[Version[CenterVersion]]:
    own = [row for row in rows if row.name == name]
    return versions(
        own,
        place=lambda row: row.name,
        valid_from=lambda row: row.valid_from or date.min,
        today=today(own[0].center.reseller, now) if own else date.min,
    )


def _center(pk: int) -> Center:
    center: Center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    return center
