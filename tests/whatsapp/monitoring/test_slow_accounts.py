"""Accounts that answer slowly share half of the senders; the other half is always there for the others."""

import time

import pytest

from centers import live
from centers.tenancy.scoping import every_tenant
from whatsapp.models import Instance, MazbotAccount
from whatsapp.monitoring.dispatcher.accounts import SweptAccount
from whatsapp.monitoring.dispatcher.slots import Reserving

pytestmark = pytest.mark.django_db

SENDERS = 8


@pytest.fixture
def swept(new_place, valkey):
    """Makes an account with 40 numbers to ask, all of them loaded, and a token."""

    def make(*, latency, logged_in=True):
        place = new_place(rate_limit=6000)
        for _ in range(40):
            place.add()
        with every_tenant():
            row = MazbotAccount.objects.select_related("reseller").get(reseller=place.reseller)
            account = SweptAccount(row=row, reseller=row.reseller)
            account.asking.extend(Instance.objects.filter(reseller=place.reseller))
        account.latency = latency
        if logged_in:
            account.client.prepare(deadline=20)
        return account

    return make


def reserve(accounts, *, count):
    """Reserve as a dispatcher does whose requests never end; returns the account of each request in their order.

    Until there were so many, and some turns more, in which another one could be granted.
    """
    sent = []
    reserving = Reserving(
        live.valkey(), lambda: accounts, lambda account, *_: sent.append(account), senders=SENDERS
    )
    give_up = time.monotonic() + 60
    while len(sent) < count and time.monotonic() < give_up:
        time.sleep(reserving.turn())
    for _turn in range(10):
        time.sleep(reserving.turn())
    return sent


def test_slow_accounts_hold_half_of_the_senders_at_most_and_the_quick_get_all_they_can_use(swept):
    slow, quick = [swept(latency=5.0), swept(latency=30.0)], swept(latency=0.2)
    sent = reserve([*slow, quick], count=SENDERS // 2 + quick.most_under_way)
    assert sum(account.is_slow for account in sent) == SENDERS / 2
    assert sent.count(quick) == quick.most_under_way > SENDERS / 2


def test_an_account_that_waited_longest_comes_first_where_the_slow_have_to_share(swept):
    slow = [swept(latency=5.0) for _ in range(3)]
    slow[0].started = SENDERS // 2 - 1  # one may start
    for account, waiting_since in zip(slow, (2.0, 3.0, 1.0), strict=True):
        account.reserve_at = waiting_since
    assert reserve(slow, count=1) == [slow[2]]


def test_a_request_without_an_answer_makes_its_account_slow(swept):
    account = swept(latency=0.1)
    account.took(20.0)
    assert account.is_slow
    for _ in range(15):
        account.took(0.1)
    assert not account.is_slow


def test_an_account_without_a_token_logs_in_before_it_sends_anything(swept):
    """Otherwise each sender would wait for a login, and hold its place while MazBot says nothing."""
    account = swept(latency=0.1, logged_in=False)
    assert (account.startable(), account.needs_login()) == (0, True)
    account.client.prepare(deadline=20)
    assert (account.startable() > 0, account.needs_login()) == (True, False)
