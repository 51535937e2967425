"""Sessions and headers: what is shared, what is dropped, what is read from Retry-After."""

import datetime as dt
import ipaddress
import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from centers.outbound.retry_after import parse_retry_after
from tests.whatsapp.mazbot.conftest import RawServer, http
from whatsapp.addresses import may_call
from whatsapp.mazbot import ErrorKind, MazBotError, Timeouts
from whatsapp.mazbot.sessions import SessionRegistry, guard_connections, new_session
from whatsapp.mazbot.transport import Query, exchange

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        (" 30 ", 30),
        ("86400", 3600),
        ("9" * 400, None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Mon, 23 Nov 2026 07:00:45 GMT", 45),
        ("Mon, 23 Nov 2026 06:00:00 GMT", 0),
        ("Mon, 23 Nov 9999 06:00:00 GMT", 3600),
        ("Mon, 23 Nov 2026 07:00:45 -0000", None),
    ],
)
def test_retry_after(value, seconds):
    assert parse_retry_after(value, now=NOW) == seconds


def test_an_account_keeps_its_session_until_its_version_changes():
    registry = SessionRegistry()
    first = registry.get("acc-1", "1")

    assert registry.get("acc-1", "1") is first
    assert registry.get("acc-2", "1") is not first
    assert registry.get("acc-1", "2") is not first


def test_the_least_recently_used_session_goes_first():
    registry = SessionRegistry(most=2)
    kept, dropped = registry.get("a", "1"), registry.get("b", "1")
    registry.get("a", "1")
    registry.get("c", "1")

    assert registry.get("a", "1") is kept
    assert registry.get("b", "1") is not dropped


def test_a_forked_process_starts_with_sessions_of_its_own():
    registry = SessionRegistry()
    first = registry.get("acc-1", "1")
    registry.forget()

    assert registry.get("acc-1", "1") is not first


def test_a_session_takes_nothing_from_the_environment(monkeypatch):
    monkeypatch.setitem(os.environ, "HTTPS_PROXY", "http://127.0.0.1:1")
    session = new_session()

    assert not session.trust_env
    assert session.merge_environment_settings("https://x/", {}, None, None, None)["proxies"] == {}


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate for 127.0.0.1 and mazbot.test with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mazbot.test")])
    start = datetime.now(UTC) - dt.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + dt.timedelta(days=9))
    names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("mazbot.test")]
    signed = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(
        key, hashes.SHA256()
    )
    plain = serialization.NoEncryption()
    pem, traditional = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    path = tmp_path / "server.pem"
    path.write_bytes(key.private_bytes(pem, traditional, plain) + signed.public_bytes(pem))
    return path


@pytest.fixture
def tls_url(certificate):
    """A TLS server: /ok answers, /drip sends a byte every 0.1 s."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                    dripping = b"/drip" in connection.recv(4096)
                    for byte in http(b"fine"):
                        connection.send(bytes([byte]))
                        time.sleep(0.1 if dripping else 0)

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def test_tls_is_checked_and_kept_to_the_deadline(tls_url, certificate):
    session, stranger = new_session(), new_session()
    session.verify = str(certificate)
    timeouts = Timeouts(connect=1, read=1, total=1)

    answer = exchange(session, f"{tls_url}/ok", Query("GET", ""), headers={}, timeouts=timeouts)
    started = time.monotonic()
    with pytest.raises(MazBotError) as dripped:
        exchange(session, f"{tls_url}/drip", Query("GET", ""), headers={}, timeouts=timeouts)
    elapsed = time.monotonic() - started
    with pytest.raises(MazBotError) as distrusted:
        exchange(stranger, f"{tls_url}/ok", Query("GET", ""), headers={}, timeouts=timeouts)

    assert (answer.status, answer.body) == (200, b"fine")
    assert dripped.value.kind is ErrorKind.TIMEOUT
    assert 0.9 < elapsed < 2
    assert distrusted.value.kind is ErrorKind.NETWORK


@pytest.fixture
def names(monkeypatch):
    """What *.test names stand for; each time one is asked for, the next of its answers."""
    answers: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def ask(host, port, *args, **kwargs):
        if not str(host).endswith(".test"):
            return real(host, port, *args, **kwargs)
        found = answers[host].pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    yield answers
    guard_connections(may_call)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], []])
def test_no_one_is_called_at_an_address_that_the_guard_refuses(raw: RawServer, names, found):
    guard_connections(lambda host, address: (host, address) != ("mazbot.test", "127.0.0.1"))
    names["mazbot.test"] = [found]
    url = raw.url.replace("127.0.0.1", "mazbot.test")

    with pytest.raises(MazBotError) as refused:
        exchange(new_session(), url, Query("GET", ""), headers={}, timeouts=Timeouts(connect=1))

    assert refused.value.kind is ErrorKind.NETWORK
    assert raw.paths == []


def test_the_address_that_was_checked_is_the_one_that_is_called(raw: RawServer, names):
    checked = []
    guard_connections(lambda host, address: not checked.append((host, address)))
    # A second question would get another answer: there is none.
    names["mazbot.test"] = [["127.0.0.1"]]
    url = raw.url.replace("127.0.0.1", "mazbot.test")

    answer = exchange(new_session(), f"{url}/ok", Query("GET", ""), headers={}, timeouts=Timeouts(connect=1))

    assert (answer.status, raw.paths) == (200, ["/ok"])
    assert checked == [("mazbot.test", "127.0.0.1")]
    assert b"Host: mazbot.test:" in raw.heads[0]


def test_a_certificate_is_checked_against_the_name_and_not_the_address(tls_url, certificate, names):
    session = new_session()
    session.verify = str(certificate)
    names["mazbot.test"], names["other.test"] = [["127.0.0.1"]], [["127.0.0.1"]]
    guard_connections(lambda host, address: True)
    good, bad = (tls_url.replace("127.0.0.1", name) for name in ("mazbot.test", "other.test"))

    answer = exchange(session, f"{good}/ok", Query("GET", ""), headers={}, timeouts=Timeouts(connect=1))
    with pytest.raises(MazBotError) as distrusted:
        exchange(session, f"{bad}/ok", Query("GET", ""), headers={}, timeouts=Timeouts(connect=1))

    assert answer.body == b"fine"
    assert distrusted.value.kind is ErrorKind.NETWORK
