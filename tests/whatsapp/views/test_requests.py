"""The Jobs page's part about requests: used by lane, ages of statuses, what is paused and why."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from centers import clock, live
from centers.tenancy.scoping import tenant
from tests.factories import InstanceFactory
from tests.whatsapp.views.conftest import House
from whatsapp.accounts import config_of
from whatsapp.mazbot import ErrorKind, Lane, RequestBudget
from whatsapp.models import Instance, MazbotAccount
from whatsapp.monitoring.account_state import account_state
from whatsapp.monitoring.on_screen import on_screen

pytestmark = pytest.mark.django_db


def text(house: House) -> str:
    response = house.as_(house.owner).get(house.url("jobs/requests/"))
    return " ".join(response.content.decode().split())


def test_requests_of_the_last_hour_are_counted_by_lane(house: House) -> None:
    live.valkey().flushdb()
    budget = RequestBudget(live.valkey(), config_of(house.account).key, limit=6000, longest_request=30)
    for lane, times in ((Lane.PERSON, 1), (Lane.SWEEP, 3)):
        for _ in range(times):
            budget.finish(budget.reserve(priority=lane))
    page = text(house)
    text_only = re.sub("<[^>]+>", "", page)
    assert f"4 of {60 * house.account.rate_limit:,}" in text_only
    counts = " ".join(text_only.split())
    assert "People waiting 1 " in counts
    assert "Number checks 3 " in counts
    assert "Usage and rates 0 " in counts


def test_ages_are_those_of_the_numbers_in_use(house: House) -> None:
    now = clock.now()
    for minutes in range(1, 20):
        InstanceFactory(center=house.center, checked_at=now - timedelta(minutes=minutes))
    with tenant(house.reseller):
        Instance.objects.filter(pk=house.number.pk).update(checked_at=None)
        state = account_state(reseller=house.reseller, now=now)
    assert state is not None
    assert (state.ages.numbers, state.ages.unread) == (20, 1)
    assert state.ages.median == now - timedelta(minutes=10)
    assert state.ages.oldest == now - timedelta(minutes=19)
    assert (state.usual, state.ceiling) == (timedelta(minutes=1), timedelta(minutes=3))


def test_a_pause_names_its_reason(house: House) -> None:
    assert "Checks are paused" not in text(house)
    with tenant(house.reseller):
        MazbotAccount.objects.update(
            checks_paused_until=clock.now() + timedelta(minutes=10), last_error_kind=ErrorKind.LOGIN
        )
    page = text(house)
    assert "Checks are paused: MazBot refused the login email or password" in page
    assert "Next attempt <time" in page
    with tenant(house.reseller):
        MazbotAccount.objects.update(checks_paused_until=clock.now() + timedelta(seconds=50))
    assert "The next attempt follows within a minute." in text(house)


def test_an_account_that_does_not_answer_says_so(house: House) -> None:
    live.valkey().flushdb()
    budget = RequestBudget(live.valkey(), config_of(house.account).key, limit=600, longest_request=30)
    for _ in range(3):
        budget.finish(budget.reserve(priority=Lane.SWEEP), fault=True)
    assert "Checks are paused: MazBot doesn&#x27;t answer this account" in text(house)


def test_without_an_account_it_says_what_is_missing(house: House) -> None:
    with tenant(house.reseller):
        MazbotAccount.objects.update(api_key="")
    assert "No MazBot account is set up yet." in text(house)


@pytest.mark.parametrize("page", ["board", "instance", "portal_numbers"])
def test_pages_that_show_a_number_have_it_checked_more_often(house: House, page: str) -> None:
    live.valkey().flushdb()
    person, args = {
        "board": (house.owner, [house.reseller.slug]),
        "instance": (house.owner, [house.reseller.slug, house.number.pk]),
        "portal_numbers": (house.admin, [house.center.pk]),
    }[page]
    assert house.as_(person).get(reverse(page, args=args)).status_code == 200
    assert on_screen(house.reseller.pk) == [house.number.pk]
