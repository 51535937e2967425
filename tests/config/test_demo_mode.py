"""A real install never becomes a demo by accident."""

import os
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from centers import clock
from centers.errors import OperationRefused
from centers.hosts import is_loopback, on_this_machine
from centers.tenancy.sign_in import DEMO_PEOPLE
from config.demo_mode import NoDemoHere, is_demo
from devstack.demo_accounts import ACCOUNTS, PASSWORD
from devstack.embedded import database_url, state
from devstack.supervisor import demo
from devstack.time_travel import move_ahead
from tests import forked
from tests.factories import MazbotAccountFactory, UserFactory
from whatsapp.addresses import check_account_url

HERE, REAL = "http://127.0.0.1:8000", "https://markaz.example"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]
)
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "localhost.example", "10.0.0.1", "0.0.0.0", "127.1.example", "::", "2001:db8::1"]
)
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("url", ["", "x", "http://[", "https://mazbot.net/api", "//10.0.0.1:8000"])
def test_an_address_elsewhere_or_none_is_not_on_this_machine(url: str) -> None:
    assert not on_this_machine(url)


@pytest.mark.parametrize(
    ("value", "site", "result"),
    [
        ("", HERE, False),
        ("0", REAL, False),
        ("False", REAL, False),
        ("1", HERE, True),
        ("yes", "http://[::1]:1/", True),
        ("public", REAL, True),
    ],
)
def test_a_demo_is_for_this_machine_or_said_to_be_public(value: str, site: str, result: bool) -> None:
    assert is_demo(value, site) is result


@pytest.mark.parametrize("site", [REAL, "http://192.168.1.5:8000", "http://markaz.local", ""])
@pytest.mark.parametrize("value", ["1", "true", "on", "yes", "maybe"])
def test_a_demo_for_others_is_refused_with_a_reason(value: str, site: str) -> None:
    with pytest.raises(NoDemoHere, match="MARKAZ_DEMO"):
        is_demo(value, site)


@pytest.mark.parametrize("variable", ["MARKAZ_DEMO", "DEBUG", "MARKAZ_TESTING"])
def test_nothing_of_a_real_install_starts_as_a_demo_or_without_guards(variable: str) -> None:
    environment = os.environ | {"MARKAZ_TESTING": "0", "SITE_URL": REAL, variable: "1"}
    done = forked.manage(environment, "check")
    assert done.returncode != 0
    assert f"{variable}=1 does not go with SITE_URL=https://markaz.example" in done.stderr


@pytest.mark.parametrize(
    ("said", "site", "database", "result"),
    [
        (None, HERE, None, "1"),
        (None, REAL, None, "0"),
        (None, HERE, "postgres://db/markaz", "0"),
        ("0", HERE, None, "0"),
        ("1", HERE, "postgres://db/markaz", "1"),
    ],
)
def test_make_run_shows_a_demo_only_where_nothing_speaks_of_a_real_install(
    monkeypatch: pytest.MonkeyPatch, said: str | None, site: str, database: str | None, result: str
) -> None:
    given = {"MARKAZ_DEMO": said, "DATABASE_URL": database}
    monkeypatch.setattr(demo, "external", given.get)
    environment = {"SITE_URL": site}
    demo.settle(environment)
    assert environment["MARKAZ_DEMO"] == result


def test_make_run_reads_what_the_env_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MARKAZ_DEMO", raising=False)
    monkeypatch.setattr(state, "_dotenv", lambda: {"MARKAZ_DEMO": "0"})
    environment = {"SITE_URL": HERE}
    demo.settle(environment)
    assert not demo.is_on(environment)


@pytest.mark.django_db(transaction=True)
def test_a_real_mazbot_ends_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    url = _test_database()
    MazbotAccountFactory(base_url="http://127.0.0.1:9100/api")
    environment = {"MARKAZ_DEMO": "1", "MARKAZ_SANDBOX_URL": "http://127.0.0.1:9100"}
    monkeypatch.setattr(demo, "external", {}.get)
    assert demo.make_way_for_customers(environment, url) == ""
    slug = MazbotAccountFactory(base_url="https://mazbot.net/api").reseller.slug
    assert slug in demo.make_way_for_customers(environment, url)
    assert environment == {"MARKAZ_DEMO": "0"}
    monkeypatch.setattr(demo, "external", {"MARKAZ_DEMO": "public"}.get)
    with pytest.raises(NoDemoHere, match=slug):
        demo.make_way_for_customers({"MARKAZ_DEMO": "1"}, url)


def test_a_demo_that_others_can_reach_is_said_loudly() -> None:
    assert demo.warning({"MARKAZ_DEMO": "1", "HOST": "127.0.0.1"}) == ""
    assert demo.warning({"MARKAZ_DEMO": "0", "HOST": "0.0.0.0"}) == ""
    assert "passwords are public" in demo.warning({"MARKAZ_DEMO": "1", "HOST": "0.0.0.0"})


@pytest.mark.django_db
def test_no_clock_moves_customers_of_a_real_mazbot(settings, client: Client) -> None:
    settings.DEMO, settings.SANDBOX_URL = True, ""
    MazbotAccountFactory(base_url="https://mazbot.net/api")
    with pytest.raises(clock.ClockFixed):
        move_ahead(timedelta(days=1))
    client.force_login(UserFactory())
    assert client.post(reverse("demo_clock"), {"days": "1"}).status_code == 302
    assert clock.offset() == timedelta()


@pytest.mark.django_db
def test_a_moved_clock_takes_no_real_mazbot() -> None:
    clock.move_to(timedelta(days=30))
    try:
        check_account_url("http://127.0.0.1:9100/api")
        with pytest.raises(OperationRefused, match="make reset"):
            check_account_url("https://mazbot.net/api")
    finally:
        clock.move_to(timedelta())


@pytest.mark.django_db
def test_the_public_password_opens_nothing_but_a_demo(settings, client: Client) -> None:
    for account in ACCOUNTS:
        assert account.email.endswith(DEMO_PEOPLE)
    UserFactory(email=ACCOUNTS[0].email, password=PASSWORD)
    form = {"login": f" {ACCOUNTS[0].email.upper()}", "password": PASSWORD}
    for demo_is_on, status in ((False, 302), (True, 200)):
        settings.DEMO = demo_is_on
        client.post(reverse("account_login"), form)
        assert client.get(reverse("profile")).status_code == status


def _test_database() -> str:
    from django.db import connection

    name = connection.settings_dict["NAME"]
    return f"{database_url().rsplit('/', 1)[0]}/{name}"
