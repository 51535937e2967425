"""Results that cannot be written: the database away, and a batch that it refuses."""

import pytest
from django.db import DataError, OperationalError

from centers import clock
from centers.models import JobRun
from centers.queries import latest_runs
from centers.queue.job_runs import open_run
from centers.tenancy.scoping import every_tenant, tenant
from whatsapp.mazbot import CheckResult
from whatsapp.mazbot.results import ConnectionStatus
from whatsapp.models import Connection, Instance, MazbotAccount
from whatsapp.monitoring.dispatcher import recording
from whatsapp.monitoring.dispatcher.accounts import SweptAccount
from whatsapp.monitoring.dispatcher.engine import Dispatcher

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def dropped(new_place):
    """Makes an account with one number whose phone was just found to be logged out."""

    def make():
        place = new_place()
        number = place.add()
        with every_tenant():
            row = MazbotAccount.objects.select_related("reseller").get(reseller=place.reseller)
            Instance.objects.filter(pk=number.pk).update(connection=Connection.CONNECTED)
            number.refresh_from_db()
            account = SweptAccount(row=row, reseller=row.reseller)
        account.busy.add(number.pk)
        return account, number

    return make


def put(recorder, account, number):
    answer = CheckResult(status=ConnectionStatus.DISCONNECTED, raw="disconnected", last_seen=None)
    recorder.put((account, number, answer))


def checked(number):
    with every_tenant():
        return Instance.objects.get(pk=number.pk).checked_at is not None


def failing(monkeypatch, error, *, only=None):
    """Writing raises `error`, for one account or for all; returns the accounts tried."""
    tried, write = [], recording.write

    def refuse(batch):
        tried.append(batch.reseller)
        if only in (None, batch.reseller):
            raise error
        write(batch)

    monkeypatch.setattr(recording, "write", refuse)
    return tried


def test_one_account_is_tried_where_the_database_is_away_and_nothing_is_lost(dropped, monkeypatch):
    recorder, rows = recording.Recording(), [dropped(), dropped()]
    for account, number in rows:
        put(recorder, account, number)
    with monkeypatch.context() as patch:
        tried = failing(patch, OperationalError("gone"))
        recorder.write_all()
        assert len(tried) == 1
    recorder._not_before = 0.0
    recorder.write_all()
    assert all(checked(number) for _account, number in rows)
    assert not any(account.busy for account, _number in rows)


def test_a_batch_that_the_database_refuses_delays_no_other_and_its_numbers_are_asked_again(
    dropped, monkeypatch
):
    recorder, refused, other = recording.Recording(), dropped(), dropped()
    for account, number in (refused, other):
        put(recorder, account, number)
    failing(monkeypatch, DataError("out of range"), only=refused[0].reseller)
    recorder.write_all()
    assert checked(other[1])
    assert refused[0].busy == set(), "it may be asked again"
    recorder.write_all()
    assert not checked(refused[1])


def runs(account):
    """The states of the account's runs as the Jobs page shows them, newest first."""
    with tenant(account.reseller):
        return [run.state for run in latest_runs(["status", "usage"], clock.now()).get("status", [])]


def test_a_run_that_a_killed_process_left_open_is_interrupted_once_another_goes_on(dropped):
    recorder, (account, number) = recording.Recording(), dropped()
    with tenant(account.reseller):
        open_run("status", reseller=account.reseller, now=clock.now())
        other_job = open_run("usage", reseller=account.reseller, now=clock.now())
    put(recorder, account, number)
    recorder.write_all()
    assert runs(account) == [JobRun.State.RUNNING, JobRun.State.INTERRUPTED]
    recorder.forget(account)
    assert runs(account) == [JobRun.State.DONE, JobRun.State.INTERRUPTED]
    with tenant(account.reseller):
        other_job.run.refresh_from_db()
        assert other_job.run.seen_at(clock.now()).is_running


def test_a_run_without_results_ends_in_time_as_while_the_account_is_paused(dropped):
    recorder, (account, number) = recording.Recording(), dropped()
    put(recorder, account, number)
    recorder.write_all()
    recorder.close_idle([account])
    assert runs(account) == [JobRun.State.RUNNING]
    account.run_since -= recording.RUN_SECONDS + 1
    recorder.close_idle([account])
    assert runs(account) == [JobRun.State.DONE]
    recorder.close_idle([account])
    assert account.run is None


def test_the_run_of_an_account_that_is_no_longer_swept_here_is_closed_once_the_database_is_back(
    dropped, monkeypatch
):
    (account, _number), dispatcher = dropped(), Dispatcher(senders=1, most_accounts=1)
    with tenant(account.reseller):
        account.run = open_run("status", reseller=account.reseller, now=clock.now())
    dispatcher._planning.dropped.append(account)

    def refuse(_run):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "close_run", refuse)
        with pytest.raises(OperationalError):
            dispatcher._record()
    dispatcher._record()
    assert runs(account) == [JobRun.State.DONE]
    assert dispatcher._planning.dropped == []
