"""How the operator is notified: by mail, to a webhook, and by a heartbeat whose absence a service outside notices."""

from collections.abc import Callable

import requests
import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from centers.mail.sending import MailFailed, hand_over
from config.watchdog.reports import Problem, Report

log = structlog.get_logger(__name__)
SECONDS = 10

#: Returns whether the receiver took it.
Receiver = Callable[[Report], bool]


def receivers() -> dict[str, Receiver]:
    """The configured ones, by the name under which the memory knows them."""
    found: dict[str, Receiver] = {}
    if settings.OPERATOR_EMAILS:
        found["mail"] = by_mail
    if settings.OPERATOR_WEBHOOK:
        found["webhook"] = by_webhook
    return found


def subject(report: Report) -> str:
    """One line: what is wrong, or that it is over."""
    problems = [*report.opened, *report.lasting]
    if not problems:
        return f"[Markaz] Solved: {_names(report.ended)}"
    return f"[Markaz] {'Still: ' if not report.opened else ''}{_names(problems)}"


def text(report: Report) -> str:
    """The message, one paragraph per problem."""
    parts = [f"{one.text}\nSince {_time(one.since)}." for one in report.opened]
    parts += [f"Still: {one.text}\nSince {_time(one.since)}." for one in report.lasting]
    parts += [f"Solved: {one.text}\nFrom {_time(one.since)} to {_time(one.ended)}." for one in report.ended]
    return "\n\n".join([*parts, f"{settings.SITE_URL}\nSee docs/operations.md, “The watchdog”."])


def by_mail(report: Report) -> bool:
    """To OPERATOR_EMAILS, directly by the mail server."""
    try:
        hand_over(EmailMessage(subject(report), text(report), None, settings.OPERATOR_EMAILS))
    except MailFailed as failure:
        log.warning("watchdog_mail_failed", why=failure.diagnosis.english)
        return False
    return True


def by_webhook(report: Report) -> bool:
    """To OPERATOR_WEBHOOK as JSON; `text` is what Slack, Mattermost and others show."""
    document = {
        "text": f"{subject(report)}\n\n{text(report)}",
        "site": settings.SITE_URL,
        "opened": [one.text for one in report.opened],
        "lasting": [one.text for one in report.lasting],
        "solved": [one.text for one in report.ended],
    }
    return _called("POST", settings.OPERATOR_WEBHOOK, json=document)


def beat(problems: list[Problem]) -> bool:
    """Call HEARTBEAT_URL while all is well, and its /fail with the problems otherwise (as healthchecks.io has it)."""
    if not settings.HEARTBEAT_URL:
        return True
    if not problems:
        return _called("GET", settings.HEARTBEAT_URL)
    return _called(
        "POST",
        settings.HEARTBEAT_URL.rstrip("/") + "/fail",
        data="\n".join(one.text for one in problems).encode(),
    )


def _called(method: str, url: str, **content: object) -> bool:
    """The operator chose the address, so it may be anywhere; a redirect still is no answer."""
    try:
        with requests.request(
            method,
            url,
            timeout=SECONDS,
            allow_redirects=False,
            stream=True,
            **content,  # type: ignore[arg-type]
        ) as response:
            taken = 200 <= response.status_code < 300
    except (requests.RequestException, OSError, ValueError) as error:
        log.warning("watchdog_call_failed", error=type(error).__name__)
        return False
    if not taken:
        log.warning("watchdog_call_refused", status=response.status_code)
    return taken


def _names(problems: list[Problem]) -> str:
    shown = " ".join(problems[0].text.split(". ")[0].split(":")[0].split(" (")[0].split()).rstrip(".")[:100]
    return shown if len(problems) == 1 else f"{shown}, and {len(problems) - 1} more"


def _time(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"
