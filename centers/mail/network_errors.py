"""What is wrong on the way to a mail server: its name, its port, its certificate."""

import errno
import socket
import ssl

from centers.mail.problems import Diagnosis, Problem

# Of OpenSSL: X509_V_ERR_CERT_HAS_EXPIRED, and those of a host, email address and IP address that don't match.
_EXPIRED, _OTHER_NAME = 10, frozenset({62, 63, 64})
#: How OpenSSL calls what answers a handshake with something else than TLS.
_NO_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}
)
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})


def of_network(error: OSError, handed_over: bool) -> Diagnosis:
    """What is wrong, by an error of the operating system or of TLS."""
    name = type(error).__name__
    if handed_over and isinstance(error, ssl.SSLError | ConnectionError | TimeoutError):
        return Diagnosis(Problem.LOST, error=name, unsure=True)
    if handed_over:
        return Diagnosis(Problem.UNKNOWN, answer=words(error), error=name, unsure=True)
    return Diagnosis(_problem(error), answer=words(error), error=name)


def words(error: BaseException) -> str:
    """What the error says, in one line."""
    return " ".join(str(getattr(error, "strerror", "") or error).split())[:300]


def _problem(error: OSError) -> Problem:
    if isinstance(error, ssl.SSLError):
        return _of_tls(error)
    if isinstance(error, socket.gaierror):
        return Problem.NAME
    if isinstance(error, ConnectionRefusedError):
        return Problem.CLOSED
    # A connection that is reset at once is mostly a firewall's, too.
    if isinstance(error, TimeoutError | ConnectionError):
        return Problem.SILENT
    return Problem.NO_ROUTE if error.errno in _NO_ROUTE else Problem.UNKNOWN


def _of_tls(error: ssl.SSLError) -> Problem:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return Problem.NO_TLS if error.reason in _NO_TLS else Problem.TLS
    if error.verify_code == _EXPIRED:
        return Problem.EXPIRED
    return Problem.OTHER_NAME if error.verify_code in _OTHER_NAME else Problem.UNTRUSTED
