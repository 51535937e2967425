"""A MazBot account that works again: what failed meanwhile is asked for at once, not at its next hour."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.jobs import due_resellers, run_if_due
from billing.models import AccountUsageRecord, RateFetch, UsageRecord
from centers import live
from centers.models import JobRun
from tests.billing.conftest import NOW
from tests.billing.usage.conftest import Place, place
from tests.whatsapp.due_checks import resellers_with_due_numbers
from whatsapp import accounts
from whatsapp.accounts import note_test, save_account, unsaved_account
from whatsapp.jobs import status_job, switching_due, switching_job
from whatsapp.mazbot import Diagnosis, ErrorKind, MazBotError
from whatsapp.models import Alert, DesiredReason, Instance, MazbotAccount, Service
from whatsapp.monitoring import batches
from whatsapp.monitoring.provider_incidents import note_checks
from whatsapp.monitoring.scheduler import check_instances
from whatsapp.service.desired_state import set_desired_state

__all__ = ["place"]
JOBS = ("rates", "account", "usage")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def refused(place: Place) -> Place:
    """A day on which MazBot refuses the login: every job was tried, and each put off by its usual time."""
    number = place.here_and_there(status="connected")
    save_account(reseller=place.reseller, by=None, now=NOW, password="wrong")
    set_desired_state(
        instances=[number], state=Service.DISABLED, reason=DesiredReason.MANUAL, by=None, now=NOW
    )
    Instance.objects.update(webhook_next_at=NOW)
    work(place, NOW)
    assert not RateFetch.objects.exists()
    assert due(place, NOW + MINUTE) == set()
    return place


def work(place: Place, now: datetime) -> None:
    """What the ticks hand out at `now`."""
    for job in JOBS:
        if place.reseller.pk in due_resellers(job, now):
            run_if_due(job, reseller_id=place.reseller.pk, now=now)
    if place.reseller.pk in resellers_with_due_numbers(now):
        status_job(reseller=place.reseller, now=now)
    switching_job(reseller=place.reseller, now=now)


def due(place: Place, now: datetime) -> set[str]:
    found = {job for job in JOBS if place.reseller.pk in due_resellers(job, now)}
    found |= {"status"} if place.reseller.pk in resellers_with_due_numbers(now) else set()
    return found


def diagnosis(place: Place, **fields: Any) -> Diagnosis:
    account = unsaved_account(reseller=place.reseller, **fields)
    diagnosis = accounts.test_account(account=account)
    note_test(account=account, diagnosis=diagnosis, now=NOW + MINUTE)
    return diagnosis


def everything_is_done(place: Place) -> None:
    assert RateFetch.objects.exists()
    assert AccountUsageRecord.objects.exists()
    assert UsageRecord.objects.exists()
    number = Instance.objects.get()
    assert number.service == Service.DISABLED
    assert (number.webhook_next_at, number.switch_next_at) == (None, None)
    assert number.checked_at == pytest.approx(NOW + MINUTE, abs=MINUTE / 2)
    assert not Alert.objects.filter(kind=Alert.Kind.ACCOUNT_REFUSED, resolved_at=None).exists()


def test_corrected_credentials_make_everything_due_that_failed(refused: Place) -> None:
    soon = NOW + MINUTE
    save_account(reseller=refused.reseller, by=None, now=soon, password="demo-password")
    assert due(refused, soon) == {*JOBS, "status"}
    assert switching_due(soon) == [refused.reseller.pk]
    work(refused, soon)
    everything_is_done(refused)


def test_no_job_runs_while_the_account_is_refused(refused: Place) -> None:
    """For a day, also those that had not failed; the sweep tries the login now and then."""
    for hour in range(1, 25):
        assert due(refused, NOW + hour * HOUR) <= {"status"}
        assert switching_due(NOW + hour * HOUR) == [refused.reseller.pk], "a person's change is not forgotten"
    save_account(reseller=refused.reseller, by=None, now=NOW + 25 * HOUR, rate_limit=5000)
    assert due(refused, NOW + 25 * HOUR) == {*JOBS, "status"}, "anything that is saved makes them due"


@pytest.mark.parametrize("job", JOBS)
def test_each_job_that_finds_the_account_refused_stops_all_of_them(place: Place, job: str) -> None:
    place.here_and_there(status="connected")
    save_account(reseller=place.reseller, by=None, now=NOW, password="wrong")
    run_if_due(job, reseller_id=place.reseller.pk, now=NOW)
    assert due(place, NOW + 2 * HOUR) == {"status"}


def test_a_sweep_that_gets_an_answer_again_makes_the_jobs_due(refused: Place) -> None:
    """MazBot accepts the password again; nothing was changed here."""
    MazbotAccount.objects.update(password="demo-password", checks_paused_until=None)
    live.valkey().flushdb()
    assert due(refused, NOW + 2 * HOUR) == {"status"}
    status_job(reseller=refused.reseller, now=NOW + 2 * HOUR)
    assert due(refused, NOW + 2 * HOUR + MINUTE) >= set(JOBS)


def test_a_refusal_of_replaced_credentials_stops_nothing(place: Place) -> None:
    """A job under way while the password is corrected says nothing about the new one."""
    place.here_and_there(status="connected")
    before = MazbotAccount.objects.get()
    save_account(reseller=place.reseller, by=None, now=NOW, password="another")
    accounts.note_error(before, MazBotError(ErrorKind.LOGIN, "refused"), now=NOW)
    assert due(place, NOW) == {*JOBS, "status"}


def test_credentials_that_are_still_wrong_do_not_ask_without_end(refused: Place) -> None:
    soon = NOW + MINUTE
    save_account(reseller=refused.reseller, by=None, now=soon, password="wrong too")
    work(refused, soon)
    assert due(refused, soon + MINUTE) == set()


def test_another_address_makes_even_what_went_well_due(place: Place) -> None:
    place.here_and_there(status="connected")
    work(place, NOW)
    assert due(place, NOW + MINUTE / 6) == set()
    url = MazbotAccount.objects.get().base_url.removesuffix("/api")
    save_account(reseller=place.reseller, by=None, now=NOW + MINUTE / 2, base_url=url)
    assert due(place, NOW + MINUTE / 2) == {*JOBS, "status"}


def test_a_raised_limit_makes_due_what_failed_and_only_that(place: Place) -> None:
    place.here_and_there(status="connected")
    place.control.set_fault("rates", "success_false")
    work(place, NOW)
    assert JobRun.objects.filter(job="rates").latest("pk").state == JobRun.State.FAILED
    place.control.clear_faults()
    save_account(reseller=place.reseller, by=None, now=NOW + MINUTE / 6, rate_limit=7000)
    assert due(place, NOW + MINUTE / 6) == {"rates"}


def test_a_test_of_the_saved_account_that_works_again_makes_everything_due(refused: Place) -> None:
    """MazBot has put the password in order on its side; nothing was changed here."""
    MazbotAccount.objects.update(password="demo-password")
    assert diagnosis(refused).ok
    work(refused, NOW + MINUTE)
    everything_is_done(refused)


def test_a_test_that_fails_or_is_of_other_settings_makes_nothing_due(refused: Place) -> None:
    assert not diagnosis(refused).ok
    assert diagnosis(refused, password="demo-password").ok
    assert due(refused, NOW + MINUTE) == set()


def test_the_end_of_an_outage_makes_due_what_failed_in_it(place: Place) -> None:
    number = place.here_and_there(status="connected")
    place.control.set_fault("rates", "success_false")
    work(place, NOW)
    place.control.clear_faults()
    note_checks(reseller=place.reseller, answered=0, failed=10, now=NOW)
    assert MazbotAccount.objects.get().failing_since
    Instance.objects.filter(pk=number.pk).update(check_failures=3, next_check_at=NOW + 15 * MINUTE)
    assert due(place, NOW + MINUTE / 2) == set()
    note_checks(reseller=place.reseller, answered=20, failed=0, now=NOW + MINUTE / 2)
    assert due(place, NOW + MINUTE / 2) == {"rates", "status"}


def test_a_sweep_under_way_while_credentials_are_corrected_pauses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = place.here_and_there()
    save_account(reseller=place.reseller, by=None, now=NOW, password="wrong")
    note = batches.note_error

    def corrected(account: MazbotAccount, *args: Any, **named: Any) -> None:
        """The correction lands between the refusal and what the sweep writes about it."""
        save_account(reseller=place.reseller, by=None, now=NOW, password="demo-password")
        note(account, *args, **named)

    monkeypatch.setattr(batches, "note_error", corrected)
    check_instances(reseller=place.reseller, instances=[number], now=NOW, deadline=10)
    assert MazbotAccount.objects.get().checks_paused_until is None
