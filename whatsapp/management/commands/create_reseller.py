"""Create a reseller with its owner and its MazBot account."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from centers.errors import OperationRefused
from centers.values.amounts import count_argument
from whatsapp.onboarding import NewReseller, onboard_reseller

_TEXTS = (
    "name",
    "currency",
    "language",
    "time-zone",
    "owner-email",
    "owner-password",
    "mazbot-url",
    "mazbot-api-key",
    "mazbot-email",
    "mazbot-password",
)


class Command(BaseCommand):
    """Prints the reseller's slug and URL; exits non-zero with messages if a value is invalid."""

    help = "Creates a reseller with its owner and its MazBot account: all of it or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in _TEXTS:
            parser.add_argument(f"--{name}", required=True)
        parser.add_argument(
            "--rate-limit", type=count_argument, default=60, help="requests per minute of the MazBot account"
        )
        parser.add_argument(
            "--country", default="", help="ISO 3166 code, such as LY: phone numbers without + are read in it"
        )
        parser.add_argument("--slug", default="", help="the address name; made from the name when not given")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        fields = {name.replace("-", "_"): options[name.replace("-", "_")] for name in _TEXTS}
        try:
            reseller = onboard_reseller(
                NewReseller(
                    **fields,
                    rate_limit=options["rate_limit"],
                    slug=options["slug"],
                    country=options["country"],
                )
            )
        except OperationRefused as error:
            raise CommandError(error.message) from error
        result = {"id": reseller.pk, "slug": reseller.slug, "url": f"{settings.SITE_URL}/r/{reseller.slug}/"}
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(f"Created “{reseller.name}” as {result['slug']}: {result['url']}")
