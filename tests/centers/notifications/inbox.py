"""A real mail server that keeps what it takes."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """A mail server that keeps what it takes, and refuses what a test says."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}  # "RCPT", "MAIL" or "DATA" -> answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.refuse:
            return self.refuse["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.refuse.get("MAIL", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        parsed = message_from_bytes(envelope.content or b"", policy=default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        return "250 queued as 7"


@contextmanager
def mail_server(inbox: Inbox | None = None) -> Iterator[tuple[Inbox, int]]:
    """An inbox, a new one or this, and the port of its server."""
    made = inbox or Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield made, port
    finally:
        controller.stop(no_assert=True)
