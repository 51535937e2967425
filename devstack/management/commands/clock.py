"""Show or move the product's clock, and the sandbox's with it; only in a demo or a test."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from centers import clock
from centers.values.amounts import amount_argument
from devstack.time_travel import move_ahead


class Command(BaseCommand):
    """`clock`, `clock --advance-days 20`, `clock --to 2027-01-05T09:00+03:00`."""

    help = "Shows the product's clock; in a demo, moves it (and the sandbox's) ahead."

    def add_arguments(self, parser: CommandParser) -> None:
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--advance-days", type=amount_argument, help="days to move ahead, such as 1 or 0.5")
        way.add_argument("--to", help="the moment to move to, as ISO 8601 with an offset")

    def handle(self, *args: Any, **options: Any) -> None:
        ahead = self._requested(options)
        if ahead:
            try:
                move_ahead(ahead)
            except (clock.ClockFixed, ValueError) as error:
                raise CommandError(str(error)) from error
        offset = clock.offset()
        self.stdout.write(f"{clock.now():%Y-%m-%d %H:%M:%S %Z}")
        if offset:
            self.stdout.write(f"{offset} ahead of real time; sandbox: {settings.SANDBOX_URL or 'none'}")

    @staticmethod
    def _requested(options: dict[str, Any]) -> timedelta:
        if options["advance_days"] is not None:
            return timedelta(days=float(options["advance_days"]))
        if not options["to"]:
            return timedelta()
        try:
            moment = datetime.fromisoformat(options["to"])
        except ValueError as error:
            raise CommandError(f"“{options['to']}” is not a time such as 2027-01-05T09:00+03:00.") from error
        if moment.tzinfo is None:
            raise CommandError("The time needs an offset, such as +03:00 or Z.")
        return moment - clock.now()
