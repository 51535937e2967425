"""Requests end in time and read little, whatever the server sends."""

import socket
import time

import pytest

from centers.outbound.requesting import MAX_ANSWER, RequestFailed, send
from tests.centers.notifications.channels.services import listening


@pytest.fixture
def allowed(settings):
    def allow(raw):
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({f"127.0.0.1:{raw.port}"})
        return raw.url

    return allow


def test_a_body_without_end_is_cut(allowed):
    def endless(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with listening(endless) as raw:
        answer = send("POST", allowed(raw), data=b"{}")
    assert (answer.status, len(answer.body)) == (200, MAX_ANSWER)
    assert len(answer.text) == 300


def test_headers_that_drip_end_at_the_deadline(allowed):
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    with listening(drip) as raw:
        started = time.monotonic()
        with pytest.raises(RequestFailed) as caught:
            send("POST", allowed(raw), data=b"{}", total=0.6)
    assert caught.value.unsure
    assert time.monotonic() - started < 5


def test_a_status_counts_although_its_body_drips(allowed):
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        connection.recv(1)

    with listening(drip) as raw:
        assert send("POST", allowed(raw), data=b"{}", total=0.6).status == 204


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "file:///etc/passwd", "x", "http://", "http://[::1", "http://a\n/"]
)
def test_what_is_no_web_address_fails_without_a_connection(url):
    with pytest.raises(RequestFailed) as caught:
        send("GET", url)
    assert not caught.value.unsure


def test_the_environments_proxy_is_not_used(allowed, monkeypatch):
    with listening() as proxy, listening(lambda connection: connection.recv(65536)) as raw:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        with pytest.raises(RequestFailed):
            send("POST", allowed(raw), data=b"{}", total=1)
    assert (proxy.connections, raw.connections) == (0, 1)
