"""The run in chunks: what is wrong with one center neither stops nor slows the others, and a run goes on later."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import jobs
from billing.invoicing import invoice_reseller, issue
from billing.invoicing.issue import close_together
from billing.invoicing.run import monthly_run
from billing.jobs import AFTER_LOSS, invoice_job, run_if_due
from billing.models import Invoice, JobSchedule, LedgerEntry, SubscriptionClaim, UsageClaim
from billing.usage import last_readings
from billing.usage.number_sums import CLOSING_KEEPS
from centers.models import AuditEntry, Center, JobRun, Notification
from centers.queue.job_runs import RunRecorder
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoicing.run.test_monthly import FEBRUARY_1, blocked, in_dinars
from tests.billing.invoicing.test_subscription_days import YEARLY, charge, held
from tests.billing.usage.conftest import Place, place
from whatsapp.instances import move
from whatsapp.models import Instance

__all__ = ["place"]

THIRD = date(2026, 2, 3)
WITHOUT_MAZBOT = pytest.mark.usefixtures("nothing_to_ask")


@pytest.fixture
def nothing_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_readings, "read_for_closing", lambda *_: None)


def used(shop: Shop, centers: int) -> list[Center]:
    """Centers with ten dollars of usage each."""
    made = [shop.center, *(shop.new_center(currency="USD") for _number in range(centers - 1))]
    shop.read_all([(shop.number(center), THIRD) for center in made], sent=1, cost="10")
    return made


def refuse_in_database(center: Center) -> None:
    """PostgreSQL takes no invoice of this center."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'check_violation'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_one BEFORE INSERT ON billing_invoice FOR EACH ROW "
            f"WHEN (NEW.center_id = {center.pk}) EXECUTE FUNCTION refuse_one()"
        )


def recorder_of(shop: Shop) -> RunRecorder:
    return RunRecorder(JobRun.objects.create(reseller=shop.reseller, job="invoices", started_at=NOW))


def test_a_chunk_is_closed_in_a_fixed_number_of_queries(shop: Shop) -> None:
    centers = used(shop, 8)
    close_together(centers=centers[:1], period=FEBRUARY, by=None, now=NOW)  # begins the year's numbers
    counts = []
    for own in (centers[1:3], centers[3:]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            close_together(centers=own, period=FEBRUARY, by=None, now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Invoice.objects.count() == LedgerEntry.objects.count() == UsageClaim.objects.count() == 8
    assert Notification.objects.count() == AuditEntry.objects.filter(action="invoice.issued").count() == 8


@WITHOUT_MAZBOT
def test_a_center_that_the_database_refuses_leaves_the_others_their_invoices(shop: Shop) -> None:
    centers = used(shop, 9)
    refuse_in_database(centers[3])
    with CaptureQueriesContext(connection) as queries:
        run = invoice_job(reseller=shop.reseller, now=NOW)
    assert (run.state, run.done, run.failed) == ("partial", 8, 1)
    assert blocked() == [centers[3]]
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, 9))
    tries = sum('INSERT INTO "billing_invoice" ' in query["sql"] for query in queries)
    assert tries <= 1 + 2 * 4, "halves, not one after the other"


