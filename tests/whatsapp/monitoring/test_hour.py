"""Every alert of a scripted hour is true, none is missing, and each cause has one."""

import pytest

from tests.thorough import THOROUGH
from tests.whatsapp.monitoring.scripted_hour import scripted_hour

NUMBERS, GRID = (200, 10) if THOROUGH else (28, 60)
#: Requests a minute, the most that an account may have: at fewer, the test would mostly wait for its turn.
RATE = 30_000


@pytest.mark.timeout(900)
def test_an_hour_of_drops_flaps_garbage_and_outages_has_one_alert_per_cause(place, now, record_property):
    place.control.set_rate_limit(place.api_key, RATE)
    place.account.rate_limit = RATE
    place.account.save()
    hour = scripted_hour(place, now, NUMBERS)
    checks = hour.run(grid=GRID)
    opened = hour.opened()
    false, missing = opened - hour.expected, hour.expected - opened
    counts = f"{checks} checks, {opened.total()} alerts, {false.total()} false, {missing.total()} missing"
    record_property("figures", f"{NUMBERS} numbers, {counts}")
    assert (dict(false), dict(missing)) == ({}, {}), counts
