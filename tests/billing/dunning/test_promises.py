"""Promises to pay: no reminder and no suspension until their day, kept or broken by the payments recorded since."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.dunning import broken_promises, hold, judge, promise, promise_notices, release_hold
from billing.dunning import promised as promised_now
from billing.dunning.suspension import suspend
from billing.dunning.write_offs import write_off
from billing.jobs import dunning_job
from billing.models import Hold, Invoice, Reminder, Suspension
from billing.payments import reverse_payment
from centers.errors import OperationRefused
from centers.models import AuditEntry, Notification, Role
from tests.billing.conftest import Shop
from tests.billing.mails.reading import mails, message_of
from tests.factories import member

# Issued on 2026-02-12, due on 2026-02-26, to be suspended from 2026-03-08 on.
DUE = date(2026, 2, 26)


def at(offset: int) -> datetime:
    """That many days from the due date."""
    return datetime(DUE.year, DUE.month, DUE.day, 9, tzinfo=UTC) + timedelta(days=offset)


def dun(shop: Shop, offset: int) -> None:
    dunning_job(reseller=shop.reseller, now=at(offset))


def promised(shop: Shop, offset: int, *, on: int = 1, amount: str = "10") -> Hold:
    """The center promised, `on` that day, to pay by the day `offset`."""
    return promise(
        center=shop.center,
        amount=amount,
        currency="USD",
        pays_by=at(offset).date(),
        because="Said Huda on the phone",
        by=None,
        now=at(on),
    )


def steps() -> list[str]:
    return list(Reminder.objects.filter(skipped=False).order_by("pk").values_list("step", flat=True))


def test_reminders_and_suspension_wait_for_the_promised_day_and_go_on_after_it(shop: Shop) -> None:
    shop.number()
    shop.owe("10")
    dun(shop, 0)
    mails().update(state=Notification.State.SENT)
    row = promised(shop, 12)
    assert (row.is_promise, row.last_day) == (True, at(12).date())
    for offset in (3, 7, 10, 12):
        dun(shop, offset)
    assert steps() == ["due+0"]
    assert not Suspension.objects.exists()
    dun(shop, 13)
    row.refresh_from_db()
    assert row.is_broken
    assert steps() == ["due+0", "warning"], "the latest step, once"
    assert Suspension.objects.filter(ended_at=None).exists()
    assert list(broken_promises(shop.reseller, at(14).date())) == [row]


def test_a_reminder_that_waits_in_the_outbox_is_withdrawn_by_a_promise_and_due_again_after_it(
    shop: Shop,
) -> None:
    shop.owe("10")
    dun(shop, 0)
    reminder = mails(kind="invoice.reminder").get()
    assert message_of(reminder).text
    promised(shop, 1, on=0)
    assert not mails(kind="invoice.reminder").exists()
    with pytest.raises(AssertionError):
        message_of(reminder)  # what is being sent at this moment says nothing either
    dun(shop, 2)
    assert steps() == ["due+0"]
    assert message_of(mails(kind="invoice.reminder").get()).text


def test_a_payment_keeps_it_and_its_reversal_breaks_it(shop: Shop) -> None:
    shop.owe("10")
    row = promised(shop, 12)
    shop.pay("4", received_on=DUE, now=at(2))
    row.refresh_from_db()
    assert row.outcome == ""
    payment = shop.pay("6", received_on=DUE, now=at(3))
    row.refresh_from_db()
    assert (row.is_kept, row.judged_at) == (True, at(3))
    reverse_payment(payment=payment, because="bounced", by=None, now=at(4))
    row.refresh_from_db()
    assert (row.outcome, row.judged_at) == ("", None)
    dun(shop, 13)
    row.refresh_from_db()
    assert row.is_broken
    shop.pay("6", received_on=at(14).date(), now=at(14))
    row.refresh_from_db()
    assert row.is_broken, "it was paid too late"
    assert not broken_promises(shop.reseller, at(14).date()).exists(), "nothing is unpaid any longer"
    actions = AuditEntry.objects.filter(action__startswith="promise.").order_by("pk")
    assert [entry.action for entry in actions] == ["promise.set", "promise.kept", "promise.broken"]


def test_what_was_paid_before_it_does_not_count(shop: Shop) -> None:
    shop.owe("10")
    earlier = shop.pay("4", received_on=DUE, now=at(0))
    row = promised(shop, 12, amount="6")
    reverse_payment(payment=earlier, because="bounced", by=None, now=at(2))
    shop.pay("6", received_on=DUE, now=at(3))
    row.refresh_from_db()
    assert row.is_kept


def test_a_suspended_center_is_resumed_by_it(shop: Shop) -> None:
    shop.owe("10")
    assert suspend(center=shop.center, now=at(10))
    promised(shop, 12, on=11)
    assert Suspension.objects.get().ending == Suspension.Ending.HELD


@pytest.mark.parametrize(
    ("amount", "offset", "why"),
    [("11", 5, "only"), ("10", 0, "today or a later day"), ("10", 400, "a year away"), ("0", 5, "")],
)
def test_what_can_not_be_promised(shop: Shop, amount: str, offset: int, why: str) -> None:
    shop.owe("10")
    with pytest.raises(OperationRefused, match=why):
        promised(shop, offset, amount=amount)
    assert not Hold.objects.exists()


def test_promises_and_holds_take_each_others_place(shop: Shop) -> None:
    shop.owe("10")
    first = promised(shop, 5)
    held = hold(center=shop.center, until=at(9).date(), because="agreed", by=None, now=at(2))
    first.refresh_from_db()
    assert first.released_at == at(2)
    dun(shop, 6)
    first.refresh_from_db()
    assert first.outcome == "", "no one relied on it any longer"
    second = promised(shop, 8, on=6)
    held.refresh_from_db()
    assert held.released_at == at(6)
    assert release_hold(center=shop.center, by=None, now=at(7))
    judge(shop.center, at(9))
    second.refresh_from_db()
    assert second.outcome == ""


def test_a_promise_is_kept_where_nothing_is_unpaid(shop: Shop) -> None:
    invoice = shop.owe("10")
    row = promised(shop, 5)
    Invoice.objects.filter(pk=invoice.pk).update(open_amount=0)
    judge(shop.center, at(2))
    row.refresh_from_db()
    assert row.is_kept


def test_a_kept_promise_pauses_nothing_and_stays_kept_when_another_invoice_comes(shop: Shop) -> None:
    shop.number()
    shop.owe("30")
    row = promised(shop, 20)
    shop.pay("10", received_on=at(2).date(), now=at(2))
    dun(shop, 3)
    assert steps() == ["due+3"], "reminders go on for what is left"
    assert not promised_now(shop.reseller, at(3).date()).exists()
    dun(shop, 11)
    assert Suspension.objects.filter(ended_at=None).exists()
    dun(shop, 21)
    row.refresh_from_db()
    assert row.is_kept


def test_what_was_kept_by_paying_everything_stays_kept(shop: Shop) -> None:
    shop.owe("10")
    row = promised(shop, 12)
    shop.pay("8", received_on=DUE, now=at(2))
    for invoice in Invoice.objects.filter(open_amount__gt=0):
        write_off(center=shop.center, invoices=[invoice.pk], because="Closed", by=None, now=at(3))
    judge(shop.center, at(3))
    row.refresh_from_db()
    assert row.is_kept
    shop.owe("7", day=date(2026, 2, 15))
    dun(shop, 14)
    row.refresh_from_db()
    assert row.is_kept


def test_what_was_paid_in_time_counts_when_it_is_recorded_the_morning_after(shop: Shop) -> None:
    shop.owe("10")
    row = promised(shop, 12)
    dun(shop, 13)
    row.refresh_from_db()
    assert row.is_broken
    payment = shop.pay("10", received_on=at(12).date(), now=at(13))
    row.refresh_from_db()
    assert row.is_kept
    reverse_payment(payment=payment, because="bounced", by=None, now=at(14))
    row.refresh_from_db()
    assert row.is_broken


def test_a_broken_promise_is_forgotten_once_it_is_made_good_or_nothing_is_overdue(shop: Shop) -> None:
    shop.owe("30")
    row = promised(shop, 5)
    dun(shop, 6)
    day = at(7).date()
    assert list(broken_promises(shop.reseller, day)) == [row]
    assert not broken_promises(shop.reseller, at(-1).date()).exists(), "nothing was overdue then"
    shop.pay("4", received_on=day, now=at(7))
    assert list(broken_promises(shop.reseller, day)) == [row]
    shop.pay("6", received_on=day, now=at(7))
    row.refresh_from_db()
    assert row.is_broken
    assert not broken_promises(shop.reseller, day).exists(), "what was promised is paid by now"


def test_a_kept_one_that_is_judged_again_stays_kept(shop: Shop) -> None:
    shop.owe("10")
    row = promised(shop, 5)
    shop.pay("10", received_on=DUE, now=at(2))
    shop.owe("20", day=date(2026, 2, 13))
    judge(shop.center, at(8))
    row.refresh_from_db()
    assert row.is_kept


def test_the_team_gets_one_message_about_a_broken_one(shop: Shop) -> None:
    owner, support = member(shop.reseller, Role.OWNER), member(shop.reseller, Role.SUPPORT)
    shop.owe("10")
    row = promised(shop, 5)
    dun(shop, 5)
    assert not Notification.objects.filter(kind="promise.broken").exists()
    dun(shop, 6)
    dun(shop, 7)
    message = Notification.objects.get(kind="promise.broken")
    assert (message.recipient, message.center, message.about) == (owner, shop.center, f"promise:{row.pk}")
    assert not Notification.objects.filter(recipient=support).exists()
    written = message_of(message)
    assert "didn't pay" in written.subject
    assert "10.00 USD" in written.subject
    assert "Said Huda on the phone" in written.text
    release_hold(center=shop.center, by=None, now=at(8))
    with pytest.raises(AssertionError):
        message_of(message)  # something else was agreed before it was sent


def test_the_example_is_the_latest_promise_with_or_without_a_note(shop: Shop) -> None:
    assert promise_notices.example(shop.reseller, at(0)) is None
    shop.owe("10")
    row = promised(shop, 5)
    shown = promise_notices.example(shop.reseller, at(0))
    assert shown is not None
    assert "Note: Said Huda on the phone" in shown.text
    Hold.objects.filter(pk=row.pk).update(because="")
    shown = promise_notices.example(shop.reseller, at(0))
    assert shown is not None
    assert "Note" not in shown.text
