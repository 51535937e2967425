"""Addresses that lead inside, in every spelling, are refused."""

import pytest

from centers.errors import OperationRefused
from centers.outbound.addresses import check_public_url, check_url, may_connect

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


def test_what_is_called_ourselves_is_public_unless_the_operator_names_it(settings):
    settings.OUTBOUND_INTERNAL_HOSTS = frozenset({"ntfy.internal", "127.0.0.1:8443"})
    check_url("http://127.0.0.1:8443/x")
    check_url("http://ntfy.internal/x")
    for inside in (
        "http://127.0.0.1/x",
        "http://127.0.0.1:8444/x",
        "http://[::1]:8443/",
        "http://db.internal/",
    ):
        with pytest.raises(OperationRefused):
            check_url(inside)
    assert may_connect("127.0.0.1", 8443, "127.0.0.1")
    assert may_connect("NTFY.internal", 80, "10.0.0.1")
    assert may_connect("hooks.example.com", 443, "93.184.215.14")
    for address in (
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1%eth0",
        "64:ff9b::7f00:1",
        "x",
    ):
        assert not may_connect("hooks.example.com", 443, address)
        assert not may_connect("127.0.0.1", 8444, address)
