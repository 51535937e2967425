"""The demo's numbers at the sandbox: what they send, and the state of their phones."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from devstack.demo_data.places import PLACES, Place
from devstack.sandbox import DEMO_ACCOUNT, NewInstance, SandboxControl

ACCOUNT_KEY = DEMO_ACCOUNT["api_key"]
QUOTA = 450_000
#: Requests a minute while three months of usage are read. No one enters this value: it marks a demo that is not
#: filled yet.
SEEDING_LIMIT = 29_999
USUAL_LIMIT = 240

#: State of the n-th number, repeated; most phones of a reseller are connected.
_STATES = ("connected",) * 6 + ("disconnected",) + ("connected",) * 5 + ("expired",)
#: Messages a day of the n-th number, repeated.
_VOLUMES = (180, 60, 420, 95, 240, 30, 700, 150, 15, 310)


def instance_ids(place: Place, index: int) -> list[str]:
    """The MazBot ids of a center's numbers, the same in every demo."""
    return [f"MB{place.country_id}{index:03d}-{number}" for number in range(1, len(place.numbers) + 1)]


def all_ids() -> list[str]:
    """Every id, in the order of PLACES."""
    return [one for index, place in enumerate(PLACES, start=1) for one in instance_ids(place, index)]


def state_of(position: int) -> str:
    """The state of the phone of the number at this place of `all_ids`, when the demo begins."""
    return _STATES[position % len(_STATES)]


def away_of(position: int) -> timedelta:
    """How long that phone has been disconnected by then, if it is."""
    return timedelta(hours=3 + 7 * (position % 9))


def fill(control: SandboxControl, since: date, now: datetime) -> None:
    """Add every number that the sandbox does not have yet, with usage from the day `since` on."""
    control.set_rate_limit(ACCOUNT_KEY, SEEDING_LIMIT)
    control.set_quota(ACCOUNT_KEY, QUOTA)
    known = {row["instance_id"] for row in control.state()["instances"]}
    numbers = [
        (place, one) for index, place in enumerate(PLACES, start=1) for one in instance_ids(place, index)
    ]
    fresh = []
    for position, (place, one) in enumerate(numbers):
        state = state_of(position)
        fresh.append(
            NewInstance(
                account_key=ACCOUNT_KEY,
                instance_id=one,
                status=state,
                country_id=place.country_id,
                daily_messages=_VOLUMES[position % len(_VOLUMES)],
                since=since,
                fail_ratio=Decimal("0.02"),
                last_seen=None if state == "connected" else now - away_of(position),
            )
        )
    missing = [one for one in fresh if one.instance_id not in known]
    if missing:
        control.add_instances(missing)


def surprise(control: SandboxControl) -> None:
    """Give one number a status that is not documented, as providers do."""
    control.set_status(all_ids()[-1], "rebooting")


def settle(control: SandboxControl) -> None:
    """Return to a request limit like a real account's, without counting earlier requests."""
    control.set_rate_limit(ACCOUNT_KEY, USUAL_LIMIT, restart=True)
