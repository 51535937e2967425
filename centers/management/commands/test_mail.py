"""Send a test email and say what is wrong if it isn't taken."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.urls import reverse

from centers import mail_delivery
from centers.mail.problems import server_name
from centers.mail.sending import MailFailed, hand_over
from centers.mail.trial import trial_mail
from centers.mail.way import way


class Command(BaseCommand):
    """Exits with 1 if the email was not taken."""

    help = "Shows how email is sent, sends a test to an address, and says what is wrong and what to do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="where the test goes")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"].strip()
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"“{address}” is no email address.") from error
        for label, value in way().facts:
            self.stdout.write(f"{label + ':':<24}{value}")
        if settings.EMAIL_PROVIDER:
            self.stdout.write(f"{'Address for its events:':<24}{settings.SITE_URL}{reverse('mail_events')}")
        if not mail_delivery.is_delivered():
            raise CommandError(str(mail_delivery.why_not()))
        self._send(address)

    def _send(self, address: str) -> None:
        mail = trial_mail(address, f"This is a test of {settings.SITE_URL}, sent by {server_name()}.")
        try:
            name = hand_over(mail)
        except MailFailed as failure:
            why = failure.diagnosis
            raise CommandError("\n".join(filter(None, [why.english, why.answer]))) from failure
        self.stdout.write(f"Taken{f' as {name}' if name else ''}. If it doesn't arrive, look among the spam.")