@WITHOUT_MAZBOT
@pytest.mark.django_db(transaction=True)
def test_what_is_refused_at_the_end_of_a_chunk_is_found_too(
    committed_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums of lines are checked when the transaction ends."""
    shop = committed_shop
    centers = used(shop, 3)
    real = issue.draft_of

    def odd(center: Center, material: Any) -> Any:
        draft = real(center, material)
        if center == centers[1]:
            object.__setattr__(draft, "total", draft.total + 1)
        return draft

    monkeypatch.setattr(issue, "draft_of", odd)
    run = invoice_job(reseller=shop.reseller, now=NOW)
    assert (run.done, run.failed) == (2, 1)
    assert "database refused" in run.failures[0]["why"]
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == [1, 2]


@WITHOUT_MAZBOT
def test_an_error_of_our_own_in_one_center_leaves_the_others_their_invoices(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    centers = used(shop, 3)
    real = issue.refuse_absurd

    def fails(draft: Any) -> None:
        if draft.center == centers[0]:
            raise ArithmeticError
        real(draft)

    monkeypatch.setattr(issue, "refuse_absurd", fails)
    run = invoice_job(reseller=shop.reseller, now=NOW)
    assert (run.done, run.failed) == (2, 1)
    assert "An error in Markaz" in run.failures[0]["why"]


@WITHOUT_MAZBOT
def test_a_year_is_charged_once_to_two_centers_of_one_chunk(shop: Shop) -> None:
    """Drafted together, both would charge the number's year: the database lets one of them."""
    charge(shop, YEARLY)
    Center.objects.update(created_at=FEBRUARY_1)
    number, other = held(shop, date(2026, 2, 2)), shop.new_center(created_at=FEBRUARY_1, currency="USD")
    tenth = datetime.combine(date(2026, 2, 10), NOW.timetz())
    move(instance=number, center=other, by=None, now=tenth)
    spans = number.assignments.order_by("since")
    for span in spans:
        last = span.last_day or FEBRUARY.last_day
        days = [span.first_day + timedelta(days=n) for n in range((last - span.first_day).days + 1)]
        shop.read_all([(number, day) for day in days], at=NOW)
    run = invoice_job(reseller=shop.reseller, now=NOW)
    assert (run.failed, SubscriptionClaim.objects.count()) == (0, 1)
    assert [invoice.total for invoice in Invoice.objects.all()] == [300]


@WITHOUT_MAZBOT
def test_a_run_out_of_time_is_continued_after_a_minute(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    used(shop, 3)
    monkeypatch.setattr(jobs, "INVOICE_SECONDS", -1.0)
    run_if_due("invoices", reseller_id=shop.reseller.pk, now=NOW)
    run = JobRun.objects.get()
    assert (run.done, run.failed, run.total, Invoice.objects.count()) == (0, 0, 3, 0)
    assert "3" in run.note
    due = JobSchedule.objects.get(job="invoices").next_at
    assert due == NOW + AFTER_LOSS
    monkeypatch.setattr(jobs, "INVOICE_SECONDS", 60.0)
    run_if_due("invoices", reseller_id=shop.reseller.pk, now=due)
    assert Invoice.objects.count() == 3


@WITHOUT_MAZBOT
def test_a_run_that_dies_is_continued_by_the_next(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    used(shop, 4)
    monkeypatch.setattr(monthly_run, "CHUNK", 2)
    real, calls = monthly_run.close_together, iter((True, False))

    def dies(**values: Any) -> Any:
        if not next(calls):
            raise KeyboardInterrupt
        return real(**values)

    monkeypatch.setattr(monthly_run, "close_together", dies)
    with pytest.raises(KeyboardInterrupt):
        invoice_reseller(reseller=shop.reseller, now=NOW, recorder=recorder_of(shop))
    assert Invoice.objects.count() == 2
    monkeypatch.setattr(monthly_run, "close_together", real)
    assert invoice_job(reseller=shop.reseller, now=NOW).done == 2
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4]


# --- The last readings ----------------------------------------------------------------------------


def whole_february(place: Place, center: Center) -> Instance:
    """A number whose February is read, and as MazBot has it."""
    number = place.here_and_there(center)
    place.control.add_usage(number.instance_id, THIRD, sent=1, cost=Decimal(10))
    place.read(number, THIRD, sent=1, cost="10")
    return number


def three_centers(place: Place, count: int = 3) -> list[Center]:
    made = [place.center, *(place.new_center(currency="USD") for _number in range(count - 1))]
    for center in made:
        whole_february(place, center)
    Center.objects.update(created_at=FEBRUARY_1)
    Instance.objects.update(held_since=NOW)
    return made


def test_a_month_that_waits_for_something_else_is_not_asked_about_every_hour(place: Place) -> None:
    in_dinars(place)
    number = Instance.objects.get()
    place.control.add_instance("demo-key", number.instance_id, daily_messages=0)
    place.control.add_usage(number.instance_id, THIRD, sent=1, cost=Decimal(10))
    asked = []
    for hours in (0, 1, 2, CLOSING_KEEPS / timedelta(hours=1) + 1):
        before = place.calls("usage")
        assert invoice_job(reseller=place.reseller, now=NOW + timedelta(hours=hours)).failed == 1
        asked.append(place.calls("usage") - before)
    assert asked == [1, 0, 0, 1]


def test_a_month_that_differs_is_asked_about_again(place: Place) -> None:
    """What MazBot counts less than before waits for staff, and any other answer is another question."""
    place.center.refresh_from_db()
    number = whole_february(place, place.center)
    Center.objects.update(created_at=FEBRUARY_1)
    Instance.objects.update(held_since=NOW)
    place.control.add_usage(number.instance_id, THIRD, sent=0, cost=Decimal(-4))
    before = place.calls("usage")
    for hours in range(2):
        assert invoice_job(reseller=place.reseller, now=NOW + timedelta(hours=hours)).failed == 1
    assert place.calls("usage") - before == 2


def test_centers_whose_readings_are_complete_are_invoiced_before_others_are_asked_about(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_centers(place)
    monkeypatch.setattr(last_readings, "REQUESTS_AT_ONCE", 1)
    monkeypatch.setattr(monthly_run, "_SHOWN_EVERY", -1.0)
    shown: list[tuple[int, str]] = []

    class Watched(RunRecorder):
        def save(self) -> None:
            shown.append((self.done, str(self.note)))
            super().save()

    recorder = Watched(recorder_of(place).run)
    assert invoice_reseller(reseller=place.reseller, now=NOW, recorder=recorder) == 0
    assert [done for done, _note in shown] == [0, 1, 1, 2, 2, 3]
    assert "3" in shown[-1][1]
    assert (recorder.total, recorder.note) == (3, "")


def test_mazbot_out_of_reach_is_not_asked_about_every_center(place: Place) -> None:
    three_centers(place, 5)
    place.control.set_fault("usage", "500")
    run = invoice_job(reseller=place.reseller, now=NOW)
    assert (run.done, run.failed) == (0, last_readings.FAILED_IN_A_ROW + 1)
    assert run.failures[-1]["item"] == ""
    assert "2" in run.note
    assert len(blocked()) == last_readings.FAILED_IN_A_ROW
    place.control.clear_faults()
    assert invoice_job(reseller=place.reseller, now=NOW + timedelta(hours=1)).done == 5
    assert blocked() == []


def test_one_number_that_mazbot_cannot_answer_about_stops_only_its_center(place: Place) -> None:
    centers = three_centers(place)
    number = centers[1].instances.get()
    place.control.set_fault("usage", "500", instance_id=number.instance_id)
    run = invoice_job(reseller=place.reseller, now=NOW)
    assert (run.done, run.failed) == (2, 1)
    assert blocked() == [centers[1]]


def test_without_an_account_every_center_waits_and_says_why(shop: Shop) -> None:
    used(shop, 2)
    type(shop.account).objects.update(email="")
    run = invoice_job(reseller=shop.reseller, now=NOW)
    assert (run.done, run.failed) == (0, 2)
    assert "MazBot account" in run.failures[0]["why"]


def test_later_months_of_a_center_that_is_left_wait_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of February is closed while January was not."""
    Center.objects.update(created_at=datetime(2026, 1, 1, tzinfo=NOW.tzinfo))
    shop.read(shop.number(held_since=NOW), date(2026, 1, 3), sent=1, cost="10")
    monkeypatch.setattr(last_readings.LastReadings, "_is_over", lambda _self: True)
    recorder = recorder_of(shop)
    assert invoice_reseller(reseller=shop.reseller, now=NOW, recorder=recorder) == 2
    assert (recorder.total, recorder.done, recorder.failed) == (2, 0, 0)
