"""An hour of a fleet by a script, through the sandbox over HTTP and every line of code that a sweep runs."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from whatsapp.models import Alert, Condition, Instance
from whatsapp.monitoring.scheduler import check_instances, claim_due
from whatsapp.monitoring.usage_conditions import set_usage_conditions

Kind = Alert.Kind
Expected = Counter[tuple[str, int | None]]
DAY = timedelta(days=1)


@dataclass
class Hour:
    """The script: at which minute what happens at MazBot, and the alerts it must lead to."""

    place: Any
    begin: datetime
    events: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    expected: Expected = field(default_factory=Counter)
    blips: set[int] = field(default_factory=set)

    def at(self, minute: float, what: Callable[[], object]) -> None:
        self.events.append((minute, what))

    def set(self, minute: float, number: Instance, status: str) -> None:
        self.at(minute, lambda: self.place.control.set_status(number.instance_id, status))

    def expect(self, kind: Alert.Kind, number: Instance | None = None) -> None:
        self.expected[kind.value, number.pk if number else None] += 1

    def blip(self, minute: float, number: Instance, status: str) -> None:
        """One check sees it, the next one does not: no alert."""
        self.blips.add(number.pk)
        self.set(minute, number, status)

    def drop(self, minutes: tuple[float, float], number: Instance, status: str, kind: Alert.Kind) -> None:
        self.set(minutes[0], number, status)
        self.set(minutes[1], number, "connected")
        self.expect(kind, number)

    def flap(self, minute: float, number: Instance) -> None:
        for step in range(10):
            self.set(minute + 2 * step, number, "connected" if step % 2 else "disconnected")
        self.expect(Kind.FLAPPING, number)

    def fault(self, minutes: tuple[float, float], kind: str) -> None:
        control = self.place.control
        self.at(minutes[0], lambda: control.set_fault("status", kind, account_key=self.place.api_key))
        self.at(minutes[1], control.clear_faults)
        self.expect(Kind.PROVIDER_FAILING)

    def run(self, *, grid: int) -> int:
        """Sweep for an hour, with a look at what is due every `grid` seconds; return how many checks were made."""
        checks, waiting = 0, sorted(self.events, key=lambda event: event[0])
        for moment in self._moments(grid):
            while waiting and self.begin + timedelta(minutes=waiting[0][0]) <= moment:
                waiting.pop(0)[1]()
            due = claim_due(reseller=self.place.reseller, now=moment, limit=200)
            if due:
                tally = check_instances(reseller=self.place.reseller, instances=due, now=moment, deadline=60)
                checks += tally.answered + tally.failed
                self._end_blips()
        return checks

    def opened(self) -> Expected:
        return Counter(Alert.objects.values_list("kind", "instance"))

    def _moments(self, grid: int) -> Iterator[datetime]:
        """Every `grid` seconds, and two seconds later as well while a suspicion waits."""
        for second in range(0, 3600, grid):
            moment = self.begin + timedelta(seconds=second)
            yield moment
            for extra in (3, 6):
                if Instance.objects.filter(suspect_since__isnull=False).exists():
                    yield moment + timedelta(seconds=extra)

    def _end_blips(self) -> None:
        seen = Instance.objects.filter(pk__in=self.blips, suspect_since__isnull=False)
        for number in seen:
            self.place.control.set_status(number.instance_id, "connected")
            self.blips.discard(number.pk)


def scripted_hour(place: Any, begin: datetime, size: int) -> Hour:
    """`size` numbers, half of which stay connected throughout."""
    hour = Hour(place, begin)
    numbers = [place.add("connected") for _ in range(size)]
    for index, number in enumerate(numbers):
        due = begin + timedelta(seconds=60 * index / size)
        Instance.objects.filter(pk=number.pk).update(next_check_at=due)
    mass = numbers[size // 2 : size // 2 + size // 4]
    odd = iter(numbers[: size // 2])
    hour.drop((4, 9), next(odd), "disconnected", Kind.DISCONNECTED)
    hour.drop((12, 20), next(odd), "expired", Kind.EXPIRED)
    hour.drop((14, 60), next(odd), "quarantined", Kind.UNKNOWN_STATUS)
    hour.drop((6, 60), next(odd), "pairing", Kind.NEEDS_QR)
    hour.flap(3.5, next(odd))
    for minute, status in ((5, "disconnected"), (7, "pairing"), (10, "%%%"), (16, "expired"), (45, "???")):
        hour.blip(minute, next(odd), status)
    stale, silent, lost = next(odd), next(odd), next(odd)
    hour.at(0, lambda: place.control.set_status(stale.instance_id, "connected", begin - 3 * DAY))
    hour.expect(Kind.STALE, stale)
    judged = {silent.pk: Condition.SILENT}
    hour.at(18, lambda: set_usage_conditions(reseller=place.reseller, judged=judged, now=begin + DAY / 80))
    hour.expect(Kind.SILENT, silent)
    hour.at(11, lambda: place.control.remove_instance(lost.instance_id))
    hour.expect(Kind.NOT_FOUND, lost)
    for status in ("disconnected", "pairing"):
        place.add(status, first_connected_at=None)  # never paired: no alert
    hour.fault((25, 28), "html_500")
    hour.expect(Kind.NUMBERS_DROPPED)
    for index, number in enumerate(mass):
        hour.set(36, number, "disconnected")
        if index >= 2:
            hour.set(39, number, "connected")
        else:
            hour.expect(Kind.DISCONNECTED, number)
    return hour
