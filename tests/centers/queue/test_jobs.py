"""The record of a job's round."""

import time
from datetime import datetime

import pytest
import redis

from centers import clock, live
from centers.models import JobRun
from centers.queue import job_runs
from centers.queue.job_runs import recorded_run
from centers.tenancy.scoping import tenant
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
        with recorded_run("status", reseller=reseller, now=now):
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


@pytest.mark.django_db(transaction=True)
def test_a_round_that_goes_on_keeps_its_lease(
    valkey: redis.Redis, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runs, "RENEW_SECONDS", 0.05)
    reseller = ResellerFactory()
    with tenant(reseller), recorded_run("status", reseller=reseller, now=now) as recorder:
        first = JobRun.objects.get().lease_until
        assert first == now + job_runs.RUN_LEASE
        time.sleep(0.1)
        recorder.ok()
        run = JobRun.objects.get()
        assert run.lease_until > first
        assert run.done == 1, "a page can show how far it is"
