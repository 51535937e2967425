"""What a provider means that takes mail by its API; read without loading anymail, requests or boto3."""

import re
import sys
from typing import Any

from centers.mail.network_errors import words
from centers.mail.problems import Diagnosis, Problem

P = Problem
# In the answers of Postmark, Mailgun, Brevo and others, and in Amazon's.
_SENDER = re.compile(r"\bsender\b|['\"]?\bfrom\b['\"]?|not verified", re.I)
_RECIPIENT = re.compile(r"\brecipient|['\"]to['\"]|\bto parameter", re.I)
_STATUS = {401: P.KEY, 403: P.KEY, 402: P.LIMITED, 404: P.SETTINGS, 413: P.TOO_LARGE, 429: P.LIMITED}
#: Parts of the codes of Amazon's errors.
_AMAZON = (
    (("Throttl", "TooMany", "LimitExceeded"), P.LIMITED),
    (("MailFromDomain",), P.SENDER),
    (("AccessDenied", "Signature", "Token", "UnrecognizedClient", "Suspended", "Paused"), P.KEY),
    (("NotFound",), P.SETTINGS),
    (("Internal", "Unavailable"), P.BUSY),
)
#: Errors of boto3 before it sends: no key, no region, an option that it doesn't know.
_INCOMPLETE = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "NoRegionError", "InvalidRegionError"}
)

#: Errors of requests and boto3 before the mail was on its way, and of a connection that ended while it was.
_BEFORE = frozenset({"ConnectTimeout", "ConnectTimeoutError", "SSLError", "EndpointConnectionError"})
_CUT_SHORT = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, TimeoutError)


def of_provider(error: Exception, handed_over: bool) -> Diagnosis | None:
    """What is wrong, by an error of anymail or of what it uses; None for other errors."""
    anymail: Any = sys.modules.get("anymail.exceptions")
    root = _root(error)
    if type(root).__name__ in _INCOMPLETE:
        return Diagnosis(P.SETTINGS, answer=words(root))
    if anymail is None or not isinstance(error, anymail.AnymailError | anymail.AnymailConfigurationError):
        return None
    if isinstance(error, anymail.AnymailAPIError):
        code = _amazon_code(error)
        if error.status_code is not None:
            return _of_status(error)
        return _of_amazon(code, error) if code else _of_connection(error, root, handed_over)
    if isinstance(error, anymail.AnymailConfigurationError):
        return Diagnosis(P.SETTINGS, answer=words(error))
    # Refused because of the address, or of something in the mail that the provider can't send.
    refused = isinstance(error, anymail.AnymailRecipientsRefused)
    problem = P.RECIPIENT if refused else P.WRITING
    return Diagnosis(problem, answer=_said(error) if refused else "", permanent=True, dead=refused)


def _of_status(error: Any) -> Diagnosis:
    said = _said(error)
    if error.status_code < 300:  # taken, with an answer that can't be read
        return Diagnosis(P.LOST, answer=said, unsure=True)
    problem = _STATUS.get(error.status_code) or (P.BUSY if error.status_code >= 500 else _refused(said))
    return Diagnosis(
        problem,
        answer=f"{error.status_code} {said}"[:300],
        permanent=problem in (P.RECIPIENT, P.MESSAGE, P.TOO_LARGE),
        retry_after=_seconds(error.response.headers.get("Retry-After", "")),
    )


def _of_amazon(code: str, error: Any) -> Diagnosis:
    said = words(error)
    problem = next(
        (found for parts, found in _AMAZON if any(one in code for one in parts)), None
    ) or _refused(said)
    return Diagnosis(problem, answer=said, permanent=problem in (P.RECIPIENT, P.MESSAGE))


def _of_connection(error: Exception, root: BaseException, handed_over: bool) -> Diagnosis:
    """The provider wasn't reached, or its answer is missing: then it may have taken the mail."""
    kinds = {kind.__name__ for kind in type(error.__cause__ or error).__mro__}
    unanswered = not isinstance(root, OSError) or isinstance(root, _CUT_SHORT)
    unsure = handed_over and unanswered and not kinds & _BEFORE
    problem = P.LOST if unsure else P.UNREACHABLE
    return Diagnosis(problem, answer=words(root), error=type(root).__name__, unsure=unsure)


def _refused(said: str) -> Problem:
    if _SENDER.search(said):
        return P.SENDER
    return P.RECIPIENT if _RECIPIENT.search(said) else P.MESSAGE


def _amazon_code(error: Any) -> str:
    response = getattr(error.__cause__, "response", None)
    found = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return str(found)


def _said(error: Any) -> str:
    """The provider's own words, without the mail."""
    text = getattr(error.response, "text", "")
    try:
        document = error.response.json()
        text = next((document[name] for name in ("Message", "message", "error") if document.get(name)), text)
    except (AttributeError, TypeError, ValueError):
        pass
    return " ".join(str(text).split())[:280]


def _root(error: BaseException) -> BaseException:
    """The error that caused the others."""
    while following := error.__cause__ or error.__context__:
        error = following
    return error


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
