"""On which day a center would be suspended: one answer for the run, the preview, the page and the final warning."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.dunning import hold, planned_for, preview, release_hold
from billing.dunning.suspension import debt_beyond_grace, suspend, suspension_day
from billing.jobs import dunning_job
from billing.models import Hold, Invoice, Reminder, Suspension
from billing.policies import Policy, save_center_policy, save_policy
from centers.tenancy.lifecycle import archive_center
from tests.billing.conftest import Shop
from tests.billing.mails.reading import mails, text_of, the_mail

# An invoice of 10 February is due on the 26th; with ten days of grace it suspends from 8 March (a Sunday) on.
DUE, SUNDAY = date(2026, 2, 26), date(2026, 3, 8)
FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 60).map(lambda days: FIRST + timedelta(days=days))
INVOICES = st.lists(
    st.builds(
        lambda due, amount, currency: Invoice(due_on=due, open_amount=amount, currency=currency),
        DAYS,
        st.integers(0, 4),
        st.sampled_from(["USD", "LYD"]),
    ),
    max_size=4,
)
POLICIES = st.builds(
    lambda **own: Policy(
        auto_invoice=True,
        billable="sent",
        subscription_type="",
        one_off_type="",
        payment_terms_days=14,
        reminder_days=(),
        warning_days=7,
        late_fee_percent=Decimal(0),
        late_fee_amounts={},
        late_fee_days=0,
        late_fee_monthly=False,
        late_fee_ceiling=0,
        **own,
    ),
    suspend=st.sampled_from([True, True, True, False]),
    grace_days=st.integers(0, 12),
    minimum_amount=st.integers(0, 6),
    quiet_weekdays=st.frozensets(st.integers(1, 7)),
    quiet_dates=st.frozensets(DAYS, max_size=6),
)
HOLDS = st.none() | DAYS.map(lambda until: Hold(until=until))


@settings(max_examples=300)
@given(INVOICES, POLICIES, HOLDS, DAYS, st.frozensets(DAYS, max_size=9))
def test_it_is_the_first_day_that_allows_it(
    invoices: list[Invoice], policy: Policy, held: Hold | None, day: date, maintenance: frozenset[date]
) -> None:
    def allows(later: date) -> bool:
        is_held = held is not None and held.until > later
        exempt = is_held or policy.is_quiet(later) or later in maintenance
        return not exempt and bool(debt_beyond_grace(invoices, policy, later))

    days = (day + timedelta(days=offset) for offset in range(250))
    expected = next((later for later in days if allows(later)), None)
    found = suspension_day(invoices, policy, held, day, maintenance)
    assert (found[0] if found else None) == expected
    if found:
        assert found[1] == debt_beyond_grace(invoices, policy, found[0])


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def dun(shop: Shop, day: date) -> None:
    dunning_job(reseller=shop.reseller, now=at(day))


def warning() -> str:
    return text_of(the_mail(event="warning"))


def suspended_on(shop: Shop, since: date) -> date:
    """Let the days pass until the run suspends the center."""
    for offset in count():
        day = since + timedelta(days=offset)
        dun(shop, day)
        if Suspension.objects.exists():
            return day
    raise AssertionError


@pytest.mark.parametrize(
    ("until", "quiet", "on"),
    [
        (None, {}, SUNDAY),
        (date(2026, 3, 20), {}, date(2026, 3, 20)),  # the hold ends later than the grace
        (date(2026, 3, 7), {}, SUNDAY),  # it ends sooner
        (None, {"quiet_weekdays": [7]}, date(2026, 3, 9)),
        (date(2026, 3, 20), {"quiet_weekdays": [5, 6]}, date(2026, 3, 22)),
        (None, {"quiet_dates": [SUNDAY, date(2026, 3, 9)]}, date(2026, 3, 10)),
    ],
)
def test_the_warning_the_page_the_preview_and_the_run_agree(
    shop: Shop, until: date | None, quiet: dict[str, object], on: date
) -> None:
    shop.owe("10")
    save_policy(reseller=shop.reseller, by=None, now=at(DUE), **quiet)
    if until:
        hold(center=shop.center, until=until, because="Promised", by=None, now=at(DUE))
    warned_on = date(2026, 3, 5)
    dun(shop, warned_on)
    planned = planned_for(shop.center, at(warned_on))
    assert planned is not None
    assert planned.on == on
    assert f"{on.day} Mar 2026" in warning()
    assert [item.on for item in preview(shop.reseller, at(warned_on), days=30)] == [on]
    assert suspended_on(shop, warned_on) == on


def test_after_the_grace_the_warning_names_the_day_itself(shop: Shop) -> None:
    """A run that was down for weeks: the warning and the suspension come on one day."""
    shop.owe("10")
    late = date(2026, 4, 1)
    dun(shop, late)
    assert "1 Apr 2026" in warning()
    assert Suspension.objects.exists()


@pytest.mark.parametrize("why", ["minimum", "suspended"])
def test_who_will_not_be_suspended_is_reminded_not_warned(shop: Shop, why: str) -> None:
    if why == "minimum":
        save_policy(reseller=shop.reseller, by=None, now=at(DUE), minimum_amount=Decimal(100))
        shop.owe("10")
    else:
        shop.owe("10", day=date(2026, 1, 10))
        assert suspend(center=shop.center, now=at(DUE)) is not None
        shop.owe("10")
    dun(shop, date(2026, 3, 5))
    written = mails(event="warning")
    assert {mail.kind for mail in written} == {"invoice.reminder"}
    assert not any("suspended on" in text_of(mail) for mail in written)
    assert Reminder.objects.filter(step="warning").count() == len(written)


def test_another_overdue_invoice_brings_the_day_forward(shop: Shop) -> None:
    """The warning is about one invoice, the switch about the center."""
    first = shop.owe("10")
    save_center_policy(center=shop.center, by=None, now=at(DUE), payment_terms_days=20)
    second = shop.owe("10", day=date(2026, 2, 12))
    assert first.due_on < second.due_on
    hold(center=shop.center, until=date(2026, 3, 14), because="Promised", by=None, now=at(DUE))
    dun(shop, second.due_on + timedelta(days=7))
    assert "14 Mar 2026" in text_of(the_mail(about=f"invoice:{second.pk}", event="warning"))


def test_no_day_for_who_is_archived_suspended_or_owes_nothing(shop: Shop) -> None:
    assert planned_for(shop.center, at(DUE)) is None
    shop.owe("10")
    assert planned_for(shop.center, at(DUE)) is not None
    other = shop.new_center()
    shop.owe("10", other)
    archive_center(center=other, by=None, now=at(DUE))
    assert planned_for(other, at(DUE)) is None
    dun(shop, SUNDAY)
    assert planned_for(shop.center, at(SUNDAY)) is None


def test_a_hold_that_ends_moves_the_day_back(shop: Shop) -> None:
    shop.owe("10")
    hold(center=shop.center, until=date(2026, 5, 1), because="Promised", by=None, now=at(DUE))
    later = planned_for(shop.center, at(DUE))
    assert later is not None
    assert (later.on, later.hold.because if later.hold else "") == (date(2026, 5, 1), "Promised")
    release_hold(center=shop.center, by=None, now=at(DUE))
    sooner = planned_for(shop.center, at(DUE))
    assert sooner is not None
    assert (sooner.on, sooner.hold) == (SUNDAY, None)
