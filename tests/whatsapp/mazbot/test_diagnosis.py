"""Test connection: each thing that can be wrong with an account is named as itself."""

from dataclasses import replace

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.whatsapp.mazbot.conftest import EMAIL, FAST, PASSWORD, http
from whatsapp.mazbot import ErrorKind, Lane, RequestBudget, Step, Timeouts, test_connection

BRIEF = Timeouts(connect=1, read=0.6, total=1.2)


def test_an_account_that_works_says_so_and_names_its_path(config, valkey, sandbox):
    if "key-diagnosis-ar" not in sandbox.state.accounts:
        sandbox.control.add_account("key-diagnosis-ar", EMAIL, PASSWORD, rate_limit=FAST, locale_prefix="ar")

    plain = test_connection(config, valkey)
    arabic = test_connection(replace(config, key="acc-ar", api_key="key-diagnosis-ar"), valkey)

    assert (plain.ok, plain.step, plain.locale_prefix) == (True, Step.DONE, "")
    assert (arabic.ok, arabic.step, arabic.locale_prefix) == (True, Step.DONE, "ar")


@pytest.mark.parametrize(
    ("change", "step", "kind"),
    [
        ({"api_key": "wrong"}, Step.API_KEY, ErrorKind.API_KEY),
        ({"api_key": "مفتاح"}, Step.API_KEY, ErrorKind.API_KEY),
        ({"password": "wrong"}, Step.LOGIN, ErrorKind.LOGIN),
        ({"email": "owner@reseller.example"}, Step.LOGIN, ErrorKind.LOGIN),
        ({"base_url": "http://127.0.0.1:1/api"}, Step.NETWORK, ErrorKind.NETWORK),
        ({"base_url": "127.0.0.1"}, Step.ADDRESS, ErrorKind.INVALID),
        ({"time_zone": "Moon/Base"}, Step.ADDRESS, ErrorKind.INVALID),
    ],
)
def test_what_is_wrong_is_named(config, valkey, change, step, kind):
    diagnosis = test_connection(replace(config, **change), valkey)

    assert (diagnosis.ok, diagnosis.step, diagnosis.kind) == (False, step, kind)
    assert diagnosis.staff_account_hint == (step is Step.LOGIN)
    assert diagnosis.detail
    assert diagnosis.locale_prefix is None


def test_a_path_elsewhere_is_named(config, valkey, sandbox):
    diagnosis = test_connection(replace(config, base_url=f"{sandbox.url}/somewhere"), valkey)

    assert (diagnosis.step, diagnosis.kind) == (Step.LOCALE, ErrorKind.LOCALE_PATH)


def test_a_used_up_limit_is_named_with_the_time_it_takes(config, valkey, sandbox):
    sandbox.control.set_fault("login", "429_retry_after", times=1, delay=33)

    first, second = test_connection(config, valkey), test_connection(config, valkey)

    for diagnosis in (first, second):
        assert (diagnosis.step, diagnosis.kind) == (Step.LIMIT, ErrorKind.LIMIT)
        assert 30 < diagnosis.retry_after <= 33


@pytest.mark.parametrize(
    ("fault", "step"), [("success_false", Step.RATES), ("500", Step.RATES), ("slow_drip", Step.NETWORK)]
)
def test_a_first_call_that_fails_after_a_good_login_is_named(config, valkey, sandbox, fault, step):
    sandbox.control.set_fault("rates", fault, times=1)

    diagnosis = test_connection(config, valkey, timeouts=BRIEF)

    assert (diagnosis.ok, diagnosis.step, diagnosis.locale_prefix) == (False, step, "")


def test_rates_that_mazbot_finds_invalid_are_no_fault_of_the_address(config, valkey, raw):
    raw.reply = lambda path: [http(b'{"message": "no"}', "422 No")]

    assert test_connection(replace(config, key="acc-raw", base_url=raw.url), valkey).step is Step.RATES


def test_a_login_page_instead_of_a_login_is_named_as_login(config, valkey, sandbox):
    sandbox.control.set_fault("login", "html", times=1)

    diagnosis = test_connection(config, valkey)

    assert (diagnosis.step, diagnosis.kind, diagnosis.staff_account_hint) == (
        Step.LOGIN,
        ErrorKind.MALFORMED,
        False,
    )


def test_our_own_valkey_being_away_is_not_blamed_on_mazbot(config):
    nowhere = redis.Redis(port=1, retry=Retry(NoBackoff(), 0))

    assert test_connection(config, nowhere).step is Step.OURSELVES


def test_a_test_is_in_earnest_even_right_after_a_refusal(config, valkey, sandbox):
    assert not test_connection(replace(config, password="wrong"), valkey).ok

    assert test_connection(config, valkey).ok


def test_a_test_goes_before_a_sweep(config, valkey):
    account = replace(config, rate_limit=300)
    sweep = RequestBudget(valkey, account.key, limit=300, longest_request=30)
    sweep.reserve(priority=Lane.SWEEP)

    assert test_connection(account, valkey).ok
