"""Mail servers that refuse in the ways in which real ones do, and the certificates they show."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.email_url import read
from tests.centers.notifications.inbox import Inbox

NAME, PASSWORD = "markaz", "violet tram 77"


class Authority:
    """Issues certificates; trusted where SSL_CERT_FILE is its `file`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        own = self._certificate(self._name, self._key, timedelta(days=1), self._basic(True))
        self.file = folder / "authority.pem"
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def context(self, *addresses: str, ends_in: timedelta = timedelta(days=1)) -> ssl.SSLContext:
        """What a server shows whose certificate is for these IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(one)) for one in addresses])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
        made = self._certificate(subject, key, ends_in, self._basic(False), (names, False))
        file = self.folder / f"{len(list(self.folder.iterdir()))}.pem"
        file.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    @staticmethod
    def _basic(ca: bool) -> tuple[x509.ExtensionType, bool]:
        return x509.BasicConstraints(ca=ca, path_length=None), True

    def _certificate(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        ends_in: timedelta,
        *extensions: tuple[x509.ExtensionType, bool],
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + ends_in)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


@contextmanager
def server(**how: Any) -> Iterator[tuple[Inbox, int]]:
    """An inbox and the port of its server; `how` are options of aiosmtpd."""
    made = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port, **how)
    controller.start()
    try:
        yield made, port
    finally:
        controller.stop(no_assert=True)


def only_with_password(
    _server: object, _session: object, _envelope: object, _how: str, given: Any
) -> AuthResult:
    """Lets in who signs in as NAME with PASSWORD."""
    fits = (given.login, given.password) == (NAME.encode(), PASSWORD.encode())
    return AuthResult(success=fits, handled=fits)


def saying(*answers: str) -> Callable[[socket.socket], None]:
    """A server that greets with the first answer, and says one more after each line of the client."""

    def talk(connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        for number, answer in enumerate(answers):
            if number:
                reader.readline()
            connection.sendall(f"{answer}\r\n".encode())

    return talk


def silent(connection: socket.socket) -> None:
    """A server that takes what comes and says nothing."""
    while connection.recv(1000):
        pass


def use(settings: Any, url: str, *, webhook_secret: str = "") -> None:
    """Let mail leave as EMAIL_URL says."""
    for name, value in read(url, webhook_secret=webhook_secret).items():
        setattr(settings, name, value)


def use_port(settings: Any, port: int, scheme: str = "smtp", who: Sequence[str] = ()) -> None:
    """Let mail leave by the server at this port."""
    name = ":".join(quote(part, safe="") for part in who)
    use(settings, f"{scheme}://{name}{'@' if who else ''}127.0.0.1:{port}")
