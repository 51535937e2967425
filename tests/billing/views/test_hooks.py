"""The jobs and the search that this room offers to the others."""

import pytest

from billing import hooks
from billing.models import RoundSchedule
from centers.jobs import registered_jobs
from centers.models import JobRun
from centers.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk


def test_every_round_is_on_the_jobs_page() -> None:
    assert {"usage", "account", "rates", "invoices", "dunning", "mail"} <= set(registered_jobs())


def test_run_now_makes_the_round_due_unless_it_is_going_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(hooks, "enqueue", lambda name, **kwargs: bool(sent.append(name)) or True)
    reseller = desk.shop.reseller
    with tenant(reseller):
        RoundSchedule.objects.create(reseller=reseller, job="rates", next_at=NOW.replace(year=2027))
        registered_jobs()["rates"].enqueue(reseller.pk)
        assert RoundSchedule.objects.get().next_at.year == 2026
        JobRun.objects.create(reseller=reseller, job="rates", started_at=NOW)
        registered_jobs()["rates"].enqueue(reseller.pk)
    assert sent == ["billing.rates"]


def test_the_search_jumps_to_an_invoice(desk: Desk) -> None:
    response = desk.as_(desk.support).get(desk.url(f"search/?q={desk.invoice.number}"), follow=True)
    assert response.request["PATH_INFO"] == desk.url(f"invoices/{desk.invoice.pk}/")
