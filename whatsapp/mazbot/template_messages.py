"""send-template: what is sent, and why MazBot did not accept it.

The contract has no list of its refusals, so they are read from the error's kind, the names of refused fields, the
codes of WhatsApp's own API that services pass on, and the words of the message, in this order.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum

from .errors import ErrorKind, MazBotError
from .transport import ConnectionBrokenError, NotConnectedError

MAX_VARIABLE = 1024  # characters; WhatsApp's limit of a template's body
MAX_TEMPLATE_ID = 100
MAX_VARIABLES = 20


class TemplateProblem(StrEnum):
    """Why a template message was not sent, as far as it concerns the next step."""

    TEMPLATE = "template"  # unknown, not approved, paused
    VARIABLES = "variables"  # too few, too many or in a form that WhatsApp refuses
    NUMBER = "number"  # no phone number, or one without WhatsApp
    LIMIT = "limit"  # the requests per minute are used up
    QUOTA = "quota"  # the messages are used up: MazBot's quota, or WhatsApp's limit
    LOGIN = "login"  # the account's login, key or address is refused
    REFUSED = "refused"  # refused for another reason
    PASSING = "passing"  # MazBot, the network or our own Valkey: may work later


class TemplateError(MazBotError):
    """A template message that MazBot did not confirm.

    `unsure`: the request was handed over and may have taken effect all the same.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        problem: TemplateProblem = TemplateProblem.REFUSED,
        unsure: bool = False,
        retry_after: float | None = None,
        field_errors: Mapping[str, tuple[str, ...]] | None = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(
            kind, message, retry_after=retry_after, field_errors=field_errors, status_code=status_code
        )
        self.problem = problem
        self.unsure = unsure

    @classmethod
    def of(cls, error: MazBotError, *, sent: bool) -> "TemplateError":
        """The error of a call whose own request was `sent`, or was not (a login, the budget)."""
        return cls(
            error.kind,
            error.message,
            problem=_problem(error),
            unsure=sent and _may_have_acted(error),
            retry_after=error.retry_after,
            field_errors=error.field_errors,
            status_code=error.status_code,
        )


_REACHED_NO_ONE = frozenset({ErrorKind.LOGIN, ErrorKind.API_KEY, ErrorKind.LOCALE_PATH})
_ANSWERED_ODDLY = frozenset({ErrorKind.TIMEOUT, ErrorKind.SERVER, ErrorKind.MALFORMED, ErrorKind.TOO_LARGE})
_REFUSALS = frozenset({ErrorKind.REFUSED, ErrorKind.INVALID, ErrorKind.NOT_FOUND})
# By the beginning of a refused field's name.
_FIELDS = (
    ("template", TemplateProblem.TEMPLATE),
    ("mobile", TemplateProblem.NUMBER),
    ("phone", TemplateProblem.NUMBER),
    ("body_", TemplateProblem.VARIABLES),
)
# The first that matches. Codes: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
_WORDS = (
    (TemplateProblem.VARIABLES, r"\b(132000|132012|132018)\b|variable|param|placeholder|متغي[ّ]?ر"),
    (TemplateProblem.TEMPLATE, r"\b(132001|132005|132007|132015|132016)\b|template|قالب"),
    (
        TemplateProblem.QUOTA,
        r"\b(130429|131048|131049|131056|80007)\b|quota|balance|credit|limit|الحد|رصيد|حصة",
    ),
    (
        TemplateProblem.NUMBER,
        r"\b(131021|131026|133010)\b|undeliverable|recipient|mobile|phone|"
        r"(not|no|without)\b.*\bwhatsapp|whatsapp\b.*\bnot|واتس ?[اآ]ب|الهاتف|الجوال|الرقم",
    ),
)
_PATTERNS = tuple((problem, re.compile(words, re.IGNORECASE)) for problem, words in _WORDS)


def template_fields(template_id: str, mobile: str, variables: Sequence[str]) -> dict[str, str]:
    """The form fields of a template message. Raises MazBotError (`invalid`) for what cannot be sent."""
    if (
        not template_id
        or len(template_id) > MAX_TEMPLATE_ID
        or not template_id.isprintable()
        or template_id != template_id.strip()
    ):
        raise _invalid("template_id", f"must be 1 to {MAX_TEMPLATE_ID} printable characters")
    if not (mobile.isascii() and mobile.isdigit() and 6 <= len(mobile) <= 15):
        raise _invalid("mobile", "must be 6 to 15 digits")
    if len(variables) > MAX_VARIABLES:
        raise _invalid("body_values", f"has more than {MAX_VARIABLES} variables")
    fields = {"template_id": template_id, "mobile": mobile}
    for number, value in enumerate(variables, start=1):
        if not _fits(value):
            raise _invalid(f"body_values[{number}]", f"must be one line of 1 to {MAX_VARIABLE} characters")
        fields[f"body_matchs[{number}]"] = "input_value"
        fields[f"body_values[{number}]"] = value
    return fields


def _fits(value: str) -> bool:
    """WhatsApp refuses variables that are empty, too long or have a line break or tab."""
    unfit = ("Cc", "Cs", "Zl", "Zp")
    return bool(value.strip()) and len(value) <= MAX_VARIABLE and not _has_any(value, unfit)


def _has_any(value: str, categories: tuple[str, ...]) -> bool:
    return any(unicodedata.category(character) in categories for character in value)


def _problem(error: MazBotError) -> TemplateProblem:
    if error.kind in _REACHED_NO_ONE:
        return TemplateProblem.LOGIN
    if error.kind is ErrorKind.LIMIT:
        return TemplateProblem.LIMIT
    if error.kind not in _REFUSALS:
        return TemplateProblem.PASSING
    for name in error.field_errors:
        for beginning, problem in _FIELDS:
            if name.lower().startswith(beginning):
                return problem
    texts = " ".join([error.message, *(text for texts in error.field_errors.values() for text in texts)])
    return next((problem for problem, words in _PATTERNS if words.search(texts)), TemplateProblem.REFUSED)


def _may_have_acted(error: MazBotError) -> bool:
    if isinstance(error, NotConnectedError):
        return False
    return error.kind in _ANSWERED_ODDLY or isinstance(error, ConnectionBrokenError)


def _invalid(name: str, problem: str) -> MazBotError:
    return MazBotError(ErrorKind.INVALID, f"{name} {problem}", field_errors={name: (problem,)})
