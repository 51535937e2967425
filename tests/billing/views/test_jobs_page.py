"""The Jobs page while a job runs: the run appears at once, its counts come in, and no wrong next time is shown."""

import re
from datetime import timedelta

import pytest

from billing.models import JobSchedule
from centers import clock, live
from centers.models import JobRun
from centers.models.jobs import RUN_LEASE
from centers.queue.job_runs import recorded_run
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from tests.factories import ResellerFactory


def test_the_claim_of_a_running_round_is_not_shown_as_the_next_one(desk: Desk) -> None:
    with tenant(desk.reseller):
        JobSchedule.objects.create(reseller=desk.reseller, job="usage", next_at=NOW + timedelta(minutes=15))
        run = JobRun.objects.create(reseller=desk.reseller, job="usage", started_at=NOW)
    page = desk.as_(desk.billing)
    assert "· next " not in page.get(desk.url("jobs/")).content.decode()
    with tenant(desk.reseller):
        JobRun.objects.filter(pk=run.pk).update(state=JobRun.State.DONE, finished_at=NOW, total=0)
    shown = page.get(desk.url("jobs/")).content.decode()
    assert "· next " in shown
    assert ("Nothing to do" in shown, "0 of 0" in shown) == (True, False)
    with tenant(desk.reseller):
        JobSchedule.objects.update(next_at=NOW + timedelta(seconds=40))
    assert "next run" not in page.get(desk.url("jobs/")).content.decode(), "it would read “just now”"


def interrupted(desk: Desk, job: str) -> None:
    """A run of long ago whose process died."""
    with tenant(desk.reseller):
        begun = clock.now() - RUN_LEASE - timedelta(seconds=1)
        JobRun.objects.create(
            reseller=desk.reseller, job=job, started_at=begun, lease_until=begun + RUN_LEASE, done=2
        )


def test_a_run_whose_process_died_is_shown_as_interrupted_and_counts_as_failed(desk: Desk) -> None:
    page = desk.as_(desk.owner)
    with tenant(desk.reseller):
        JobSchedule.objects.create(
            reseller=desk.reseller, job="usage", next_at=clock.now() + timedelta(minutes=5)
        )
    interrupted(desk, "usage")
    shown = page.get(desk.url("jobs/")).content.decode()
    assert "Interrupted" in shown
    assert "Running" not in shown
    assert "1 failed" in re.sub("<[^>]*>", "", shown)
    assert "The process running this job stopped before it finished" in shown
    assert "· next " in shown, "the next run is no longer hidden behind this one"
    home = page.get(desk.url("home/jobs/")).content.decode()
    assert "Usage 2 1 15 minutes ago" in " ".join(re.sub("<[^>]*>", "", home).split())


def test_an_interrupted_run_of_invoices_can_be_run_again(desk: Desk) -> None:
    page = desk.as_(desk.owner)
    interrupted(desk, "invoices")
    shown = page.get(desk.url("invoices/run/")).content.decode()
    assert "Interrupted" in shown
    assert "The run is in progress" not in shown
    with tenant(desk.reseller):
        JobRun.objects.create(reseller=desk.reseller, job="invoices", started_at=clock.now())
    assert "The run is in progress" in page.get(desk.url("invoices/run/")).content.decode()


def test_a_run_of_a_version_without_leases_is_interrupted_too(desk: Desk) -> None:
    with tenant(desk.reseller):
        JobRun.objects.create(
            reseller=desk.reseller, job="usage", started_at=clock.now() - RUN_LEASE - timedelta(seconds=1)
        )
    assert "Interrupted" in desk.as_(desk.owner).get(desk.url("jobs/")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_open_pages_hear_of_a_round_when_it_begins_counts_and_ends() -> None:
    reseller = ResellerFactory()
    stamps = [live.stamp(reseller.pk)]
    with tenant(reseller), recorded_run("usage", reseller=reseller) as recorder:
        stamps.append(live.stamp(reseller.pk))
        recorder.ok()
        recorder.save()
        stamps.append(live.stamp(reseller.pk))
    stamps.append(live.stamp(reseller.pk))
    assert [int(stamp) - int(stamps[0]) for stamp in stamps] == [0, 1, 2, 3]
