"""Usage that MazBot books late has no deadline: sums of months find it, and days missed in an outage are caught up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.invoicing import preview_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.jobs import account_job, invoice_job, usage_job
from billing.models import AccountUsageRecord, FlaggedUsage, GapItem, Invoice, UsageCheck, UsageRecord
from billing.periods import Period, day_start
from billing.reports.gaps import check_gap
from billing.usage.main_account import outdated_account_days
from billing.usage.number_sums import DAYS_BETWEEN, check_sums
from centers.models import Center
from tests.billing.conftest import NOW, span_of
from tests.billing.usage.conftest import Place
from whatsapp.instances import move
from whatsapp.models import Alert, Instance

D = Decimal
FEBRUARY_1 = datetime(2026, 2, 1, 6, tzinfo=UTC)
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def run(place: Place, at: datetime) -> None:
    """Both jobs, as each hour has them: one after the other."""
    for job, begins in ((usage_job, at), (account_job, at + timedelta(minutes=1))):
        place.clock[0] = begins
        job(reseller=place.reseller, now=begins)


def february(place: Place) -> Instance:
    """A number that used 10 on 10 February, read and invoiced on 2 March."""
    Center.objects.update(created_at=FEBRUARY_1)
    number = place.here_and_there()
    Instance.objects.update(held_since=FEBRUARY_1)
    use(place, number, 10, date(2026, 2, 10))
    place.clock[0] = datetime(2026, 3, 2, 12, tzinfo=UTC)
    invoice_job(reseller=place.reseller, now=place.clock[0])
    assert Invoice.objects.get().total == 10
    return number


def use(place: Place, number: Instance, cost: int, day: date) -> None:
    place.control.add_usage(number.instance_id, day, sent=cost, cost=D(cost))


def test_usage_booked_fifteen_days_late_is_on_the_next_invoice(place: Place) -> None:
    number = february(place)
    place.clock[0] = datetime(2026, 3, 15, 9, tzinfo=UTC)
    use(place, number, 100, date(2026, 2, 28))
    for days in range(8):
        run(place, datetime(2026, 3, 15, 13, tzinfo=UTC) + timedelta(days=days))
    assert UsageRecord.objects.get(day=date(2026, 2, 28)).cost == 100
    lines = preview_invoice(place.center, MARCH).lines
    assert [(line.kind, line.amount) for line in lines] == [("adjustment", 100)]
    assert not GapItem.objects.exists(), "the next invoice takes it"
    Center.objects.update(archived_at=place.clock[0])
    check_gap(place.reseller, place.clock[0])
    assert GapItem.objects.get().kind == GapItem.Kind.UNBILLED, "no invoice comes"
    Center.objects.update(archived_at=None)
    check_gap(place.reseller, place.clock[0])
    assert not GapItem.objects.get().is_open
    place.clock[0] = datetime(2026, 4, 2, 12, tzinfo=UTC)
    invoice_job(reseller=place.reseller, now=place.clock[0])
    assert Invoice.objects.get(first_day=MARCH.first_day).total == 100


def test_days_of_the_main_account_that_were_missed_are_caught_up(place: Place) -> None:
    place.here_and_there()
    run(place, NOW)
    run(place, NOW + timedelta(days=9))
    read = set(AccountUsageRecord.objects.values_list("day", flat=True))
    assert {NOW.date() + timedelta(days=days) for days in range(10)} <= read
    assert UsageRecord.objects.filter(day__gte=NOW.date()).count() == 10


def test_an_alert_for_a_gap_stays_until_that_gap_is_gone(place: Place) -> None:
    place.here_and_there()
    place.control.add_instance("demo-key", "stranger", daily_messages=0)
    place.control.add_usage("stranger", date(2026, 3, 5), sent=1, cost=D(5))
    run(place, NOW + timedelta(days=1))
    alert = Alert.objects.get(kind=Alert.Kind.USAGE_GAP, resolved_at=None)
    assert "5 Mar 2026" in str(alert.detail)
    run(place, NOW + timedelta(days=2))
    alert.refresh_from_db()
    assert alert.resolved_at is None
    place.control.add_usage("stranger", date(2026, 3, 5), sent=-1, cost=D(-5))
    for days in range(3, 12):
        run(place, NOW + timedelta(days=days))
    alert.refresh_from_db()
    assert alert.resolved_at is not None


def test_a_late_day_is_found_with_few_requests(place: Place) -> None:
    """28 days of February: halves are asked for, not days."""
    number = february(place)
    use(place, number, 100, date(2026, 2, 17))
    account, now = place.account, datetime(2026, 3, 2, 13, tzinfo=UTC)
    before = place.calls("usage")
    check_sums(account, span_of(number, date(2026, 2, 17)), now)
    assert place.calls("usage") - before <= 10
    assert UsageRecord.objects.get(day=date(2026, 2, 17)).cost == 100
    before = place.calls("usage")
    check_sums(account, span_of(number, date(2026, 2, 17)), now)
    assert place.calls("usage") - before == 1, "one request where nothing changed"


def test_late_usage_of_a_number_that_moved_is_the_old_centers(place: Place) -> None:
    number, old, new = february(place), place.center, place.new_center()
    move(instance=number, center=new, by=None, now=datetime(2026, 3, 3, 9, tzinfo=UTC))
    place.clock[0] = datetime(2026, 3, 5, 13, tzinfo=UTC)
    usage_job(reseller=place.reseller, now=place.clock[0])
    use(place, number, 100, date(2026, 2, 28))
    check_sums(place.account, span_of(number, date(2026, 3, 4)), place.clock[0])
    row = UsageRecord.objects.get(day=date(2026, 2, 28))
    assert (row.center, row.cost) == (old, 100)
    assert not UsageRecord.objects.filter(center=new, cost__gt=0).exists()
    late = FlaggedUsage.objects.get(flag="late")
    assert (late.center, late.sent_change, late.cost_change) == (old, 100, 100)


def test_a_difference_that_waits_for_a_person_is_not_searched_again(place: Place) -> None:
    """MazBot lowered what was billed: the day is flagged, and what remains is known."""
    number = february(place)
    use(place, number, -4, date(2026, 2, 10))
    span, now = span_of(number, date(2026, 2, 10)), datetime(2026, 3, 2, 13, tzinfo=UTC)
    check_sums(place.account, span, now)
    assert UsageRecord.objects.get(day=date(2026, 2, 10)).cost == 10
    flagged = FlaggedUsage.objects.get(flag="decreased", resolved_at=None)
    check = UsageCheck.objects.get(month=date(2026, 2, 1))
    assert (check.cost_gap, check.sent_gap, check.has_gap) == (-4, -4, True)
    before = place.calls("usage")
    check_sums(place.account, span, now)
    assert place.calls("usage") - before == 1
    accept_flagged_usage(flagged=flagged, by=None, now=now)
    check_sums(place.account, span, now)
    assert not UsageCheck.objects.get(month=date(2026, 2, 1)).has_gap


def test_the_main_accounts_late_day_is_found_too(place: Place) -> None:
    number = february(place)
    for hours in range(2):
        run(place, datetime(2026, 3, 2, 13 + hours, tzinfo=UTC))
    use(place, number, 100, date(2026, 2, 28))
    before = answered(place, "usage_main")
    # A week and a day: the weekly turn that comes first may have been had an hour before that day's run.
    for days in range(1, 9):
        run(place, datetime(2026, 3, 2, 13, tzinfo=UTC) + timedelta(days=days))
    assert AccountUsageRecord.objects.get(day=date(2026, 2, 28)).cost == 100
    assert UsageRecord.objects.get(day=date(2026, 2, 28)).cost == 100
    # Today and yesterday each day, once a week a sum and its halves, and the day that the number corrected.
    assert answered(place, "usage_main") - before <= 2 * 8 + 11
    # February isn't invoiced here, which is a difference of its own.
    assert set(GapItem.objects.filter(state="open").values_list("kind", flat=True)) <= {GapItem.Kind.UNBILLED}


def test_what_a_number_corrects_waits_for_the_main_account_and_is_no_gap(place: Place) -> None:
    """Seen before: the weekly checks of a number and of the main account are days apart, with an alert in between."""
    number = february(place)
    for hours in range(2):
        run(place, datetime(2026, 3, 2, 13 + hours, tzinfo=UTC))
    use(place, number, 100, date(2026, 2, 17))
    now = datetime(2026, 3, 3, 13, tzinfo=UTC)
    place.clock[0] = now
    check_sums(place.account, span_of(number, date(2026, 2, 17)), now)
    assert UsageRecord.objects.get(day=date(2026, 2, 17)).cost == 100
    assert outdated_account_days(place.account, now.date()) == {date(2026, 2, 17)}
    assert check_gap(place.reseller, now) == []
    assert not Alert.objects.filter(kind=Alert.Kind.USAGE_GAP, resolved_at=None).exists()
    before, later = answered(place, "usage_main"), now + timedelta(hours=1)
    place.clock[0] = later
    account_job(reseller=place.reseller, now=later)
    # Today, yesterday, and the day that changed; the weekly sums are not due, or equal.
    assert answered(place, "usage_main") - before <= 4
    assert AccountUsageRecord.objects.get(day=date(2026, 2, 17)).cost == 100
    assert outdated_account_days(place.account, now.date()) == set()
    assert check_gap(place.reseller, later) == []
    assert not GapItem.objects.filter(kind=GapItem.Kind.DAY).exists()


def test_the_running_day_is_never_a_gap(place: Place) -> None:
    number = place.here_and_there()
    run(place, NOW + timedelta(hours=4))
    use(place, number, 5, NOW.date())
    account_job(reseller=place.reseller, now=NOW + timedelta(hours=5))
    assert AccountUsageRecord.objects.get(day=NOW.date()).cost == 5
    assert check_gap(place.reseller, NOW + timedelta(hours=5)) == []


def answered(place: Place, call: str = "usage") -> int:
    """Answers about usage; the refusal of a session that ended is one request of an account, however many numbers."""
    return sum(entry.call == call and entry.status_code == 200 for entry in place.control.requests_log())


def test_normal_operation_asks_little(place: Place) -> None:
    """Requests per number and day over a week in which each number is used every day: at most 2.2."""
    numbers = [place.here_and_there() for _number in range(DAYS_BETWEEN)]
    week = timedelta(days=DAYS_BETWEEN)
    began = day_start(NOW.date(), ZoneInfo(place.account.time_zone)) + week
    for hours in range(0, 24 * DAYS_BETWEEN, 12):
        run(place, began - week + timedelta(hours=hours))
    before = answered(place)
    for hours in range(0, 24 * DAYS_BETWEEN, 12):
        place.clock[0] = began + timedelta(hours=hours)
        if not hours % 24:
            for number in numbers:
                use(place, number, 2, NOW.date() + week + timedelta(hours=hours))
        run(place, place.clock[0])
    asked = D(answered(place) - before) / (len(numbers) * DAYS_BETWEEN)
    assert D(2) < asked <= D("2.2")
