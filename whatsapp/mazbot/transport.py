"""One HTTP exchange with MazBot: bounded in time and size, never redirected, with errors free of secrets."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

import requests
import urllib3.exceptions

from centers.outbound.connections import deadline
from centers.outbound.retry_after import parse_retry_after

from .config import Timeouts
from .errors import ErrorKind, MazBotError

MAX_BODY = 2_000_000  # bytes, before and after decompression
CHUNK = 65_536

TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
UNSENDABLE = (
    UnicodeError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    urllib3.exceptions.LocationValueError,
)
BREAKS = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError)


class ConnectionBrokenError(MazBotError):
    """An open connection broke, as a kept-alive one does that the server has closed in the meantime."""


class NotConnectedError(MazBotError):
    """No connection was made in time, so nothing was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer; `retry_after` is in seconds, if the answer gave a time."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One request: `fields` are a POST's body, sent as multipart form or JSON, `params` a GET's query."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    multipart: bool = True

    def body(self) -> dict[str, Any]:
        """The keyword arguments of `requests` for the fields."""
        if not self.fields:
            return {}
        if self.multipart:
            return {"files": {name: (None, value) for name, value in self.fields.items()}}
        return {"json": dict(self.fields)}


def exchange(
    session: requests.Session, url: str, query: Query, *, headers: Mapping[str, str], timeouts: Timeouts
) -> Answer:
    """Send the query and read the whole answer. Raises MazBotError: network, timeout, too_large, malformed, invalid."""
    problem: MazBotError
    try:
        with deadline(read=timeouts.read, total=timeouts.total):
            return _exchange(session, url, query, headers=headers, timeouts=timeouts)
    except TIMEOUTS as error:
        late = NotConnectedError if isinstance(error, requests.ConnectTimeout) else MazBotError
        problem = late(ErrorKind.TIMEOUT, "MazBot did not answer in time")
    except UNSENDABLE:
        problem = MazBotError(ErrorKind.INVALID, "the address or a value cannot be sent as it is")
    except BREAKS as error:
        # Only the name: the text of these errors can contain the address, a header or a field.
        kind = ConnectionBrokenError if _had_stood(error) else MazBotError
        problem = kind(ErrorKind.NETWORK, f"no connection to MazBot ({type(error).__name__})")
    raise problem


def _had_stood(error: Exception) -> bool:
    """Whether the connection broke after it was made; `requests` wraps what urllib3 raised."""
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else error
    return isinstance(cause, urllib3.exceptions.ProtocolError)


def _exchange(
    session: requests.Session,
    url: str,
    query: Query,
    *,
    headers: Mapping[str, str],
    timeouts: Timeouts,
) -> Answer:
    request = requests.PreparedRequest()
    request.prepare(
        query.method,
        url,
        params=dict(query.params) or None,
        headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "markaz", **headers},
        **query.body(),
    )
    # Straight to the adapter: a session would add cookies, redirects and settings that are not used, at twice the cost.
    adapter = session.get_adapter(request.url or "")
    response = adapter.send(
        request,
        stream=True,
        timeout=(timeouts.connect, timeouts.read),
        verify=True if session.verify is None else session.verify,
        cert=session.cert,
    )
    complete = False
    try:
        body = _read(response)
        complete = True
    finally:
        if not complete:
            response.close()
    response.raw.release_conn()
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return Answer(
        status=response.status_code,
        body=_decompress(body, encoding),
        retry_after=parse_retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC)),
    )


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        body += chunk
        if len(body) > MAX_BODY:
            raise MazBotError(ErrorKind.TOO_LARGE, f"MazBot's answer is larger than {MAX_BODY} bytes")
    return bytes(body)


def _decompress(body: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity") or not body:
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise MazBotError(ErrorKind.MALFORMED, "MazBot's answer has an encoding that was not asked for")
    inflater = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, by its header
    try:
        plain = inflater.decompress(body, MAX_BODY + 1)
    except zlib.error:
        plain = b""
    if len(plain) > MAX_BODY:
        raise MazBotError(ErrorKind.TOO_LARGE, f"MazBot's answer is larger than {MAX_BODY} bytes")
    if not inflater.eof:
        raise MazBotError(ErrorKind.MALFORMED, "MazBot's compressed answer is broken")
    return plain
