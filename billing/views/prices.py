"""MazBot's costs, margins and centers' prices; setting margins."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.forms.pricing import WIDER, MarginForm
from billing.models import Category, Margin, RateClass
from billing.periods import today
from billing.policies import reseller_policy
from billing.pricing.below_cost import BelowCost
from billing.pricing.exchange_rate_age import aged_pairs, missing_pairs
from billing.pricing.history.backdating import Backdated
from billing.pricing.losses import losing_plans, losing_prices
from billing.pricing.margin_preview import changed_lists, replaced_on
from billing.pricing.margin_versions import set_margin, withdraw_margin
from billing.pricing.price_list import PriceList
from billing.pricing.priced_alike import priced_alike
from billing.pricing.rate_currency import choose_currency, is_kept, other_currencies
from billing.pricing.rate_review import undecided
from billing.pricing.rate_types.classes import open_types
from billing.pricing.rates import country_labels, latest_moves
from billing.pricing.simulation import LastMonth, sums
from billing.views.center_chooser import CenterSearch
from billing.views.filters import Filters
from billing.views.pricing.version_pages import version_page
from centers import clock
from centers.errors import OperationRefused
from centers.models import JobRun
from centers.queue.job_runs import registered_jobs
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import day_text
from centers.web.form_views import performed
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = [
    "margin_preview",
    "margin_set",
    "prices",
    "rate_currency_choose",
    "rates_refresh",
]

PAGE = "billing/pricing/prices.html"
SHOWN_LISTS = 12
SHOWN_MOVES = 40
SHOWN_LOSSES = 6
JUDGED_PLANS = 300  # of more the alert says it, which is kept every hour
RATES_JOB = "rates"


@staff(Permission.VIEW_COSTS)
@require_GET
def prices(request: TenantRequest) -> HttpResponseBase:
    """The price list of a country (`country`) or of a center (`center`), and the margins behind them."""
    price_list = PriceList(request.reseller, _today(request))
    return _page(request, price_list, _margin_form(request, price_list))


@staff(Permission.MANAGE_PRICES)
@require_POST
def margin_set(request: TenantRequest) -> HttpResponseBase:
    """Add a version of a margin."""
    price_list = PriceList(request.reseller, _today(request))
    form = _margin_form(request, price_list, request.POST)
    if form.is_valid():
        common = {"reseller": request.reseller, "by": request.user, "now": clock.now(), **form.place}
        common |= {"confirmation": form.cleaned_data["confirm"]}
        common |= {"confirmed_days": form.cleaned_data["confirm_days"]}
        try:
            margin = withdraw_margin(**common) if form.withdraws else set_margin(**common, **form.amounts)
        except BelowCost as below:
            form.ask(below.loss)
        except Backdated as asked:
            form.ask_days(asked.backdating)
        except OperationRefused as error:
            form.add_error(None, error.message)
        else:
            done = _("The margin was set. It applies from %(day)s.")
            if margin.withdrawn:
                done = _("The margin was removed. The more general one applies from %(day)s.")
            toast(request, done % {"day": day_text(margin.valid_from)})
            return redirect("prices", request.reseller.slug)
    return _page(request, price_list, form, status=422)


@staff(Permission.MANAGE_PRICES)
@require_POST
def margin_preview(request: TenantRequest) -> HttpResponseBase:
    """`#margin-preview`: the prices before and after the typed margin, with nothing saved."""
    form = _margin_form(request, PriceList(request.reseller, _today(request)), request.POST)
    if not form.is_valid():
        return render(request, f"{PAGE}#margin-preview", {"incomplete": True})
    margin = form.unsaved_margin(request.reseller)
    price_list = PriceList(request.reseller, max(margin.valid_from, _today(request)))
    # As in the list to choose from; countries that have left it come after those, and all other countries last.
    places = {country: place for place, country in enumerate(form.countries)}
    lists = sorted(
        changed_lists(price_list, margin),
        key=lambda one: (not one.country, places.get(one.country, len(places)), one.country),
    )
    context = {
        "effects": _effects(request, margin),
        "lists": lists[:SHOWN_LISTS],
        "more": max(0, len(lists) - SHOWN_LISTS),
        "previewed": True,
        "withdraws": form.withdraws,
        "until": replaced_on(margin),
    }
    return render(request, f"{PAGE}#margin-preview", context)


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def rate_currency_choose(request: TenantRequest) -> HttpResponseBase:
    """Say in which currency MazBot counts usage."""
    currency = request.POST.get("currency", "")
    about: dict[str, Any] = {"reseller": request.reseller, "by": request.user, "now": clock.now()}
    text = _("Usage is counted in %(currency)s.") % {"currency": currency}
    performed(request, lambda: choose_currency(**about, currency=currency), text)
    return redirect("prices", request.reseller.slug)


@staff(Permission.MANAGE_PRICES)
@require_POST
def rates_refresh(request: TenantRequest) -> HttpResponseBase:
    """Have the workers fetch all lists; the page shows the result automatically."""
    with suppress(OperationRefused):  # already running
        registered_jobs()[RATES_JOB].enqueue(request.reseller.pk)
    toast(
        request,
        _("The rates are being updated from MazBot. They appear on this page as soon as they arrive."),
        "info",
    )
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("prices", request.reseller.slug)


def _effects(request: TenantRequest, margin: Margin) -> list[tuple[str, Decimal, Decimal]]:
    """Currency, profit now and profit then, on last month's usage; empty if the margin changes none."""
    month = LastMonth(request.reseller, _today(request), margin.category)
    rows = [row for row in month.with_margin(margin) if row.difference]
    now, then = sums(rows, "profit_now"), sums(rows, "profit_then")
    return [(currency, amount, then[currency]) for currency, amount in sorted(now.items())]


