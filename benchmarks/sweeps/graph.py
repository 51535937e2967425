"""A picture of the lanes: requests per five seconds of one account, while usage falls due and people pair phones."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.results import Result
from benchmarks.sweeps.fleet import Fleet, Log, fleet
from benchmarks.sweeps.lanes_picture import Picture
from centers import clock
from centers.tenancy.scoping import every_tenant
from whatsapp.models import Connection, Instance, PairingAttempt
from whatsapp.pairing.sessions import start_pairing

FILE = Path(__file__).resolve().parents[2] / "docs" / "images" / "lanes.svg"
LIMIT, NUMBERS = 600, 1000
PEOPLE, EVERY = 60, 1.0  # so many people request a code, one after another so many seconds apart
WARM_UP, SECONDS = 60.0, 180.0
USAGE_FROM, PEOPLE_FROM = 30.0, 100.0
BUCKET = 5
_LANE = {"status": "sweep", "usage": "metering", "main-account": "metering", "rates": "metering"}


def measure() -> list[Result]:
    """Draw docs/images/lanes.svg; its counts are not kept elsewhere."""
    with fleet(1, NUMBERS, limit=LIMIT) as one:
        one.start("sweep", "worker", "beat")
        _people_wait(one)
        time.sleep(WARM_UP)
        since = time.time()
        _wait_until(since + USAGE_FROM)
        one.start("metering")
        _pair(since + PEOPLE_FROM)
        _wait_until(since + SECONDS)
        log = [entry for entry in one.log(since) if entry[0] < since + SECONDS]
    counts = by_lane(log, since)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(Picture(counts, bucket=BUCKET, limit=LIMIT, marks=_marks(counts)).draw())
    return []


def by_lane(log: Log, since: float) -> dict[str, list[int]]:
    """Requests of people, metering and sweep in each bucket."""
    found = Counter(
        (_LANE.get(call, "people"), int((at - since) // BUCKET)) for at, _key, call, _status in log
    )
    places = range(int(SECONDS // BUCKET))
    return {lane: [found[lane, place] for place in places] for lane in ("sweep", "metering", "people")}


def _marks(counts: Mapping[str, Sequence[int]]) -> list[tuple[float, str]]:
    """The seconds at which the lanes above the sweep have their first requests."""
    what = {"metering": "usage is due", "people": f"{PEOPLE} people pair phones"}
    firsts = [
        (next(n for n, count in enumerate(counts[lane]) if count), words) for lane, words in what.items()
    ]
    return [(float(place * BUCKET), words) for place, words in firsts]


def _people_wait(one: Fleet) -> None:
    """The numbers of PEOPLE are disconnected."""
    with every_tenant():
        ids = Instance.objects.order_by("pk").values_list("instance_id", flat=True)[:PEOPLE]
        one.world(down=list(ids))


def _pair(begin: float) -> None:
    """One person after another requests a code, as the page does."""
    with every_tenant():
        down = list(Instance.objects.filter(connection=Connection.DISCONNECTED).order_by("pk")[:PEOPLE])
        assert len(down) == PEOPLE, f"only {len(down)} numbers wait for a phone"
        for turn, instance in enumerate(down):
            _wait_until(begin + turn * EVERY)
            start_pairing(instance=instance, by=None, via=PairingAttempt.Via.STAFF, now=clock.now())


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))
