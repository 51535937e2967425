"""One request to an address that a person entered: bounded in time and size, never redirected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from centers.outbound.addresses import may_connect
from centers.outbound.connections import AddressBlocked, deadline, guarded_session
from centers.outbound.retry_after import parse_retry_after
from centers.stored_messages import StoredMessage
from centers.stored_messages import StoredMessage as _

CONNECT, READ, TOTAL = 5.0, 10.0, 20.0  # seconds
MAX_ANSWER = 64_000  # bytes; what follows is not read
KEPT = 300  # characters of an answer that are stored

_NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.SSLError,
)
_UNSENDABLE = (
    UnicodeError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_BREAKS = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `retry_after` is in seconds, if the answer gave a time."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None

    @property
    def text(self) -> str:
        """The status and the beginning of the body, on one line, for a log."""
        body = " ".join(self.body[: 4 * KEPT].decode(errors="replace").split())
        shown = "".join(letter for letter in body if letter.isprintable())
        return f"HTTP {self.status} {shown}"[:KEPT].strip()


class RequestFailed(Exception):
    """There is no answer. `unsure`: the request may have arrived. `blocked`: the address may not be called."""

    def __init__(self, reason: StoredMessage, *, unsure: bool = False, blocked: bool = False) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.unsure = unsure
        self.blocked = blocked


def send(
    method: str, url: str, *, total: float = TOTAL, headers: Mapping[str, str] | None = None, **content: Any
) -> Answer:
    """Send one request and read its answer, within `total` seconds. `content` goes to requests (data, json, params).

    Raises RequestFailed. Nothing is connected unless every address of the host may be called (`may_connect`).
    """
    try:
        with guarded_session(may_connect) as session, deadline(read=min(READ, total), total=total):
            response = session.request(
                method,
                url,
                headers={"User-Agent": "Markaz", "Accept-Encoding": "identity", **(headers or {})},
                timeout=(min(CONNECT, total), min(READ, total)),
                allow_redirects=False,
                stream=True,
                **content,
            )
            return Answer(
                status=response.status_code,
                body=_beginning(response),
                retry_after=parse_retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC)),
            )
    except _UNSENDABLE as error:
        raise RequestFailed(_("The address or the message can't be sent as it is.")) from error
    except _BREAKS as error:
        raise _failure(error, url) from error


def _beginning(response: requests.Response) -> bytes:
    """The body up to MAX_ANSWER bytes. The status alone decides, so a body that breaks off counts as read."""
    body = bytearray()
    try:
        while len(body) < MAX_ANSWER and (chunk := response.raw.read1(8192, decode_content=False)):
            body += chunk
    except _BREAKS:
        pass
    finally:
        response.close()
    return bytes(body[:MAX_ANSWER])


def _failure(error: Exception, url: str) -> RequestFailed:
    host = {"host": _host_of(url)}
    cause = _cause(error)
    if isinstance(cause, AddressBlocked):
        blocked = _("“%(host)s” leads to an internal address, so nothing was sent. Enter a public address.")
        return RequestFailed(blocked % host, blocked=True)
    if isinstance(cause, urllib3.exceptions.NameResolutionError | urllib3.exceptions.LocationValueError):
        return RequestFailed(_("“%(host)s” can't be found. Check the address.") % host)
    if isinstance(cause, urllib3.exceptions.SSLError):
        return RequestFailed(_("The TLS certificate of “%(host)s” isn't valid, so nothing was sent.") % host)
    if isinstance(cause, _NOT_SENT):
        return RequestFailed(_("“%(host)s” can't be reached, so nothing was sent.") % host)
    return RequestFailed(
        _("“%(host)s” didn't answer in time or broke the connection. The message may have arrived.") % host,
        unsure=True,
    )


def _cause(error: Exception) -> object:
    """What urllib3 raised: requests wraps it, and urllib3 wraps it once more in MaxRetryError."""
    cause = error.args[0] if isinstance(error, requests.RequestException) and error.args else error
    return getattr(cause, "reason", None) or cause


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:80]
    except ValueError:
        return url[:80]
