"""A MazBot over real HTTP returns an odd rate list: the job keeps it, pages show it, staff decide, prices follow."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from billing.jobs import rates_job, usage_job
from billing.models import FlaggedUsage, Rate, RateFetch, UsageRecord
from billing.pricing.price_list import current_rates
from centers.tenancy.scoping import tenant
from devstack.sandbox import Control, SandboxServer
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk, _march, desk
from whatsapp.models import Alert, Instance, MazbotAccount

__all__ = ["_march", "desk"]
D = Decimal
LATER = NOW + timedelta(hours=6)
LATEST = NOW + timedelta(hours=12)


@pytest.fixture
def control(desk: Desk) -> Iterator[Control]:
    """A MazBot that returned the usual rates once."""
    with SandboxServer(rate_limit=6000, clock=lambda: NOW) as server, tenant(desk.shop.reseller):
        RateFetch.objects.all().delete()
        MazbotAccount.objects.update(base_url=server.api_base, rate_limit=6000)
        rates_job(reseller=desk.shop.reseller, now=NOW)
        yield server.control


def cost(desk: Desk, country: str = "1", name: str = "marketing") -> Decimal:
    return next(rate.cost for rate in current_rates(desk.shop.reseller)[country] if rate.type == name)


def states(country: str = "1") -> list[str]:
    return list(RateFetch.objects.filter(country_id=country).order_by("pk").values_list("state", flat=True))


def open_alerts(kind: str) -> list[str]:
    return [str(row.detail) for row in Alert.objects.filter(kind=kind, resolved_at=None)]


def test_an_odd_list_waits_is_shown_and_applies_once_confirmed(desk: Desk, control: Control) -> None:
    number = desk.shop.number()
    control.add_instance("demo-key", number.instance_id, daily_messages=0)
    Instance.objects.update(created_at=NOW)
    control.set_rate("1", "marketing", D("45.5"))
    run = rates_job(reseller=desk.shop.reseller, now=LATER)
    assert (run.state, run.note) == ("done", "New rate lists that wait for confirmation: 1.")
    assert (cost(desk), states()[-1]) == (D("0.0455"), "waiting")
    (text,) = open_alerts("rates_waiting")
    assert "country 1" in text
    assert "marketing (+99,900%)" in text

    # Usage at the new rate isn't explained by the list in force.
    control.add_usage(number.instance_id, NOW.date(), sent=10, cost=D(455))
    usage_job(reseller=desk.shop.reseller, now=LATER)
    assert list(FlaggedUsage.objects.filter(resolved_at=None).values_list("flag", flat=True)) == [
        "impossible"
    ]

    fetch = RateFetch.objects.get(state="waiting")
    owner = desk.as_(desk.owner)
    prices = owner.get(desk.url("prices/?country=1")).content.decode()
    assert "wait for your confirmation" in prices
    assert desk.url(f"prices/rates/{fetch.pk}/") in prices
    assert "0.05005 USD" in prices, "the price of today, at 10 %"
    assert "50.05 USD" not in prices
    listed = owner.get(desk.url("prices/rates/")).content.decode()
    assert "+99,900%" in listed
    page = owner.get(desk.url(f"prices/rates/{fetch.pk}/")).content.decode()
    for part in ("0.0455 USD", "45.50 USD", "+99,900%", "Al Noor Clinic", "0.05005 USD", "50.05 USD"):
        assert part in page
    assert "+100,909,085.90 USD" in page, "999 times what February cost, at 10 %, if all were marketing"

    answer = owner.post(desk.url(f"prices/rates/{fetch.pk}/confirm/"))
    assert answer.status_code == 302
    assert cost(desk) == D("45.5")
    assert open_alerts("rates_waiting") == []
    assert "50.05 USD" in desk.as_(desk.admin).get(desk.portal("prices/")).content.decode()
    usage_job(reseller=desk.shop.reseller, now=LATER + timedelta(days=1))
    assert UsageRecord.objects.get(instance=number, day=NOW.date()).cost == 455
    assert not FlaggedUsage.objects.filter(resolved_at=None).exclude(flag="").exists()
    rates_job(reseller=desk.shop.reseller, now=LATEST)
    assert states()[-1] == "applied"


def test_a_refused_list_is_not_asked_about_again(desk: Desk, control: Control) -> None:
    control.set_rate("1", "marketing", D("45.5"))
    rates_job(reseller=desk.shop.reseller, now=LATER)
    fetch = RateFetch.objects.get(state="waiting")
    page = f"prices/rates/{fetch.pk}/"
    assert desk.as_(desk.support).post(desk.url(page + "refuse/")).status_code == 403
    owner = desk.as_(desk.owner)
    assert owner.post(desk.url(page + "refuse/")).status_code == 302
    run = rates_job(reseller=desk.shop.reseller, now=LATEST)
    assert (run.note, states()[-1], cost(desk)) == ("", "declined", D("0.0455"))
    assert open_alerts("rates_waiting") == []
    assert "MazBot still sends rates that you refused" in owner.get(desk.url("prices/")).content.decode()
    assert "Use these rates" in owner.get(desk.url(page)).content.decode()
    control.set_rate("1", "marketing", D("0.0455"))
    rates_job(reseller=desk.shop.reseller, now=LATEST + timedelta(hours=6))
    assert "MazBot still sends" not in owner.get(desk.url("prices/")).content.decode()
    answer = owner.post(desk.url(page + "confirm/"))
    assert answer.status_code == 422
    assert "no longer waits" in answer.content.decode()


def test_a_waiting_list_ends_when_mazbot_sends_another(desk: Desk, control: Control) -> None:
    before = states()
    for minute, rate in enumerate(("45.5", "60")):
        control.set_rate("1", "marketing", D(rate))
        rates_job(reseller=desk.shop.reseller, now=LATER + timedelta(minutes=minute))
    assert states() == [*before, "replaced", "waiting"]
    rates_job(reseller=desk.shop.reseller, now=LATER + timedelta(minutes=5))
    assert states() == [*before, "replaced", "waiting"], "the same answer is no other list"
    control.set_rate("1", "marketing", D("0.05"))
    rates_job(reseller=desk.shop.reseller, now=LATEST)
    assert states() == [*before, "replaced", "replaced", "applied"]
    assert (cost(desk), open_alerts("rates_waiting")) == (D("0.05"), [])


def test_mazbots_return_to_the_old_list_ends_the_waiting(desk: Desk, control: Control) -> None:
    control.set_rate("1", "marketing", D("45.5"))
    rates_job(reseller=desk.shop.reseller, now=LATER)
    assert open_alerts("rates_waiting")
    control.set_rate("1", "marketing", D("0.0455"))
    rates_job(reseller=desk.shop.reseller, now=LATEST)
    assert (states()[-1], open_alerts("rates_waiting")) == ("replaced", [])
    control.set_rate("1", "marketing", D("45.5"))
    rates_job(reseller=desk.shop.reseller, now=LATEST + timedelta(hours=6))
    assert states()[-2:] == ["replaced", "waiting"], "asked again"
    assert open_alerts("rates_waiting")


def test_prices_below_cost_are_confirmed_by_typing_on_the_page(desk: Desk, control: Control) -> None:
    desk.shop.margin("20", "-0.002")
    control.set_rate("1", "service", D("0.012"))
    rates_job(reseller=desk.shop.reseller, now=NOW)
    fetch = RateFetch.objects.filter(state="waiting").get()
    owner = desk.as_(desk.owner)
    owner.post(desk.url(f"prices/rates/{fetch.pk}/confirm/"))
    assert cost(desk, name="service") == D("0.012")
    control.set_rate("1", "service", D("0.009"))  # a quarter less: believed, but below cost now
    rates_job(reseller=desk.shop.reseller, now=LATER)
    fetch = RateFetch.objects.get(state="waiting")
    url = desk.url(f"prices/rates/{fetch.pk}/")
    phrase = "1 center, 0.00 USD a month"
    assert phrase in owner.get(url).content.decode()
    wrong = owner.post(url + "confirm/", {"confirm": "yes"})
    assert wrong.status_code == 422
    assert "doesn&#x27;t match" in wrong.content.decode()
    assert cost(desk, name="service") == D("0.012")
    assert owner.post(url + "confirm/", {"confirm": phrase}).status_code == 302
    assert cost(desk, name="service") == D("0.009")


@pytest.mark.parametrize("value", ["", "7", '{"name": "marketing"}', '" "'])
def test_a_rate_whose_type_cannot_be_read_keeps_the_last_one(
    desk: Desk, control: Control, value: str
) -> None:
    before = {rate.type: rate.cost for rate in current_rates(desk.shop.reseller)["1"]}
    control.set_rate("1", "utility", before["utility"] + D("0.001"))
    control.set_fault("rates", "odd_field", field="type", value=value, row=0)
    run = rates_job(reseller=desk.shop.reseller, now=LATER)
    after = {rate.type: rate.cost for rate in current_rates(desk.shop.reseller)["1"]}
    assert after == before | {"utility": before["utility"] + D("0.001")}
    assert run.failed
    assert any("type of rate 1" in failure["why"] for failure in run.failures)
    page = desk.as_(desk.owner).get(desk.url("prices/?country=1")).content.decode()
    assert "The last rate update was incomplete" in page
    assert "type of rate 1" in page


def test_the_first_list_with_a_type_that_cannot_be_read_says_so(desk: Desk, control: Control) -> None:
    desk.shop.new_center(country_id="2")
    control.set_fault("rates", "odd_field", field="type", value="", row=0)
    run = rates_job(reseller=desk.shop.reseller, now=LATER)
    assert "marketing" not in set(Rate.objects.filter(fetch__country_id="2").values_list("type", flat=True))
    assert any(row["item"] == "2" and "the list is incomplete" in row["why"] for row in run.failures)
    control.clear_faults()
    rates_job(reseller=desk.shop.reseller, now=LATEST)
    # It comes after the others only, and far above them: a person looks at it.
    assert states("2") == ["applied", "waiting"]


def test_rates_in_another_currency_than_the_usage_are_said(desk: Desk, control: Control) -> None:
    owner = desk.as_(desk.owner)
    assert "Rates in another currency" not in owner.get(desk.url("prices/")).content.decode()
    control.set_rate("1", "marketing", D("0.17"), "SAR")
    rates_job(reseller=desk.shop.reseller, now=LATER)
    assert open_alerts("rates_currency") == [], "the old list is in force"
    fetch = RateFetch.objects.get(state="waiting")
    page = owner.get(desk.url(f"prices/rates/{fetch.pk}/")).content.decode()
    assert "Other currency" in page
    assert owner.post(desk.url(f"prices/rates/{fetch.pk}/confirm/")).status_code == 302
    (text,) = open_alerts("rates_currency")
    assert "rates are in SAR, but the usage of the account is counted in USD" in text
    page = owner.get(desk.url("prices/?country=1")).content.decode()
    assert "nothing is converted automatically" in page
    assert "No exchange rate" not in owner.get(desk.url("prices/?country=1")).content.decode()
    MazbotAccount.objects.update(cost_currency="SAR")
    rates_job(reseller=desk.shop.reseller, now=LATEST)
    (text,) = open_alerts("rates_currency")
    assert "rates are in USD" in text, "those of the other types"
