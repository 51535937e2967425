"""Comparisons of sums while something is wrong: figures that can't be read, unknown numbers, outages, shifted days."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from billing import jobs
from billing.invoicing import due_periods
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.jobs import invoice_job, run_if_due, usage_job
from billing.models import AccountUsageRecord, FlaggedUsage, Invoice, JobSchedule, UsageCheck, UsageRecord
from billing.periods import Period
from billing.queries import last_read, late_usage_of
from billing.registration import run_soon
from billing.usage.due import due_days
from billing.usage.for_closing import read_before_closing
from billing.usage.main_account import check_account_sums
from billing.usage.number_sums import check_sums, due_sums
from tests.billing.conftest import FEBRUARY, NOW, span_of
from tests.billing.usage.conftest import Place
from tests.billing.usage.test_late_usage import MARCH, answered, february, run, use
from whatsapp.mazbot import ErrorKind, MazBotError
from whatsapp.models import Alert, Instance, MazbotAccount

D = Decimal
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TENTH, MARCH_2 = date(2026, 2, 10), datetime(2026, 3, 2, 13, tzinfo=UTC)


def spoil(place: Place, call: str, times: int | None = None) -> None:
    place.control.set_fault(call, "odd_field", field="total_cost", value="n/a", times=times)


def test_a_day_that_cannot_be_read_is_looked_for_again(place: Place) -> None:
    number = february(place)
    use(place, number, 100, date(2026, 2, 17))
    span = span_of(number, TENTH)
    spoil(place, "usage")
    with pytest.raises(MazBotError) as caught:
        check_sums(place.account, span, MARCH_2)
    assert caught.value.kind is ErrorKind.MALFORMED
    assert set(UsageCheck.objects.filter(month__lte=TENTH).values_list("problem", flat=True)) == {"malformed"}
    assert due_sums(place.account, MARCH_2 + HOUR) == [], "not every hour"
    place.control.clear_faults()
    check_sums(place.account, span, MARCH_2 + 7 * DAY)
    assert UsageRecord.objects.get(day=date(2026, 2, 17)).cost == 100
    assert not any(row.has_gap or row.problem for row in UsageCheck.objects.all())


def test_a_number_with_a_day_that_is_never_read_is_compared_all_the_same(place: Place) -> None:
    number = place.here_and_there()
    Instance.objects.update(held_since=datetime(2026, 2, 10, 9, tzinfo=UTC))
    unread = date(2026, 2, 20)
    for day in Period(TENTH, date(2026, 3, 2)).days():
        if day != unread:
            place.read(number, day, at=MARCH_2)
    use(place, number, 100, date(2026, 2, 17))
    place.clock[0] = MARCH_2
    # One request at a time, or another day's could come first and be the one that is spoiled.
    MazbotAccount.objects.update(rate_limit=119)
    spoil(place, "usage", times=1)
    usage_job(reseller=place.reseller, now=MARCH_2)
    assert not UsageRecord.objects.filter(day=unread).exists()
    assert UsageRecord.objects.get(day=date(2026, 2, 17)).cost == 100


def test_a_month_billed_from_a_later_day_is_compared_before_it_is_invoiced(place: Place) -> None:
    number = place.here_and_there()
    Instance.objects.update(held_since=datetime(2026, 2, 1, 9, tzinfo=UTC))
    span = span_of(number, TENTH)
    type(span).objects.filter(pk=span.pk).update(billed_from=date(2026, 2, 15))
    for day in Period(date(2026, 2, 15), FEBRUARY.end_day).days():
        place.read(number, day, at=MARCH_2)
    use(place, number, 9, date(2026, 2, 20))
    read_before_closing(center=place.center, period=FEBRUARY, now=MARCH_2)
    assert UsageRecord.objects.get(day=date(2026, 2, 20)).cost == 9


def test_usage_that_mazbot_moves_from_an_invoiced_month_to_the_next_is_not_charged_twice(
    place: Place,
) -> None:
    """The sum over both is the same; before March is invoiced its own sum is asked for, and February's gap shows."""
    number = february(place)
    for days in range(31):
        usage_job(reseller=place.reseller, now=MARCH_2 + days * DAY)
        place.clock[0] = MARCH_2 + (days + 1) * DAY
    use(place, number, -4, TENTH)
    use(place, number, 4, date(2026, 3, 10))
    place.clock[0] = datetime(2026, 4, 2, 12, tzinfo=UTC)
    invoice_job(reseller=place.reseller, now=place.clock[0])
    assert Invoice.objects.get(first_day=MARCH.first_day).total == 4
    for days in range(8):
        usage_job(reseller=place.reseller, now=place.clock[0] + days * DAY)
    decreased = FlaggedUsage.objects.get(flag="decreased", resolved_at=None)
    assert (decreased.day, decreased.cost_change) == (TENTH, -4)


