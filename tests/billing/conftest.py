"""A reseller with money moving: usage, margins, invoices and payments made through the real operations."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.db.models import Q

from billing.invoicing import issue_invoice
from billing.models import Category, Invoice, Margin, Payment
from billing.payments import record_payment
from billing.periods import Period, day_start
from billing.pricing.below_cost import BelowCost
from billing.pricing.history.backdating import Backdated
from billing.pricing.margin_versions import set_margin
from billing.reports import kept, kept_refresh
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, MazbotAccountFactory, ResellerFactory
from tests.shared_rows import ROWS
from whatsapp.accounts import mazbot_zone
from whatsapp.mazbot import Usage
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))
REFERENCES = count(1)


@dataclass
class Shop:
    """One reseller in Riyadh whose MazBot costs are in USD."""

    reseller: Reseller
    account: MazbotAccount
    center: Center

    def new_center(self, **fields: Any) -> Center:
        made: Center = CenterFactory(reseller=self.reseller, **fields)
        return made

    def number(self, center: Center | None = None, **fields: Any) -> Instance:
        made: Instance = InstanceFactory(center=center or self.center, **fields)
        return made

    def read(self, number: Instance, day: date, *, at: datetime | None = None, **counts: Any) -> None:
        """MazBot answers this for that day; asked for on the morning after unless `at` says when.

        A day before the number was added is one that its center held it, alone: the others need no reading.
        """
        self.read_all([(number, day)], at=at, **counts)

    def read_all(
        self, days: Iterable[tuple[Instance, date]], *, at: datetime | None = None, **counts: Any
    ) -> None:
        """MazBot answers this for each number and day. They are stored at once, as the job does; alone each costs as
        much as all.
        """
        usage = Usage(
            total_sent=counts.get("sent", 0),
            total_received=counts.get("received", 0),
            failed_messages=counts.get("failed", 0),
            total_cost=Decimal(str(counts.get("cost", "0"))),
        )
        answers = [
            UsageAnswer(span_of(number, day), day, usage, at or _morning_after(day)) for number, day in days
        ]
        merge(self.account, answers, now=max((answer.asked_at for answer in answers), default=NOW))

    def leaves(self, number: Instance, day: date) -> None:
        """The number, which was read on that day, went to another center as the day ended."""
        midnight = day_start(day + timedelta(days=1), mazbot_zone(self.reseller))
        own = Instance.objects.filter(pk=number.pk)
        own.update(held_since=midnight)
        own.update(center=self.new_center(), held_since=midnight + timedelta(minutes=1))
        number.refresh_from_db()

    def margin(self, percent: str, fixed: str = "0", **fields: Any) -> Margin:
        """Set it, confirmed where it sells below cost or changes days that are over."""
        values: dict[str, Any] = {"category": Category.MESSAGE, "valid_from": date(2020, 1, 1), "by": None}
        values |= {
            "reseller": self.reseller,
            "percent": Decimal(percent),
            "fixed": Decimal(fixed),
            "now": NOW,
        }
        values |= fields
        for _each in range(2):
            try:
                return set_margin(**values)
            except BelowCost as below:
                values["confirmation"] = below.loss.phrase
            except Backdated as asked:
                values["confirmed_days"] = asked.backdating.phrase
        return set_margin(**values)

    def owe(self, amount: str, center: Center | None = None, *, day: date = date(2026, 2, 10)) -> Invoice:
        """An invoice over `amount` for one day, issued on the second day after it."""
        own = center or self.center
        self.read(self.number(own), day, sent=1, cost=amount)
        return issue_invoice(
            center=own,
            period=Period(day, day + timedelta(days=1)),
            by=None,
            now=datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=2),
        )

    def pay(self, amount: str, center: Center | None = None, **fields: Any) -> Payment:
        own = center or self.center
        values = {
            "currency": own.currency,
            "reference": f"TR-{next(REFERENCES)}",
            "received_on": date(2026, 3, 1),
            "by": None,
            "now": NOW,
        }
        return record_payment(center=own, amount=amount, **(values | fields))


def _morning_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(days=1)


def span_of(number: Instance, day: date) -> InstanceAssignment:
    """The span that has the day of the number last."""
    spans = InstanceAssignment.objects.filter(
        Q(last_day=None) | Q(last_day__gte=day), instance=number, first_day__lte=day
    )
    found = spans.select_related("instance", "center").order_by("since", "pk").last()
    if found is not None:
        return found
    begins = day_start(day, mazbot_zone(number.reseller))
    InstanceAssignment.objects.create(
        reseller_id=number.reseller_id,
        center_id=number.center_id,
        instance=number,
        mazbot_id=number.instance_id,
        since=begins,
        until=begins + timedelta(hours=23),
        first_day=day,
        last_day=day,
        billed_from=day,
    )
    return span_of(number, day)


def make_shop() -> Shop:
    reseller = ResellerFactory(time_zone="Asia/Riyadh", currency="USD")
    account = MazbotAccountFactory(reseller=reseller, time_zone="Asia/Riyadh", cost_currency="USD")
    center = CenterFactory(reseller=reseller, currency="USD", country_id="1")
    return Shop(reseller, account, center)


@pytest.fixture
def shop_rows(request: pytest.FixtureRequest) -> Shop:
    """Made once for the tests that begin with it: a tenth of what they take."""
    return ROWS.get(request, make_shop)


@pytest.fixture
def shop(shop_rows: Shop) -> Iterator[Shop]:
    """The shop, with its scope open."""
    with tenant(shop_rows.reseller):
        yield shop_rows


@pytest.fixture
def committed_shop(transactional_db: None) -> Iterator[Shop]:
    """The shop in committed rows, for tests with threads."""
    made = make_shop()
    with tenant(made.reseller):
        yield made


@pytest.fixture
def every_reseller_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are kept for all, as for those with many centers."""
    monkeypatch.setattr(kept, "MOST_CENTERS", 0)


@pytest.fixture
def reports_asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The reports that workers were asked to add up."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(kept_refresh, "enqueue", lambda _name, **values: bool(found.append(values)) or True)
    return found
