"""Settings unsafe for a real install are refused with a message, and an endless redirect is explained."""

import os
import subprocess
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory, override_settings
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from config.checks import address, mail, operator
from config.web.redirects import COOKIE, EndlessRedirectMiddleware
from tests import forked
from tests.config.test_compose import ROOT

GOOD = {
    "SITE_URL": "https://markaz.example",
    "ALLOWED_HOSTS": "markaz.example",
    "BEHIND_PROXY": "1",
    "EMAIL_URL": "submission://user:password@mail.example:587",
    "DEFAULT_FROM_EMAIL": "billing@markaz.example",
    "VAPID_PRIVATE_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "OPERATOR_EMAILS": "operator@markaz.example",
}
BEHIND = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}


def check(**changed: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` as an operator runs it, every warning counted."""
    keys = {"SECRET_KEY": os.urandom(40).hex(), "FIELD_KEYS": Fernet.generate_key().decode()}
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MARKAZ_")}
    environment = {**ours, **keys, "DEBUG": "0", "MARKAZ_DEMO": "0", **GOOD, **changed}
    return forked.manage(environment, "check", "--deploy", "--fail-level", "WARNING")


def test_settings_of_a_real_install_pass() -> None:
    done = check()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"BEHIND_PROXY": "0", "EMAIL_URL": "console:"},
            ["BEHIND_PROXY is 0", "EMAIL_URL names no mail server"],
        ),
        (
            {"EMAIL_URL": "memory:", "LIVE_STREAMS": "9000"},
            ["EMAIL_URL names no mail server", "Set WEB_CONNECTIONS to 14400 or more"],
        ),
        (
            {"EMAIL_URL": "file:///tmp/mails", "SITE_URL": "http://markaz.example"},
            ["EMAIL_URL names no mail server", "cross the network unencrypted"],
        ),
        (
            {
                "EMAIL_URL": "dummy:",
                "DEFAULT_FROM_EMAIL": "",
                "SITE_URL": "http://markaz.example",
                "SECURE_SSL_REDIRECT": "1",
            },
            ["EMAIL_URL names no", "DEFAULT_FROM_EMAIL is the placeholder", "SECURE_SSL_REDIRECT is on"],
        ),
        (
            {"DEFAULT_FROM_EMAIL": "webmaster@localhost"},
            ["(markaz.E009) DEFAULT_FROM_EMAIL", "“webmaster@localhost”", "Set it to an address of yours"],
        ),
        (
            {"EMAIL_URL": "", "ALLOWED_HOSTS": "other.example"},
            ["EMAIL_URL names no", "ALLOWED_HOSTS doesn't"],
        ),
        (
            {"EMAIL_URL": "submission://user:password@", "SITE_URL": "HTTPS://markaz.example"},
            ["EMAIL_URL names no mail server", "(markaz.E011) SITE_URL is “HTTPS://markaz.example”"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_would_quietly_break_a_real_install_is_refused(changed: dict[str, str], said: list[str]) -> None:
    done = check(**changed)
    assert done.returncode != 0
    for words in said:
        assert words in done.stderr


@pytest.mark.parametrize(
    "site",
    ["markaz.example", "https://markaz.example/app", "https://markaz.example?x=1", "https://me@markaz.example",
     "ftp://markaz.example", "https://", "https://markaz .example", "Https://markaz.example"],
)  # fmt: skip
def test_an_address_that_links_can_not_begin_with_is_refused(settings: Settings, site: str) -> None:
    settings.SITE_URL = site
    assert "markaz.E011" in [message.id for message in address()]


@pytest.mark.parametrize(
    "site", ["https://markaz.example", "https://[2001:db8::1]:8443", "http://127.0.0.1:8000"]
)
def test_an_address_of_a_host_passes(settings: Settings, site: str) -> None:
    settings.SITE_URL = site
    assert "markaz.E011" not in [message.id for message in address()]


@pytest.mark.parametrize(
    "sender",
    [
        "webmaster@localhost",
        "Markaz <root@localhost>",
        "no-reply@markaz.example",
        "billing@server",
        "billing@server.local",
        "billing@mail.internal",
        "Markaz <billing@localhost.localdomain>",
        "billing@noor.test",
        "billing@example.com",
        "billing@EXAMPLE.org.",
        "billing@[127.0.0.1]",
        "billing@127.0.0.1",
        "Markaz",
        "billing@",
        "a b@noor.example",
        "",
    ],
)
def test_a_sender_that_no_mail_server_takes_is_refused(settings: Settings, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    assert [message.id for message in mail() if message.id == "markaz.E009"] == ["markaz.E009"]


@pytest.mark.parametrize(
    "sender",
    ["billing@noor.example", "Noor <billing@mail.noor.com>", "billing@مركز.com", "النور <a+b@noor.com.ly>"],
)
def test_a_sender_of_a_domain_passes(settings: Settings, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    assert "markaz.E009" not in [message.id for message in mail()]


def test_an_operators_address_that_is_none_is_refused(settings: Settings) -> None:
    settings.OPERATOR_EMAILS = ["ops", "operator@markaz.example", "root@localhost"]
    found = [message.msg for message in operator() if message.id == "markaz.E010"]
    assert [text.split("”")[0] for text in found] == ["OPERATOR_EMAILS contains “ops"]


PROVIDER = {"EMAIL_URL": "postmark:?server_token=canary", "EMAIL_WEBHOOK_SECRET": "x" * 20}


def test_a_provider_with_all_it_needs_passes() -> None:
    assert check(**PROVIDER).returncode == 0
    signing = "mailgun:?api_key=canary&sender_domain=mg.example&webhook_signing_key=canary"
    assert check(EMAIL_URL=signing).returncode == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"EMAIL_URL": "postmark:?tokn=canary"}, "EMAIL_URL lacks something that Postmark needs"),
        ({"EMAIL_WEBHOOK_SECRET": ""}, "Nothing proves which reports about bounces"),
        ({"EMAIL_WEBHOOK_SECRET": "short"}, "EMAIL_WEBHOOK_SECRET has fewer than 20 characters"),
        ({"EMAIL_URL": "mailersend:?api_token=canary"}, "Nothing proves which reports about bounces"),
        ({"EMAIL_URL": "pigeon:?token=canary"}, "EMAIL_URL must begin with one of"),
    ],
)
def test_a_provider_that_lacks_something_is_named(changed: dict[str, str], said: str) -> None:
    done = check(**PROVIDER | changed)
    assert done.returncode != 0
    assert said in done.stderr
    assert "canary" not in done.stderr


def test_the_example_is_right_but_for_what_only_the_operator_knows() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    unknown = {name for name, value in given.items() if not value}
    assert unknown >= {"EMAIL_URL", "DEFAULT_FROM_EMAIL", "SECRET_KEY", "FIELD_KEYS"}
    known = {name: value for name, value in given.items() if name in GOOD and value}
    done = check(**known)
    assert done.returncode == 0, done.stderr


def test_compose_starts_nothing_that_the_checks_refuse() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    assert "manage.py check --deploy && exec python manage.py migrate" in compose


def answered(request: HttpRequest) -> HttpResponse:
    """What the two middlewares make of a request for a page."""
    page = EndlessRedirectMiddleware(SecurityMiddleware(lambda _request: HttpResponse("page")))
    response = page(request)
    assert isinstance(response, HttpResponse)
    return response


class TestTheRedirectToHttps:
    @pytest.fixture(autouse=True)
    def _https(self, settings: Settings) -> None:
        settings.SECURE_SSL_REDIRECT = True
        settings.SECURE_PROXY_SSL_HEADER = None
        settings.ALLOWED_HOSTS = ["markaz.example"]

    def test_is_sent_once_and_remembered_over_tls_alone(self) -> None:
        response = answered(RequestFactory().get("/", headers={"host": "markaz.example"}))
        assert (response.status_code, response["Location"]) == (301, "https://markaz.example/")
        assert response["Cache-Control"] == "no-store"
        assert response.cookies[COOKIE]["secure"]

    def test_is_explained_when_the_proxy_says_that_the_request_came_over_https(self) -> None:
        headers = {"host": "markaz.example", "x-forwarded-proto": "https"}
        with capture_logs() as logs:
            response = answered(RequestFactory().get("/", headers=headers))
        assert response.status_code == 500
        assert [(line["log_level"], line["remedy"]) for line in logs] == [
            ("error", "set BEHIND_PROXY=1 and restart")
        ]
        assert "set BEHIND_PROXY=1" in response.content.decode()

    def test_is_explained_when_the_browser_comes_back_from_it(self) -> None:
        browser = RequestFactory()
        browser.cookies[COOKIE] = "1"
        response = answered(browser.get("/", headers={"host": "markaz.example"}))
        assert response.status_code == 500
        assert "BEHIND_PROXY" in response.content.decode()

    def test_names_the_header_where_the_proxy_is_trusted_but_does_not_send_it(self) -> None:
        browser = RequestFactory()
        browser.cookies[COOKIE] = "1"
        with override_settings(**BEHIND):
            response = answered(browser.get("/", headers={"host": "markaz.example"}))
        assert response.status_code == 500
        assert "BEHIND_PROXY" not in response.content.decode()
        assert "configure your proxy to send X-Forwarded-Proto: https" in response.content.decode()

    def test_leaves_requests_alone_that_are_known_to_be_secure(self) -> None:
        headers = {"host": "markaz.example", "x-forwarded-proto": "https"}
        with override_settings(**BEHIND):
            assert answered(RequestFactory().get("/", headers=headers)).content == b"page"


def test_the_middleware_stands_around_djangos() -> None:
    names = [Path(name.replace(".", "/")).name for name in settings.MIDDLEWARE]
    assert names.index("EndlessRedirectMiddleware") < names.index("SecurityMiddleware")
