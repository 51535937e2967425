"""Fills an empty install through the product's own operations and the sandbox's API."""

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.jobs import account_job, dunning_job
from centers import clock
from centers.models import Reseller, User
from devstack import demo_accounts
from devstack.demo_data import gateways, history, money, people, sandbox, templates
from devstack.sandbox import SandboxControl
from whatsapp.jobs import status_job, switching_job


class Command(BaseCommand):
    """One reseller, 40 centers, 55 numbers in all states, three months of usage, invoices paid, open and overdue."""

    help = (
        "Fills an empty install with demo data, or goes on where that was cut short; "
        "needs the sandbox (MARKAZ_SANDBOX_URL)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing when there is a reseller already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        begun = people.unfinished()
        if begun is None and Reseller.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("This install has data already; the demo only fills an empty one.")
        if not settings.DEMO or not settings.SANDBOX_URL:
            raise CommandError("The demo needs MARKAZ_DEMO=1 and MARKAZ_SANDBOX_URL; `make run` sets both.")
        started, now = time.monotonic(), clock.now()
        reseller = begun or people.make_reseller(sandbox_url=settings.SANDBOX_URL, now=now)
        self._fill(SandboxControl(settings.SANDBOX_URL), reseller, now)
        self._say(f"the demo is complete after {time.monotonic() - started:.0f} s")
        self._say(f"{settings.SITE_URL} as {demo_accounts.OWNER.email}, password {demo_accounts.PASSWORD}")

    def _fill(self, control: SandboxControl, reseller: Reseller, now: datetime) -> None:
        """Every step skips what an earlier, killed run has done."""
        owner = User.objects.get(email=demo_accounts.OWNER.email)
        first = money.months(reseller, now)[0]
        sandbox.fill(control, first.first_day, now)
        money.hold_invoicing(reseller, owner, now)
        history.with_a_past(
            reseller,
            lambda: people.import_centers(reseller, owner, now),
            added=first.bounds(ZoneInfo(reseller.time_zone))[0],
            now=now,
        )
        people.invite_team(reseller, owner, now)
        templates.approve(control, reseller, owner, now)
        gateways.connect(settings.SANDBOX_URL, reseller, owner, now)
        self._say(f"{reseller}: centers, numbers and people are in; {demo_accounts.SIGN_IN_NOW}")
        money.set_prices(reseller, owner, now)
        money.set_policies(reseller, owner, now)
        money.add_charges(reseller, owner, now)
        sandbox.surprise(control)
        status_job(reseller=reseller, now=clock.now(), everyone=True)
        money.read_history(reseller, now, self._say)
        biller = User.objects.get(email=demo_accounts.BILLING.email)
        money.issue_and_pay(reseller, owner, biller, now)
        self._say("invoices and payments are in")
        for recorder in (dunning_job, switching_job, account_job):
            recorder(reseller=reseller, now=clock.now())
        money.finish(reseller, owner, now)
        people.settle_account(reseller, owner)
        sandbox.settle(control)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
