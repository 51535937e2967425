"""What happens on which day of the year. Chance chooses who and how much, from a seed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tests.billing.tax.shops import register
from tests.billing.year.facts import Booked, Held, Month, days_of, facts_of, month_of
from tests.billing.year.living import COUNTRIES, D, Year
from tests.billing.year.prices import Prices
from whatsapp.models import Instance, Service

#: What a dollar costs at first; of the center's own there is no rate.
CURRENCIES = {
    "SAR": "3.75", "USD": "", "LYD": "4.8537", "JPY": "149.12", "EGP": "47.813", "KWD": "0.3068", "OMR": "0.3845",
    "AED": "3.6725",
}  # fmt: skip
#: MazBot fails for five days, over a month's end; our servers are off for five; then the disk is lost.
MAZBOT_DOWN = (date(2026, 4, 29), date(2026, 5, 3))
WE_ARE_DOWN = (date(2026, 8, 9), date(2026, 8, 13))
#: Staff don't charge these days of this number, of which MazBot corrects nothing.
WAIVED, WAIVED_DAYS = "n01", [date(2026, 6, day) for day in range(2, 6)]
BACKED_UP, DISK_LOST = date(2026, 9, 30), date(2026, 10, 4)


@dataclass
class Calendar:
    """The days, centers, numbers and rhythm of a year; `rounds` are the days of a month on which the jobs run."""

    year: Year
    first: date
    last: date
    centers: int
    numbers: int
    rounds: Collection[int]
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = self.year.chance
        # Days, and invoices, that nothing corrects any longer.
        self._days: set[tuple[str, date]] = set()
        self._invoices: set[tuple[str, Month]] = set()
        self._late: list[tuple[str, str, Decimal]] = []

    def live(self) -> None:
        day = self.first
        self.begin(day)
        while day <= self.last + timedelta(days=9):
            if day <= self.last:
                self.use(day, 6)
                if not WE_ARE_DOWN[0] <= day <= WE_ARE_DOWN[1]:
                    self.year.at(day, 8)
                    self.office(day)
                self.use(day, 14)
                if 10 <= day.day <= 12:
                    self.correct(day)
            self.jobs(day)
            day += timedelta(days=1)

    def begin(self, day: date) -> None:
        year = self.year
        year.at(day, 5)
        register(year.shop)
        year.tax("15", day)
        year.margin("20", "0.001", day)
        year.margin("10", "0.5", day, category="subscription")
        for currency, rate in CURRENCIES.items():
            if rate:
                year.exchange_rate(currency, D(rate))
        for country, cost in COUNTRIES.items():
            year.subscription(country, D(cost))
        for count in range(self.centers):
            self.names.append(f"Center {chr(65 + count)}")
            year.new_center(self.names[-1], list(CURRENCIES)[count % 7], str(1 + count % 6))
        for count in range(self.numbers):
            year.new_number(f"n{count:02}", self.names[count % self.centers])
        self._invoices |= {(self.names[1], (2026, month)) for month in range(1, 6)}
        self._days |= {(WAIVED, day) for day in WAIVED_DAYS}

    # --- MazBot ----------------------------------------------------------------------------------

    def use(self, day: date, hour: int) -> None:
        """Some messages of every number that MazBot serves."""
        self.year.at(day, hour)
        served = Instance.objects.filter(archived_at=None, service=Service.ENABLED)
        for number in served.order_by("instance_id").values_list("instance_id", flat=True):
            if self.chance.random() < 0.5:
                self.book(number, day)

    def book(self, number: str, day: date) -> None:
        sent = self.chance.randint(20, 400)
        cost = sent * D(self.chance.randint(40_000, 200_000)).scaleb(-7)
        self.year.book(number, day, sent, self.chance.choice([0, 0, sent // 9]), cost)

    def correct(self, day: date) -> None:
        """MazBot books late, or corrects down, in this month and in the one or two before it."""
        first = day.replace(day=1)
        for back in (0, 1, 2):
            first = first if not back else (first - timedelta(days=1)).replace(day=1)
            if first < self.first.replace(day=1) or (back == 2 and day.day != 10):
                continue
            for falls in (False, True):
                if falls and (back == 0 or day.day % 2):
                    continue
                found = self.used_day(month_of(first), day)
                if found is not None:
                    self.correct_day(found, falls)

    def used_day(self, month: Month, before: date) -> Booked | None:
        """A day with usage that can still be corrected, of a center that billed it in a currency it still has."""
        prices = Prices(self.year.facts)
        rows = [
            row
            for row in facts_of(self.year.facts, Booked)
            if month_of(row.day) == month
            and row.day < before - timedelta(days=1)
            and row.cost > D("0.2")
            and (row.number, row.day) not in self._days
            and (prices.owner(row.number, row.day), month) not in self._invoices
            and len(prices.parts(row.number, row.day)) == 1
        ]
        return self.chance.choice(rows) if rows else None

    def correct_day(self, found: Booked, falls: bool) -> None:
        self._days.add((found.number, found.day))
        if falls:
            half = -(found.sent // 2)
            self.year.book(found.number, found.day, half, 0, (found.cost / 2).quantize(D(1).scaleb(-7)) * -1)
        else:
            self.book(found.number, found.day)

    # --- The office ------------------------------------------------------------------------------

    def office(self, day: date) -> None:
        for when, act in (
            (1, self.first_of_month), (4, self.void), (5, self.move), (8, self.margins), (10, self.credit),
            (13, self.waive), (15, self.country), (18, self.rates), (22, self.refund), (25, self.exchange),
        ):  # fmt: skip
            if day.day == when:
                act(day)
        if day.day in (12, 20) or day == date(2026, 10, 3):
            self.payments(day)
        if day == date(2026, 10, 3):
            self.move(day)
        if day == DISK_LOST:
            self.year.restore()
            self.enter_again()

    def first_of_month(self, day: date) -> None:
        if day.month in (4, 8):
            self.year.new_number(f"new{day.month}", self.chance.choice(self.names))
        if day.month == 12:
            self.year.archive("n00")

    def void(self, day: date) -> None:
        if day.month == 6:
            self.year.void_and_issue(self.names[1], (2026, 5))

    def move(self, day: date) -> None:
        held = {row.number: row.center for row in facts_of(self.year.facts, Held) if row.center}
        free = [name for name in self.names if name not in self.year.suspended()]
        stay = ("n00", "n01", "n02")
        numbers = [number for number, center in held.items() if center in free and number not in stay]
        for _each in range(min(len(numbers), max(1, self.numbers // 8))):
            number = self.chance.choice(numbers)
            numbers.remove(number)
            if others := [name for name in free if name != held[number]]:
                self.year.move(number, self.chance.choice(others))

    def margins(self, day: date) -> None:
        percent, fixed = (
            str(D(self.chance.randint(5, 90_000)) / 1000),
            str(D(self.chance.randint(0, 9999)) / 10**6),
        )
        since = day + timedelta(days=self.chance.choice([-3, 0, 9, 24]))
        category = self.chance.choice(["message", "message", "subscription"])
        of: dict[str, str] = self.chance.choice(
            [{}, {"country": str(self.chance.randint(1, 6))}, {"center": self.chance.choice(self.names)}]
        )
        self.year.margin(percent, fixed, since, category=category, **of)

    def credit(self, day: date) -> None:
        """A part of an invoice of the month before, which nothing corrects from then on."""
        if day.month % 3 != 1 or day < self.first + timedelta(days=40):
            return
        month, prices = (2026, day.month - 1), Prices(self.year.facts)
        corrected = {prices.owner(number, of) for number, of in self._days if month_of(of) == month}
        billed = {prices.owner(number, days_of(month)[-1]) for number in prices.numbers}
        free = [name for name in self.names if name in billed - corrected]
        if free:
            name = self.chance.choice(free)
            self.year.credit(name, month, D(self.chance.randint(5, 60)) / 100)
            self._invoices.add((name, month))

    def waive(self, day: date) -> None:
        if day.month == 6:
            self.year.waive(WAIVED, WAIVED_DAYS[0], WAIVED_DAYS[-1] + timedelta(days=1))

    def country(self, day: date) -> None:
        if day.month % 4 == 1:
            self.year.change(self.names[0], day + timedelta(days=2), country=str(2 + day.month % 5))
        if day.month == 6:
            self.year.change(self.names[1], date(2026, 7, 1), currency="AED")
            self.year.tax("16", date(2026, 7, 1))

    def rates(self, day: date) -> None:
        if day.month % 3 == 0:
            for country, cost in COUNTRIES.items():
                self.year.subscription(country, D(cost) * (100 + self.chance.randint(-9, 9)) / 100)

    def exchange(self, day: date) -> None:
        for currency, rate in CURRENCIES.items():
            if rate:
                moved = D(rate) * (1000 + self.chance.randint(-30, 30)) / 1000
                self.year.exchange_rate(currency, round(moved, 6))

    def payments(self, day: date) -> None:
        """Everything, a part, or too much; one center pays nothing from June until the middle of August."""
        for name in self.names:
            if name == self.names[2] and date(2026, 6, 5) < day < date(2026, 8, 15):
                continue
            for currency, due in self.year.balance(name).items():
                share = self.chance.choice([D(1), D("0.5"), D("1.125")])
                amount = (due * share).quantize(D(1) if currency == "JPY" else D("0.01"))
                if amount > 0:
                    reference = f"{name} {currency} {day:%m%d}"
                    self.year.pay(name, currency, amount, reference)
                    self._late.append((name, currency, amount))
                    if day.day == 20 and day.month == 11 and name == self.names[0]:
                        self.year.bounce(reference)

    def enter_again(self) -> None:
        """The bank knows what was paid since the backup."""
        lost, self._late = self._late, []
        for name, currency, amount in lost:
            self.year.pay(name, currency, amount, f"{name} {currency} again")

    def refund(self, day: date) -> None:
        for name in self.names:
            for currency, due in self.year.balance(name).items():
                if due < 0 and day.month % 2:
                    self.year.refund(name, currency, -due)

    # --- The servers -----------------------------------------------------------------------------

    def jobs(self, day: date) -> None:
        self.year.at(day, 20)
        if day == MAZBOT_DOWN[0]:
            self.year.mazbot_fails()
        if day == MAZBOT_DOWN[1] + timedelta(days=1):
            self.year.mazbot_works()
        runs = day.day in self.rounds or day == BACKED_UP
        if runs and not WE_ARE_DOWN[0] <= day <= WE_ARE_DOWN[1]:
            self.year.round()
        if day == BACKED_UP:
            self._late = []
            self.year.back_up()
