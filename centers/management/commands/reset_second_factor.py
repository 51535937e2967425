"""Remove the second factors of a person who lost theirs and cannot wait."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from centers import clock
from centers.errors import OperationRefused
from centers.tenancy import account_mail
from centers.tenancy.address_proof import account_of
from centers.tenancy.factor_reset import reset_by_operator


class Command(BaseCommand):
    """Make sure who is asking before you run this; the person gets a mail, and the audit log an entry."""

    help = "Removes the second factors of an account at once, ends its sessions and tells its owner by mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address the person signs in with")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        user = account_of(email)
        if user is None:
            raise CommandError(f"No account signs in with “{email}”. Check the spelling.")
        try:
            removed = reset_by_operator(user=user, now=clock.now())
        except OperationRefused as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"Removed from {user.email}: {', '.join(removed)}. The account was signed out everywhere."
        )
        if not account_mail.send("factor_reset_by_operator", user):
            raise CommandError("The mail to the owner could not be sent; tell them yourself.")
