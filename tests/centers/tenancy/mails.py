"""Reading the mails that tests caused."""

import re

from django.core.mail import EmailMessage


def link_in(message: EmailMessage) -> str:
    """The path of the one link that a mail holds."""
    found: list[str] = re.findall(r"https?://[^/\s]+(/\S+)", str(message.body))
    assert len(found) == 1, message.body
    return found[0]


def code_in(message: EmailMessage) -> str:
    """The code that a mail holds on a line of its own."""
    found = re.search(r"^(\d{6})$", str(message.body), re.MULTILINE)
    assert found, message.body
    return found[1]
