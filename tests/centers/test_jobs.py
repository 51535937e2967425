"""The record of a job's round."""

from datetime import datetime

import pytest
import redis

from centers import clock, live
from centers.jobs import job_round
from centers.models import JobRun
from centers.scoping import tenant
from tests.factories import ResellerFactory


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("breaks", [False, True])
def test_open_pages_hear_that_a_round_begins_and_ends_however_it_ends(
    valkey: redis.Redis, now: datetime, breaks: bool
) -> None:
    reseller = ResellerFactory()

    def work() -> None:
        with job_round("status", reseller=reseller, now=now):
            stamps.append(int(live.stamp(reseller.pk)))
            if breaks:
                raise RuntimeError("broken")

    stamps = [int(live.stamp(reseller.pk))]
    with tenant(reseller):
        if breaks:
            with pytest.raises(RuntimeError, match="broken"):
                work()
        else:
            work()
        run = JobRun.objects.get()
    assert run.state == (JobRun.State.FAILED if breaks else JobRun.State.DONE)
    assert stamps[0] < stamps[1] < int(live.stamp(reseller.pk))
