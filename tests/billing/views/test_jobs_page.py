"""The Jobs page while a round runs: it is told of at once, its counts come in, and no wrong next time is shown."""

from datetime import timedelta

import pytest

from billing.models import RoundSchedule
from centers import live
from centers.jobs import job_round
from centers.models import JobRun
from centers.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from tests.factories import ResellerFactory


def test_the_claim_of_a_running_round_is_not_shown_as_the_next_one(desk: Desk) -> None:
    with tenant(desk.reseller):
        RoundSchedule.objects.create(reseller=desk.reseller, job="usage", next_at=NOW + timedelta(minutes=15))
        run = JobRun.objects.create(reseller=desk.reseller, job="usage", started_at=NOW)
    page = desk.as_(desk.billing)
    assert "· next " not in page.get(desk.url("jobs/")).content.decode()
    with tenant(desk.reseller):
        JobRun.objects.filter(pk=run.pk).update(state=JobRun.State.DONE, finished_at=NOW)
    assert "· next " in page.get(desk.url("jobs/")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_open_pages_hear_of_a_round_when_it_begins_counts_and_ends() -> None:
    reseller = ResellerFactory()
    stamps = [live.stamp(reseller.pk)]
    with tenant(reseller), job_round("usage", reseller=reseller) as round_:
        stamps.append(live.stamp(reseller.pk))
        round_.ok()
        round_.save()
        stamps.append(live.stamp(reseller.pk))
    stamps.append(live.stamp(reseller.pk))
    assert [int(stamp) - int(stamps[0]) for stamp in stamps] == [0, 1, 2, 3]