def _today(request: TenantRequest) -> date:
    return today(request.reseller, clock.now())


def _here(request: TenantRequest) -> str:
    posted = request.method == "POST"
    return reverse("prices", args=[request.reseller.slug]) if posted else request.get_full_path()


def _margin_form(request: TenantRequest, price_list: PriceList, data: Any = None) -> MarginForm:
    """The form, with initial values from the query and from the margin in force there on the price list's day."""
    day, margins = price_list.day, price_list.margins
    asked = _asked(request)
    category = asked.get("category", Category.MESSAGE)
    center = asked.get("center")
    current = (
        margins.find(category, center, day)
        if center
        else margins.of_country(category, asked.get("country_id", ""), day)
    )
    amounts = {"percent": current.percent, "fixed": current.fixed} if current else {}
    initial = asked | {name: format(value.normalize(), "f") for name, value in amounts.items()}
    initial |= {name: request.GET[name] for name in ("percent", "fixed") if asked and name in request.GET}
    return MarginForm(data, initial=initial, countries=country_labels(request.reseller), today=day)


def _asked(request: TenantRequest) -> dict[str, Any]:
    """`level` with its `center` or `country`, `category` and `terms` of the query; empty without a level."""
    query = request.GET
    asked: dict[str, Any] = {}
    if query.get("level") == Margin.Level.RESELLER:
        asked = {"level": Margin.Level.RESELLER}
    elif query.get("level") == Margin.Level.CENTER:
        asked = {"level": Margin.Level.CENTER, "center": Filters.read(query, []).center}
    elif query.get("level") == Margin.Level.COUNTRY:
        asked = {"level": Margin.Level.COUNTRY, "country_id": query.get("country", "")}
    if asked and query.get("category") in Category.values:
        asked["category"] = query["category"]
    if asked and query.get("terms") == WIDER:
        asked["terms"] = WIDER
    return asked


def _page(
    request: TenantRequest, price_list: PriceList, form: MarginForm, *, status: int = 200
) -> HttpResponse:
    countries = form.countries
    search = CenterSearch.of(request)
    center = search.center
    country = request.GET.get("country", "")
    country = country if country in countries else next(iter(countries), "")
    usage_currency, other = other_currencies(request.reseller, price_list)
    policy = reseller_policy(request.reseller)
    shown = price_list.country_id(center) if center else country
    context = {
        # An invalid form is shown under the URL that only accepts POST.
        "here": _here(request),
        "rows": price_list.for_center(center) if center else price_list.for_country(country),
        "center": center,
        "country": country,
        "countries": countries.items(),
        "country_label": countries.get(country, ""),
        "search": search,
        "fetched_at": price_list.read_at(shown),
        **_warnings(price_list),
        "usage_currency": usage_currency,
        "other_currencies": other,
        "currencies_kept": is_kept(policy, usage_currency, other),
        "undecided": undecided(request.reseller),
        "run": JobRun.objects.filter(job=RATES_JOB).order_by("-started_at", "-pk").first(),
        "margins": _history(request, price_list),
        "categories": RateClass.choices,
        "open_types": open_types(price_list),
        "ignored": price_list.ignored(shown),
        "policy": policy,
        "form": form,
    }
    return render_page(request, PAGE, context, parts=("price-list",), status=status)


def _warnings(price_list: PriceList) -> dict[str, Any]:
    """What the rates in force do to prices of all centers."""
    alike = priced_alike(price_list)
    centers = [kind.center for kind in alike]
    moves, count = latest_moves(price_list, SHOWN_MOVES, alike)
    return {
        "losses": losing_prices(price_list, SHOWN_LOSSES, alike),
        "losing_plans": losing_plans(price_list, up_to=JUDGED_PLANS),
        "missing": missing_pairs(price_list, centers),
        "aged": aged_pairs(price_list, centers),
        "moves": moves,
        "more_moves": count - len(moves),
    }


def _history(request: TenantRequest, price_list: PriceList) -> Any:
    """A page of all versions of margins, as they stand on the price list's day."""
    return version_page(
        Margin.objects.select_related("center", "created_by"),
        request.GET,
        place=("category", "level", "center", "country_id"),
        valid_from="valid_from",
        today=price_list.day,
    )
