"""Handing a mail to the mail server or provider of this install."""

from contextlib import suppress

import structlog
from django.core.mail import EmailMessage, get_connection

from centers.mail.diagnosis import diagnose
from centers.mail.problems import Diagnosis, Problem

log = structlog.get_logger(__name__)


class MailFailed(Exception):
    """The mail was not taken, or no one knows; `diagnosis` says why."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(str(diagnosis.problem))
        self.diagnosis = diagnosis


def hand_over(mail: EmailMessage) -> str:
    """Hand the mail over once, and return what the provider calls it ("" for a mail server). Raises MailFailed.

    It waits for the network, several times EMAIL_TIMEOUT at worst: call it outside a transaction.
    """
    handed_over = False
    connection = None
    try:
        connection = get_connection()
        connection.open()
        handed_over = True
        connection.send_messages([mail])
    except Exception as error:  # those of a provider's library are of any kind
        diagnosis = diagnose(error, handed_over=handed_over)
        if diagnosis.problem is Problem.UNKNOWN:
            log.exception("mail_failed_unexpectedly")
        raise MailFailed(diagnosis) from error
    finally:
        # The mail is handed over or refused by now, whatever comes. A session that failed half-way is open, too.
        with suppress(Exception):
            if connection is not None:
                connection.close()
    return _provider_id(mail)


def sign_in(*, timeout: float) -> None:
    """Connect to the mail server and sign in, without sending anything. Raises MailFailed; `timeout` in seconds."""
    connection = get_connection(timeout=timeout)
    try:
        connection.open()
    except Exception as error:
        raise MailFailed(diagnose(error)) from error
    finally:
        with suppress(Exception):
            connection.close()


def _provider_id(mail: EmailMessage) -> str:
    found = getattr(getattr(mail, "anymail_status", None), "message_id", None)
    return found if isinstance(found, str) else ""
