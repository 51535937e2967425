"""Prices: the lists, margins with their preview, categories, refreshing, exchange rates."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.models import ExchangeRate, Margin, RateCategory, RateClass
from billing.policies import save_policy
from centers.models import AuditEntry
from centers.queue.job_runs import registered_jobs
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk, add_rates

MARGIN = {
    "level": "reseller",
    "category": "message",
    "terms": "own",
    "percent": "50",
    "fixed": "0",
    "valid_from": "2026-03-05",
    "country_id": "",
    "center": "",
}


def _margins(desk: Desk) -> list[Margin]:
    with tenant(desk.shop.reseller):
        return list(Margin.objects.order_by("-pk"))


def test_the_list_shows_cost_margin_and_price(desk: Desk) -> None:
    page = desk.as_(desk.billing).get(desk.url("prices/?country=1")).content.decode()
    assert "91,827.36" in page
    assert "101,010.096" in page
    assert "monthly_subscription" in page


def test_a_centers_list_is_in_its_own_currency(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        other = desk.shop.new_center(currency="LYD", country_id="1")
    page = desk.as_(desk.owner).get(desk.url(f"prices/?center={other.pk}")).content.decode()
    assert "No exchange rate" in page
    assert "USD → LYD" in page


def test_a_center_is_found_by_name(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        other = desk.shop.new_center(name="Waha", contact_name="Salma")
    client = desk.as_(desk.owner)
    for text in ("waha", "SALMA"):
        page = client.get(desk.url(f"prices/?q={text}")).content.decode()
        assert f"prices/?center={other.pk}" in page
    assert "No matching centers" in client.get(desk.url("prices/?q=nowhere")).content.decode()
    theirs = client.get(desk.url(f"prices/?q={desk.other.center.name}&center={desk.other.center.pk}"))
    assert (list(theirs.context["search"].found), theirs.context["center"]) == ([], None)


def test_only_the_list_is_answered_to_its_own_refresh(desk: Desk, htmx: dict[str, Any]) -> None:
    headers = {**htmx, "HX-Target": "price-list"}
    page = desk.as_(desk.owner).get(desk.url("prices/"), headers=headers).content.decode()
    assert 'id="price-list"' in page
    assert "<html" not in page


def test_a_margin_is_set_and_traced(desk: Desk) -> None:
    response = desk.as_(desk.billing).post(desk.url("prices/margin/"), MARGIN)
    assert response.status_code == 302
    margin = _margins(desk)[0]
    assert (margin.percent, margin.level, margin.created_by_id) == (Decimal(50), "reseller", desk.billing.pk)
    with tenant(desk.shop.reseller):
        assert AuditEntry.objects.filter(action="margin.set", actor=desk.billing).count() == 1


def test_a_double_click_sets_one_margin(desk: Desk) -> None:
    before = len(_margins(desk))
    for _click in range(2):
        desk.as_(desk.owner).post(desk.url("prices/margin/"), MARGIN)
    assert len(_margins(desk)) == before + 1


def test_fields_that_are_not_offered_change_nothing(desk: Desk) -> None:
    extra = {"reseller": desk.foreign.reseller_id, "created_by": desk.stranger.pk, "id": "1", "pk": "1"}
    desk.as_(desk.owner).post(desk.url("prices/margin/"), MARGIN | extra)
    margin = _margins(desk)[0]
    assert (margin.reseller_id, margin.created_by_id) == (desk.shop.reseller.pk, desk.owner.pk)


def test_a_foreign_center_gets_no_margin(desk: Desk) -> None:
    before = len(_margins(desk))
    data = MARGIN | {"level": "center", "center": desk.foreign.center_id}
    assert desk.as_(desk.owner).post(desk.url("prices/margin/"), data).status_code == 422
    assert len(_margins(desk)) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("percent", "-101"),
        ("percent", "NaN"),
        ("percent", "1.12345"),
        ("fixed", "Infinity"),
        ("category", "x"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(desk: Desk, field: str, value: str) -> None:
    before = len(_margins(desk))
    response = desk.as_(desk.owner).post(
        desk.url("prices/margin/"), MARGIN | {field: value, "fixed": "0.5"} | {field: value}
    )
    assert response.status_code == 422
    assert "is-invalid" in response.content.decode()
    assert len(_margins(desk)) == before


def test_the_preview_shows_prices_and_saves_nothing(desk: Desk, htmx: dict[str, Any]) -> None:
    before = len(_margins(desk))
    page = (
        desk.as_(desk.owner).post(desk.url("prices/margin/preview/"), MARGIN, headers=htmx).content.decode()
    )
    assert "101,010.096" in page
    assert "137,741.04" in page
    assert "monthly_subscription" not in page
    assert len(_margins(desk)) == before


def test_the_preview_warns_of_a_loss(desk: Desk, htmx: dict[str, Any]) -> None:
    page = desk.as_(desk.owner).post(
        desk.url("prices/margin/preview/"), MARGIN | {"percent": "-5"}, headers=htmx
    )
    assert "Below cost" in page.content.decode()


def test_a_margin_of_its_own_is_withdrawn_with_a_look_at_what_it_moves(
    desk: Desk, htmx: dict[str, Any]
) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.margin("50", center=desk.center)
    client = desk.as_(desk.billing)
    page = client.get(desk.url("prices/")).content.decode()
    button = f"level=center&amp;center={desk.center.pk}&amp;category=message&amp;terms=wider#set-margin"
    assert button in page
    form = client.get(desk.url(f"prices/?level=center&center={desk.center.pk}&terms=wider")).content.decode()
    assert '<option value="wider" selected>' in form
    data = MARGIN | {
        "level": "center",
        "center": desk.center.pk,
        "terms": "wider",
        "percent": "",
        "fixed": "",
    }
    preview = client.post(desk.url("prices/margin/preview/"), data, headers=htmx).content.decode()
    assert "Prices after the margin is removed" in preview
    assert "137,741.04" in preview
    assert "101,010.096" in preview
    assert not _margins(desk)[0].withdrawn

    assert client.post(desk.url("prices/margin/"), data).status_code == 302

    assert (_margins(desk)[0].withdrawn, _margins(desk)[0].center_id) == (True, desk.center.pk)
    after = client.get(desk.url("prices/")).content.decode()
    assert "removed" in after
    assert button not in after
    again = client.post(desk.url("prices/margin/"), data | {"valid_from": "2026-03-06"})
    assert again.status_code == 422
    assert "no margin of its own" in again.content.decode()


def test_the_margin_for_all_cannot_be_withdrawn(desk: Desk) -> None:
    response = desk.as_(desk.owner).post(desk.url("prices/margin/"), MARGIN | {"terms": "wider"})
    assert response.status_code == 422
    assert "no other margin would apply" in response.content.decode()


def test_the_preview_names_the_version_that_takes_over_later(desk: Desk, htmx: dict[str, Any]) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.margin("50", country_id="1", valid_from=date(2026, 4, 1))
    data = MARGIN | {"level": "country", "country_id": "1"}
    client = desk.as_(desk.owner)
    page = client.post(desk.url("prices/margin/preview/"), data, headers=htmx).content.decode()
    assert "1 Apr 2026" in page
    other = client.post(desk.url("prices/margin/preview/"), MARGIN, headers=htmx).content.decode()
    assert "1 Apr 2026" not in other


@pytest.mark.parametrize(
    "query", ["level=center", "level=center&center=²", "level=country&country=%00", "level=x"]
)
def test_an_address_that_asks_for_nothing_known_shows_the_form_for_all(desk: Desk, query: str) -> None:
    assert desk.as_(desk.owner).get(desk.url(f"prices/?{query}&terms=wider&category=x")).status_code == 200


def test_a_changed_rate_shows_what_it_moves(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        add_rates(desk.shop, text="100000", monthly_subscription="9")
    page = desk.as_(desk.owner).get(desk.url("prices/")).content.decode()
    assert "latest rate update" in page
    assert "110,000" in page


def test_a_price_below_its_cost_is_named(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.margin("-20", center=desk.center)
    page = desk.as_(desk.owner).get(desk.url("prices/")).content.decode()
    assert "Prices below cost" in page


def test_a_type_is_put_into_another_category(desk: Desk) -> None:
    data = {"type": "text", "category": "month"}
    desk.as_(desk.owner).post(desk.url("prices/types/class/"), data)
    with tenant(desk.shop.reseller):
        assert RateCategory.objects.get().category == "subscription"
        desk.as_(desk.owner).post(desk.url("prices/types/class/"), data | {"category": "free"})
        assert RateCategory.objects.get().category == "subscription"


def test_refresh_is_handed_to_the_workers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, htmx: dict[str, Any]
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("billing.views.prices.registered_jobs", lambda: {"rates": _Job(asked)})
    assert desk.as_(desk.support).post(desk.url("prices/refresh/")).status_code == 403
    response = desk.as_(desk.billing).post(desk.url("prices/refresh/"), headers=htmx)
    assert response.status_code == 204
    assert asked == [desk.shop.reseller.pk]
    assert {"rates", "invoices"} <= set(registered_jobs())


class _Job:
    def __init__(self, asked: list[int]) -> None:
        self.enqueue = asked.append


def test_an_exchange_rate_is_entered_and_the_missing_come_first(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.new_center(currency="LYD", country_id="1")
    client = desk.as_(desk.billing)
    assert "Missing rates" in client.get(desk.url("exchange-rates/")).content.decode()
    data = {
        "base": "usd",
        "quote": "lyd",
        "rate": "4.85",
        "day": "2026-03-01",
        "entered_by": desk.stranger.pk,
    }
    assert client.post(desk.url("exchange-rates/"), data).status_code == 302
    with tenant(desk.shop.reseller):
        row = ExchangeRate.objects.get()
    assert (row.base, row.quote, row.rate, row.day) == ("USD", "LYD", Decimal("4.85"), date(2026, 3, 1))
    assert row.entered_by_id == desk.billing.pk
    assert "Missing rates" not in client.get(desk.url("exchange-rates/")).content.decode()


@pytest.mark.parametrize(
    "change",
    [{"quote": "USD"}, {"quote": "XXQ"}, {"rate": "0"}, {"rate": "-1"}, {"rate": "NaN"}, {"day": "x"}],
)
def test_a_wrong_exchange_rate_is_refused_with_what_was_typed(desk: Desk, change: dict[str, str]) -> None:
    data = {"base": "USD", "quote": "LYD", "rate": "4.85", "day": "2026-03-01"} | change
    response = desk.as_(desk.owner).post(desk.url("exchange-rates/"), data)
    assert response.status_code == 422
    with tenant(desk.shop.reseller):
        assert not ExchangeRate.objects.exists()


def test_decimals_are_typed_as_text_because_browsers_drop_a_comma_from_number_fields(desk: Desk) -> None:
    owner = desk.as_(desk.owner)
    for page, field in (
        ("prices/", "percent"),
        ("exchange-rates/", "rate"),
        ("settings/billing/", "minimum_amount"),
    ):
        html = owner.get(desk.url(page)).content.decode()
        tag = next(part for part in html.split("<input ") if f'name="{field}"' in part.partition(">")[0])
        assert 'type="text"' in tag.partition(">")[0], field
        assert 'inputmode="decimal"' in tag.partition(">")[0], field


@pytest.mark.parametrize(
    ("typed", "asked"),
    [("375", True), ("0.0375", True), ("2.7", True), ("4.8", True), ("3.8", False), ("4.5", False)],
)
def test_a_rate_far_from_the_last_one_is_typed_twice(desk: Desk, typed: str, asked: bool) -> None:
    owner, url = desk.as_(desk.owner), desk.url("exchange-rates/")
    data = {"base": "USD", "quote": "QAR", "day": "2026-03-01"}
    assert owner.post(url, data | {"rate": "3.75"}).status_code == 302, "there is none to compare it with"
    first = owner.post(url, data | {"rate": typed})
    assert first.status_code == (422 if asked else 302)
    if asked:
        assert "The last rate is 3.75. If" in first.content.decode()
        assert owner.post(url, data | {"rate": typed, "rate_again": "3.75"}).status_code == 422
        assert owner.post(url, data | {"rate": typed, "rate_again": typed}).status_code == 302
    with tenant(desk.shop.reseller):
        rates = ExchangeRate.objects.filter(quote="QAR").order_by("pk").values_list("rate", flat=True)
        assert list(rates) == [Decimal("3.75"), Decimal(typed)]


@pytest.mark.parametrize("typed", ["0", "-1", "-3.75"])
def test_a_rate_that_is_not_above_zero_is_not_asked_for_again(desk: Desk, typed: str) -> None:
    owner, url = desk.as_(desk.owner), desk.url("exchange-rates/")
    data = {"base": "USD", "quote": "QAR", "day": "2026-03-01"}
    assert owner.post(url, data | {"rate": "3.75"}).status_code == 302
    page = owner.post(url, data | {"rate": typed})
    assert page.status_code == 422
    html = page.content.decode()
    assert "must be above zero" in html
    assert "type it once more" not in html


def test_the_opposite_pair_is_compared_too(desk: Desk) -> None:
    owner, url = desk.as_(desk.owner), desk.url("exchange-rates/")
    day = {"day": "2026-03-01"}
    assert owner.post(url, day | {"base": "USD", "quote": "QAR", "rate": "4"}).status_code == 302
    assert owner.post(url, day | {"base": "QAR", "quote": "USD", "rate": "4"}).status_code == 422
    assert owner.post(url, day | {"base": "QAR", "quote": "USD", "rate": "0.27"}).status_code == 302


def test_old_exchange_rates_are_a_line_on_the_prices_page(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.new_center(currency="LYD", country_id="1")
    data = {"base": "USD", "quote": "LYD", "rate": "4.85", "day": "2020-01-01"}
    owner = desk.as_(desk.owner)
    assert owner.post(desk.url("exchange-rates/"), data).status_code == 302
    for place in ("prices/", "exchange-rates/"):
        page = owner.get(desk.url(place)).content.decode()
        assert "Exchange rates out of date" in page
        assert "Blocks invoices" in page
        assert "?base=USD&amp;quote=LYD" in page
    assert desk.as_(desk.support).get(desk.url("alerts/")).content.decode().count("Enter a current one") == 1
    owner.post(desk.url("exchange-rates/"), data | {"day": "2026-03-05"})
    assert "Exchange rates out of date" not in owner.get(desk.url("prices/")).content.decode()
    assert "Enter a current one" not in owner.get(desk.url("alerts/")).content.decode()


def test_the_age_limits_are_billing_rules(desk: Desk) -> None:
    page = desk.as_(desk.owner).get(desk.url("settings/billing/"))
    assert page.context["form"]["exchange_warn_days"].value() == 35
    assert page.context["form"]["exchange_block_days"].value() == 95


def test_a_margin_below_cost_is_set_after_typing_what_it_loses(desk: Desk) -> None:
    owner, before = desk.as_(desk.owner), len(_margins(desk))
    asked = owner.post(desk.url("prices/margin/"), MARGIN | {"percent": "-100"})
    assert asked.status_code == 422
    phrase = asked.context["form"].loss.phrase
    page = asked.content.decode()
    assert phrase == "1 center, 91827.36 USD a month"
    assert "By last month" in page
    assert page.count(phrase) == 1
    assert 'name="confirm"' in page
    wrong = owner.post(desk.url("prices/margin/"), MARGIN | {"percent": "-100", "confirm": "yes"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["confirm"]
    assert len(_margins(desk)) == before
    done = owner.post(desk.url("prices/margin/"), MARGIN | {"percent": "-100", "confirm": phrase})
    assert done.status_code == 302
    assert _margins(desk)[0].percent == -100
    assert "Al Noor Clinic" in owner.get(desk.url("alerts/?kind=below_cost")).content.decode()


def test_nothing_is_to_be_typed_before_a_margin_loses(desk: Desk) -> None:
    assert 'name="confirm"' not in desk.as_(desk.owner).get(desk.url("prices/")).content.decode()


def test_how_often_a_subscription_is_charged_is_chosen_and_stated(desk: Desk) -> None:
    owner = desk.as_(desk.owner)
    url = desk.url("prices/?country=1")
    assert "charged per day, from the day" in owner.get(url).content.decode()
    chosen = {"type": "monthly_subscription", "category": "year"}
    assert owner.post(desk.url("prices/types/class/"), chosen).status_code == 302
    with tenant(desk.shop.reseller):
        row = RateCategory.objects.get()
        save_policy(
            reseller=desk.shop.reseller,
            by=None,
            now=NOW,
            subscription_type=row.type,
            subscription_share="full",
        )
    assert (row.category, row.interval) == ("subscription", "year")
    page = owner.get(url).content.decode()
    assert str(RateClass.YEAR.label) in page
    assert "Each number is charged" in page
    assert "charged in full for every month" in page
    assert "Per number per year" in desk.as_(desk.admin).get(desk.portal("prices/")).content.decode()
