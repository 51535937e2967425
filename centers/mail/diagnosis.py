"""From what was raised when a mail was sent to what is wrong: the one place that reads errors of mail."""

import smtplib
from email.errors import MessageError

from centers.mail.network_errors import of_network
from centers.mail.problems import Diagnosis, Problem
from centers.mail.provider_errors import of_provider
from centers.mail.smtp_errors import of_smtp


def diagnose(error: Exception, *, handed_over: bool = False) -> Diagnosis:
    """What is wrong, by the exception of a mail backend; `handed_over`: the mail itself was under way."""
    found = of_provider(error, handed_over)
    if found is not None:
        return found
    if isinstance(error, smtplib.SMTPException):
        return of_smtp(error, handed_over)
    if isinstance(error, OSError):
        return of_network(error, handed_over)
    name = type(error).__name__
    if isinstance(error, ValueError | MessageError) and handed_over:
        return Diagnosis(Problem.WRITING, error=name, permanent=True)
    if isinstance(error, UnicodeError):  # a host name that can't be one
        return Diagnosis(Problem.NAME, error=name)
    return Diagnosis(Problem.UNKNOWN, error=name, unsure=handed_over)
