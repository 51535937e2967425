"""A job that fails twice in a row is reported once, and so is that it works again."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import translation

from centers import clock
from centers.models import JobRun, Notification, Reseller, Role, User
from centers.models.jobs import RUN_LEASE
from centers.notifications import registry
from centers.notifications.compose import subject_of
from centers.notifications.delivery import deliver_due
from centers.notifications.outbox import copied
from centers.queue.job_runs import open_run, recorded_run
from centers.tenancy.scoping import tenant
from tests.centers.notifications.conftest import NOON
from tests.factories import ResellerFactory, member

MINUTE = timedelta(minutes=1)


@pytest.fixture
def reseller(db: None) -> Iterator[Reseller]:
    made = ResellerFactory(time_zone="UTC", name="Noor Connect")
    with tenant(made):
        yield made


@pytest.fixture
def owner(reseller: Reseller) -> User:
    return member(reseller)


def run(reseller: Reseller, turn: int, *failures: str, job: str = "usage", done: int = 0) -> None:
    """A run in which that many items succeeded and these failed; "!" breaks it off."""
    with suppress(RuntimeError), recorded_run(job, reseller=reseller, now=NOON + turn * MINUTE) as recorder:
        recorder.ok(done)
        for item in failures:
            if item == "!":
                raise RuntimeError("Out of paper")
            recorder.fail(item, "No answer")


def rows() -> list[Notification]:
    return list(Notification.objects.filter(kind="job.failed").order_by("pk"))


def sent(reseller: Reseller, minutes: int = 0) -> list[str]:
    """What is delivered so much later: a lane rests after a message."""
    mail.outbox.clear()
    deliver_due(reseller=reseller, now=clock.now() + minutes * MINUTE)
    return [one.subject for one in mail.outbox]


def test_the_second_failure_in_a_row_is_reported_with_its_reason(reseller: Reseller, owner: User) -> None:
    run(reseller, 0, "!")
    assert rows() == []
    run(reseller, 1, "!")
    assert sent(reseller) == ["Job failed twice: Usage"]
    (message,) = mail.outbox
    assert message.to == [owner.email]
    assert "“Usage” failed twice in a row, the second time on 23 Nov 2026, 12:01." in message.body
    assert "RuntimeError: Out of paper" in message.body
    assert f"/r/{reseller.slug}/jobs/" in message.body


def test_a_repeat_says_that_it_still_fails(reseller: Reseller, owner: User) -> None:
    run(reseller, 0, "!")
    run(reseller, 1, "!")
    assert sent(reseller) == ["Job failed twice: Usage"]
    for row in rows():
        copied(row, event="again.2611231400").save()
    assert sent(reseller, 1) == ["Job still fails: Usage"]


def test_it_is_reported_once_however_often_it_fails(reseller: Reseller, owner: User) -> None:
    for turn in range(6):
        run(reseller, turn, "")
    assert len(rows()) == 1
    assert len(sent(reseller)) == 1


def test_it_is_reported_that_it_works_again(reseller: Reseller, owner: User) -> None:
    for turn in range(3):
        run(reseller, turn, "!")
    sent(reseller)
    run(reseller, 3, done=4)
    run(reseller, 4, done=4)
    assert sent(reseller, 1) == ["Job works again: Usage"]
    run(reseller, 5, "!")
    run(reseller, 6, "!")
    assert sent(reseller, 2) == ["Job failed twice: Usage"], "the next time, too"


def test_what_was_over_before_the_message_left_is_not_sent(reseller: Reseller, owner: User) -> None:
    run(reseller, 0, "!")
    run(reseller, 1, "!")
    run(reseller, 2)
    assert sent(reseller) == []
    assert [row.state for row in rows()] == ["dropped"]


def test_failures_with_a_success_between_are_not_in_a_row(reseller: Reseller, owner: User) -> None:
    for turn, failures in enumerate([("!",), (), ("!",), (), ("!",)]):
        run(reseller, turn, *failures)
    run(reseller, 9, "!", job="rates")
    assert rows() == []


def test_a_run_of_which_a_part_succeeded_did_not_fail(reseller: Reseller, owner: User) -> None:
    for turn in range(3):
        run(reseller, turn, "1", "2", done=1)
    assert rows() == []


@pytest.mark.parametrize(("job", "reported"), [("usage", 1), ("status", 0), ("switching", 0)])
def test_numbers_with_alerts_of_their_own_are_not_reported_twice(
    reseller: Reseller, owner: User, job: str, reported: int
) -> None:
    run(reseller, 0, "1", "2", job=job)
    run(reseller, 1, "1", "2", job=job)
    assert len(rows()) == reported
    run(reseller, 2, "1", "!", job=job)
    run(reseller, 3, "!", job=job)
    assert len(rows()) == 1


def test_a_run_whose_process_stopped_has_failed(reseller: Reseller, owner: User) -> None:
    for turn in range(2):
        open_run("usage", reseller=reseller, now=NOON + turn * RUN_LEASE)
    assert rows() == []
    open_run("usage", reseller=reseller, now=NOON + 2 * RUN_LEASE)
    (row,) = rows()
    JobRun.objects.order_by("started_at").last().delete()  # type: ignore[union-attr]
    assert sent(reseller) == ["Job failed twice: Usage"]
    assert "stopped before it finished" in mail.outbox[0].body
    open_run("usage", reseller=reseller, now=NOON + 3 * RUN_LEASE)
    assert rows() == [row]


def test_only_owners_get_it(reseller: Reseller, owner: User) -> None:
    for role in (Role.SUPPORT, Role.BILLING):
        member(reseller, role)
    run(reseller, 0, "!")
    run(reseller, 1, "!")
    assert [row.recipient for row in rows()] == [owner]


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "2 jobs failed twice since 12:01 — Noor Connect"),
        ("ar", "فشلت مهمتان مرتين منذ 12:01 — \u2068Noor Connect\u2069"),
    ],
)
def test_a_list_of_them_counts_them(reseller: Reseller, owner: User, language: str, subject: str) -> None:
    for job in ("usage", "rates"):
        run(reseller, 0, "!", job=job)
        run(reseller, 1, "!", job=job)
    with translation.override(language):
        Notification.objects.update(created_at=NOON + MINUTE)
        assert subject_of(rows(), NOON + 9 * MINUTE) == subject
        assert len({registry.line_of(row) for row in rows()}) == 2
