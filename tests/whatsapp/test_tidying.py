"""What is dropped once no one looks at it, and what stays."""

from datetime import timedelta

import pytest

from centers.models import JobRun
from whatsapp.jobs import tidy
from whatsapp.models import ImportBatch, NumberDay, PairingAttempt, StatusInterval, WebhookEvent

State = ImportBatch.State


@pytest.mark.parametrize(
    ("state", "stays"),
    [
        (State.INVALID, False),
        (State.READY, False),
        (State.FAILED, False),
        (State.QUEUED, True),
        (State.DONE, True),
    ],
)
def test_a_file_that_was_never_imported_does_not_keep_its_rows_endlessly(place, now, state, stays):
    ages = [now - timedelta(days=89), now - timedelta(days=91)]
    for age in ages:
        ImportBatch.objects.create(reseller=place.reseller, state=state, created_at=age, rows=[{"line": 2}])
    tidy(reseller=place.reseller, now=now)
    assert ImportBatch.objects.count() == (2 if stays else 1)


def test_events_and_attempts_go_when_they_are_old(place, now):
    number = place.add()
    old, fresh = now - timedelta(days=91), now - timedelta(days=1)
    for at in (old, fresh):
        WebhookEvent.objects.create(
            reseller=place.reseller, event_id=f"{at}", body={}, signed=False, received_at=at, processed_at=at
        )
        PairingAttempt.objects.create(
            reseller=place.reseller, instance=number, state="expired", started_at=at, ended_at=at
        )
    tidy(reseller=place.reseller, now=now)
    assert WebhookEvent.objects.get().received_at == PairingAttempt.objects.get().started_at == fresh


def test_the_history_goes_when_no_page_shows_it_but_the_present_stays(place, now):
    number = place.add()
    ends = [now - timedelta(days=41), now - timedelta(days=39), None]
    for end in ends:
        StatusInterval(
            reseller=place.reseller,
            instance=number,
            since=(end or now - timedelta(days=39)) - timedelta(days=2 if end else 0),
            until=end,
            connection="connected",
        ).save()
    for age in (761, 759):
        day = (now - timedelta(days=age)).date()
        NumberDay(reseller=place.reseller, center=place.center, instance=number, day=day).save()
    tidy(reseller=place.reseller, now=now)
    assert set(StatusInterval.objects.values_list("until", flat=True)) == set(ends[1:])
    assert NumberDay.objects.get().day == (now - timedelta(days=759)).date()


@pytest.mark.parametrize("job", ["status", "dunning", "mail", "usage", "invoices"])
def test_of_each_job_two_days_its_failures_of_a_month_and_its_latest_run_are_kept(place, now, job):
    def ran(days, state):
        JobRun.objects.create(
            reseller=place.reseller, job=job, state=state, started_at=now - timedelta(days=days)
        )

    for days in (1, 3, 29, 31):
        for state in (JobRun.State.DONE, JobRun.State.PARTIAL, JobRun.State.FAILED, JobRun.State.RUNNING):
            ran(days, state)
    JobRun.objects.create(
        reseller=place.reseller, job="rates", state=JobRun.State.DONE, started_at=now - timedelta(days=90)
    )
    tidy(reseller=place.reseller, now=now)
    kept = JobRun.objects.filter(job=job).values_list("state", "started_at")
    ages = sorted((str(state), (now - at).days) for state, at in kept)
    assert ages == [
        ("done", 1),
        *((state, age) for state in ("failed", "partial", "running") for age in (1, 3, 29)),
    ]
    assert JobRun.objects.filter(job="rates").count() == 1, "the page shows when it last ran"
