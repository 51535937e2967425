"""The jobs and the search that this app offers to the others."""

import pytest

from billing import registration
from billing.models import JobSchedule
from centers.errors import OperationRefused
from centers.models import AuditEntry, JobRun
from centers.queue.job_runs import registered_jobs
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk


def test_every_round_is_on_the_jobs_page() -> None:
    assert {"usage", "account", "rates", "invoices", "dunning"} <= set(registered_jobs())


def test_run_now_makes_the_round_due_unless_it_is_going_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(registration, "enqueue", lambda name, **kwargs: bool(sent.append(name)) or True)
    reseller = desk.shop.reseller
    with tenant(reseller):
        JobSchedule.objects.create(reseller=reseller, job="rates", next_at=NOW.replace(year=2027))
        registered_jobs()["rates"].enqueue(reseller.pk)
        assert JobSchedule.objects.get().next_at.year == 2026
        JobRun.objects.create(reseller=reseller, job="rates", started_at=NOW)
        with pytest.raises(OperationRefused, match="already"):
            registered_jobs()["rates"].enqueue(reseller.pk)
    assert sent == ["billing.rates"]


@pytest.mark.parametrize(
    ("broker", "running", "said"),
    [
        (True, False, "was queued"),
        (False, False, "The background workers"),
        (True, True, "A run is already in progress."),
    ],
)
def test_run_now_says_what_became_of_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, broker: bool, running: bool, said: str
) -> None:
    monkeypatch.setattr(registration, "enqueue", lambda _name, **_kwargs: broker)
    with tenant(desk.shop.reseller):
        if running:
            JobRun.objects.create(reseller=desk.shop.reseller, job="rates", started_at=NOW)
    page = desk.as_(desk.owner).post(desk.url("jobs/rates/run/"), follow=True).content.decode()
    assert said in page
    with tenant(desk.shop.reseller):
        assert AuditEntry.objects.filter(action="job.run").exists() is not running


def test_the_search_jumps_to_an_invoice(desk: Desk) -> None:
    response = desk.as_(desk.support).get(desk.url(f"search/?q={desk.invoice.number}"), follow=True)
    assert response.request["PATH_INFO"] == desk.url(f"invoices/{desk.invoice.pk}/")
