"""Addresses that lead inside, in every spelling, are refused."""

import pytest
from django.test import override_settings

from centers.errors import OperationRefused
from whatsapp.addresses import check_account_url, check_public_url, may_call

PRIVATE = [
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "0x7f000001", "017700000001",
    "0", "0.0.0.0", "127.0.0.1.", "127.255.255.254", "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "192.168.257", "169.254.169.254", "100.64.0.1", "198.18.0.1", "192.0.0.1", "192.0.2.1",
    "192.88.99.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:8.8.8.8]",
    "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]",
    "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001::1]", "[2001:db8::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fec0::1]",
    "[fc00::1]", "[fd00::1]", "[ff02::1]", "[ff0e::1]", "[5f00::1]", "[3fff::1]", "[100::1]",
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "router", "printer.local", "db.internal", "x.svc",
    "metadata.google.internal", "nas.lan", "host.home.arpa", "host.localdomain",
]  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_inside_addresses_are_refused(scheme, host):
    def resolve(name, port):
        raise AssertionError(f"{name} must be refused before any name server is asked")

    with pytest.raises(OperationRefused):
        check_public_url(f"{scheme}://{host}/hook", resolve=resolve)
    with pytest.raises(OperationRefused):
        check_public_url(f"{scheme}://{host}:8080/hook", resolve=resolve)


@pytest.mark.parametrize(
    "answers", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::1"], ["fe80::1%eth0"], []]
)
def test_a_name_that_also_stands_for_an_inside_address_is_refused(answers):
    with pytest.raises(OperationRefused):
        check_public_url("https://hooks.example.com/", resolve=lambda host, port: answers)


@pytest.mark.parametrize(
    "url",
    [
        "", "hook", "//example.com", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)",
        "gopher://example.com", "https://", "https:///x", "https://user@example.com/", "https://u:p@example.com/",
        "https://example.com@127.0.0.1/", "https://example.com:0/", "https://example.com:99999/",
        "https://example.com:port/", "https://exa mple.com/", "https://example.com/\nX: y", "https://example.com\\@127.0.0.1/",
        "https://example.com/\x00", "https://ex\u3002ample.com/", "https://①②⑦.⓪.⓪.①/", "https://[::1/", "https://a..b/",
        "https://-a-.example.com/ ", "https://" + "a" * 64 + ".com/", "https://example.com/" + "x" * 500,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(OperationRefused):
        check_public_url(url, resolve=lambda host, port: ["93.184.215.14"])


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?a=b",
        "http://example.com:8080/",
        "https://93.184.215.14/",
        "https://[2606:4700::1111]/x",
    ],
)
def test_public_addresses_pass(url):
    assert check_public_url(f" {url} ", resolve=lambda host, port: ["93.184.215.14", "2606:4700::1"]) == url


def test_a_name_that_cannot_be_found_is_a_sentence():
    def resolve(host, port):
        raise OSError("no such host")

    with pytest.raises(OperationRefused, match=r"hooks\.example\.com"):
        check_public_url("https://hooks.example.com/", resolve=resolve)


def test_an_owner_cannot_point_a_real_install_at_itself():
    check_account_url("http://127.0.0.1:9100/api")
    with override_settings(TESTING=False, DEMO=False), pytest.raises(OperationRefused):
        check_account_url("http://127.0.0.1:9100/api")


def test_what_only_an_operator_can_enter_is_called_and_a_name_that_turned_inside_is_not(settings):
    settings.TESTING = settings.DEMO = False
    assert may_call("mazbot.example.com", "93.184.215.14")
    for inside in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "64:ff9b::7f00:1"):
        assert not may_call("mazbot.example.com", inside)
    for entered_by_an_operator in ("127.0.0.1", "localhost", "mazbot", "mazbot.internal", "::1"):
        assert may_call(entered_by_an_operator, "127.0.0.1")
    settings.MAZBOT_INTERNAL_HOSTS = frozenset({"mazbot.example.com"})
    assert may_call("MazBot.example.com", "10.0.0.1")
    check_account_url("https://mazbot.example.com/api")