def test_a_figure_that_cannot_be_read_keeps_nothing_of_the_main_account(place: Place) -> None:
    february(place)
    run(place, MARCH_2)
    UsageCheck.objects.filter(mazbot_id="").delete()
    AccountUsageRecord.objects.filter(day=date(2026, 2, 12)).update(odd="total_cost: n/a", cost=None)
    assert check_account_sums(reseller=place.reseller, now=MARCH_2), "an odd day does not stop the others"
    before = AccountUsageRecord.objects.get(day=TENTH).cost
    spoil(place, "usage_main")
    with pytest.raises(MazBotError):
        check_account_sums(reseller=place.reseller, now=MARCH_2 + 7 * DAY)
    assert AccountUsageRecord.objects.get(day=TENTH).cost == before == 10
    assert not check_account_sums(reseller=place.reseller, now=MARCH_2 + 7 * DAY + HOUR), "not every hour"


def test_a_number_that_mazbot_does_not_know_does_not_silence_the_gaps(place: Place) -> None:
    place.number()
    Instance.objects.update(check_error="not_found")
    place.control.add_instance("demo-key", "stranger", daily_messages=0)
    place.control.add_usage("stranger", date(2026, 3, 4), sent=1, cost=D(5))
    run(place, NOW)
    assert "4 Mar 2026" in str(Alert.objects.get(kind=Alert.Kind.USAGE_GAP, resolved_at=None).detail)


def test_five_days_without_markaz_are_read_once_each(place: Place) -> None:
    numbers = [place.here_and_there() for _number in range(3)]
    run(place, NOW)
    back = place.clock[0] = NOW + 5 * DAY
    for number in numbers:
        for days in range(5):
            use(place, number, 2, (NOW + days * DAY).date())
    asked = answered(place), answered(place, "usage_main")
    for hours in range(4):
        run(place, back + hours * HOUR)
    # Five days that ended and today, for each; sums of numbers whose turn it was; the account's today every hour.
    assert answered(place) - asked[0] <= 3 * (5 + 1 + 1)
    assert answered(place, "usage_main") - asked[1] <= 5 + 4 + 1
    days = Counter(UsageRecord.objects.filter(cost=2).values_list("instance", flat=True))
    assert days == {number.pk: 5 for number in numbers}
    assert not Alert.objects.filter(kind=Alert.Kind.USAGE_GAP).exists()


def test_a_run_that_time_was_too_short_for_goes_on_after_a_minute(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.here_and_there()
    monkeypatch.setattr(jobs, "USAGE_SECONDS", -1.0)
    run_if_due("usage", reseller_id=place.reseller.pk, now=NOW)
    schedule = JobSchedule.objects.get(job="usage")
    assert schedule.next_at == NOW + timedelta(minutes=1)
    monkeypatch.setattr(jobs, "USAGE_SECONDS", 60.0)
    run_if_due("usage", reseller_id=place.reseller.pk, now=schedule.next_at)
    schedule.refresh_from_db()
    assert schedule.next_at == NOW + timedelta(minutes=61)


def test_a_run_that_a_person_asks_for_reads_today_again(place: Place) -> None:
    number = place.here_and_there()
    usage_job(reseller=place.reseller, now=NOW)
    use(place, number, 5, NOW.date())
    at = place.clock[0] = NOW + HOUR
    assert due_days(place.reseller, at) == []
    run_soon("usage", place.reseller.pk)
    usage_job(reseller=place.reseller, now=at)
    assert UsageRecord.objects.get(day=NOW.date()).cost == 5
    asked = answered(place)
    usage_job(reseller=place.reseller, now=at + HOUR)
    assert answered(place) == asked, "that run only"


def test_an_id_that_two_numbers_had_is_compared_once_a_week(place: Place) -> None:
    number = february(place)
    mazbot_id = number.instance_id
    Instance.objects.filter(pk=number.pk).update(instance_id="corrected", held_since=MARCH_2)
    place.number(instance_id=mazbot_id, held_since=MARCH_2 + DAY)
    asked = []
    for days in range(5, 33):
        now = MARCH_2 + days * DAY
        for span in due_sums(place.account, now):
            if span.mazbot_id == mazbot_id:
                check_sums(place.account, span, now)
                asked.append(days)
    # Whatever day of the week its turn is.
    assert {later - day for day, later in pairwise(asked[1:])} == {7}


def test_a_late_correction_makes_no_other_day_newer(place: Place) -> None:
    number = february(place)
    place.read(number, date(2026, 3, 1), at=MARCH_2, sent=1, cost="1")
    place.read(number, TENTH, at=MARCH_2 + HOUR, sent=11, cost="11")
    assert last_read(place.center) == MARCH_2


def test_what_staff_accepted_of_an_invoiced_day_is_late_usage_too(place: Place) -> None:
    number = february(place)
    place.read(number, TENTH, at=MARCH_2, sent=7, cost="7")
    flagged = FlaggedUsage.objects.get(flag="decreased")
    invoice = Invoice.objects.get()
    assert not late_usage_of(invoice)
    accept_flagged_usage(flagged=flagged, by=None, now=MARCH_2)
    assert [row.cost_change for row in late_usage_of(invoice)] == [-3]
    assert due_periods(place.reseller, MARCH_2) == []
