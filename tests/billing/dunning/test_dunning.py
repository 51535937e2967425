"""Unpaid centers: reminders, warnings, suspension, resumption, holds, the preview and the safety_stop."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.dunning import hold, planned_for, preview, release_hold
from billing.dunning.plan import due_now
from billing.dunning.reminders import steps_until
from billing.dunning.suspension import enforce, may_disable, resume_if_paid, suspend
from billing.invoicing import void_invoice
from billing.jobs import dunning_job
from billing.models import Invoice, LedgerEntry, Reminder, Suspension
from billing.payments import reverse_payment
from billing.policies import policy_for, save_center_policy, save_policy
from centers.errors import OperationRefused
from centers.models import Center, JobRun
from centers.tenancy.lifecycle import archive_center, restore_center
from tests.billing.conftest import Shop
from tests.billing.mails.reading import mails, message_of, text_of
from tests.factories import UserFactory
from whatsapp.instances import move
from whatsapp.models import DesiredReason, Instance, MazbotAccount, Service
from whatsapp.service.desired_state import set_desired_state

# Issued on 2026-02-12, due on 2026-02-26, to be suspended from 2026-03-08 on.
DUE = date(2026, 2, 26)


def at(offset: int, hour: int = 9) -> datetime:
    """That many days from the due date."""
    return datetime(DUE.year, DUE.month, DUE.day, hour, tzinfo=UTC) + timedelta(days=offset)


def dun(shop: Shop, offset: int) -> JobRun:
    return dunning_job(reseller=shop.reseller, now=at(offset))


def desired(center: Center) -> set[tuple[str, str]]:
    return set(Instance.objects.filter(center=center).values_list("desired_state", "desired_reason"))


OFF = {(Service.DISABLED.value, DesiredReason.NON_PAYMENT.value)}
ON = {(Service.ENABLED.value, "")}


def test_one_reminder_per_invoice_and_step(shop: Shop) -> None:
    shop.owe("10")
    for offset in (-4, -3, -3, -2, 0, 0, 3, 3, 7, 7):
        dun(shop, offset)
    steps = Reminder.objects.order_by("pk").values_list("step", flat=True)
    assert list(steps) == ["due-3", "due+0", "due+3", "warning"]
    _issued, *written = mails()
    assert [mail.kind.split(".")[1] for mail in written] == ["reminder", "reminder", "reminder", "warning"]
    assert [mail.event for mail in written] == list(steps)
    assert "10.00" in text_of(written[0])
    assert "3 days ago" in text_of(written[2])
    assert "8 Mar 2026" in text_of(written[3])


def test_after_a_pause_only_the_latest_step_is_mailed(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 4)
    assert [mail.event for mail in mails()] == ["issued", "due+3"]
    assert Reminder.objects.filter(skipped=True).count() == 2
    dun(shop, 5)
    assert mails().count() == 2


def test_quiet_days_delay_reminders(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=at(-9), quiet_dates=[at(-3).date()])
    shop.owe("10")
    dun(shop, -3)
    assert Reminder.objects.count() == 0
    dun(shop, -2)
    assert Reminder.objects.get().step == "due-3"


def test_no_step_before_the_issue_and_none_once_paid(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=at(-20), reminder_days=[-30, -1], warning_days=None)
    invoice = shop.owe("10")
    assert steps_until(invoice, policy_for(shop.center), at(30).date()) == ["due-1"]
    shop.pay("10")
    dun(shop, 0)
    assert Reminder.objects.count() == 0


def test_mails_are_in_the_centers_language(shop: Shop) -> None:
    Center.objects.update(language="ar")
    shop.center.refresh_from_db()
    shop.owe("10")
    dun(shop, 0)
    assert {message_of(mail).language for mail in mails()} == {"ar"}
    assert "\u206610.00 USD\u2069" in text_of(mails()[1])


def test_suspended_after_the_grace_days_and_resumed_by_the_payment(
    shop: Shop, django_capture_on_commit_callbacks
) -> None:
    shop.owe("10")
    shop.number()
    dun(shop, 9)
    assert desired(shop.center) == ON
    dun(shop, 10)
    case = Suspension.objects.get()
    assert (case.amount, case.ended_at, desired(shop.center)) == (10, None, OFF)
    assert "INV-2026-0001" in case.because
    assert may_disable(Instance.objects.first(), at(10))
    dun(shop, 11)
    assert Suspension.objects.count() == 1
    shop.pay("9.99", now=at(11))
    # The default policy exempts no one who still owes something.
    assert desired(shop.center) == OFF
    shop.pay("0.01", now=at(11))
    case.refresh_from_db()
    assert (case.ending, desired(shop.center)) == ("paid", ON)
    assert not may_disable(Instance.objects.first(), at(11))
    assert {"center.suspended", "center.resumed"} <= {mail.kind for mail in mails()}


def test_a_manual_stop_is_never_ended_by_a_payment(shop: Shop) -> None:
    shop.owe("10")
    by_hand = shop.number()
    user = UserFactory()
    set_desired_state(
        instances=[by_hand], state=Service.DISABLED, reason=DesiredReason.MANUAL, by=user, now=at(0)
    )
    dun(shop, 10)
    shop.pay("10", now=at(11))
    by_hand.refresh_from_db()
    assert (by_hand.desired_state, by_hand.desired_reason) == (Service.DISABLED, DesiredReason.MANUAL)
    assert Instance.objects.filter(desired_state=Service.ENABLED).count() == 1


def test_what_staff_switch_on_stays_on_and_new_numbers_go_off(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)
    number = Instance.objects.get()
    set_desired_state(
        instances=[number], state=Service.ENABLED, reason=DesiredReason.MANUAL, by=UserFactory(), now=at(11)
    )
    added = shop.number()
    dun(shop, 11)
    number.refresh_from_db()
    added.refresh_from_db()
    assert (number.desired_state, added.desired_state) == (Service.ENABLED, Service.DISABLED)


def test_restoring_from_the_archive_is_no_way_round_a_suspension(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)
    by = UserFactory()
    archive_center(center=shop.center, by=by, now=at(11))
    restore_center(center=shop.center, by=by, now=at(12))
    assert desired(shop.center) == ON
    dun(shop, 12)
    assert desired(shop.center) == OFF
    shop.pay("10", now=at(13))
    assert desired(shop.center) == ON


def test_an_archived_center_that_pays_is_not_informed_that_it_is_on_again(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)
    archive_center(center=shop.center, by=None, now=at(11))
    shop.pay("10", now=at(12))
    assert Suspension.objects.get().ending == "paid"
    assert {service for service, _reason in desired(shop.center)} == {Service.DISABLED.value}
    assert not mails(kind="center.resumed").exists()


def test_a_number_that_leaves_a_suspended_center_is_on_and_goes_off_with_the_next(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)
    number, target = Instance.objects.get(), shop.new_center()
    move(instance=number, center=target, by=UserFactory(), now=at(11))
    assert desired(target) == ON
    move(instance=number, center=shop.center, by=UserFactory(), now=at(11, 10))
    dun(shop, 12)
    assert desired(shop.center) == OFF


def test_the_minimum_amount_spares(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=at(0), minimum_amount=Decimal("10.01"))
    shop.owe("10")
    dun(shop, 10)
    assert not Suspension.objects.exists()
    shop.owe("0.01", day=date(2026, 2, 9))
    dun(shop, 10)
    assert Suspension.objects.get().amount == Decimal("10.01")
    shop.pay("0.01", now=at(10))
    assert Suspension.objects.get().ending == "settled"


def test_a_center_that_is_never_suspended(shop: Shop) -> None:
    shop.owe("10")
    save_center_policy(center=shop.center, by=None, now=at(0), suspend=False)
    dun(shop, 30)
    assert not Suspension.objects.exists()
    assert not Reminder.objects.filter(step="warning").exists()
    save_center_policy(center=shop.center, by=None, now=at(0), suspend=None, grace_days=40)
    dun(shop, 39)
    assert not Suspension.objects.exists()
    dun(shop, 40)
    assert Suspension.objects.exists()


def test_quiet_weekdays_delay_suspensions(shop: Shop) -> None:
    day = at(10).isoweekday()
    save_policy(reseller=shop.reseller, by=None, now=at(0), quiet_weekdays=[day])
    shop.owe("10")
    dun(shop, 10)
    assert not Suspension.objects.exists()
    dun(shop, 11)
    assert Suspension.objects.exists()


def test_a_hold_spares_until_its_day(shop: Shop) -> None:
    shop.owe("10")
    with pytest.raises(OperationRefused, match="reason"):
        hold(center=shop.center, until=at(20).date(), because=" ", by=None, now=at(5))
    with pytest.raises(OperationRefused, match="future"):
        hold(center=shop.center, until=at(5).date(), because="x", by=None, now=at(5))
    hold(center=shop.center, until=at(20).date(), because="Promised", by=None, now=at(5))
    hold(center=shop.center, until=at(15).date(), because="Promised sooner", by=None, now=at(5))
    dun(shop, 14)
    assert not Suspension.objects.exists()
    assert planned_for(shop.center, at(14)).hold.because == "Promised sooner"
    dun(shop, 15)
    assert Suspension.objects.exists()


def test_a_hold_resumes_and_its_release_suspends_again(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)
    hold(center=shop.center, until=at(20).date(), because="Promised", by=None, now=at(11))
    assert (Suspension.objects.get().ending, desired(shop.center)) == ("held", ON)
    assert release_hold(center=shop.center, by=None, now=at(12))
    assert not release_hold(center=shop.center, by=None, now=at(12))
    dun(shop, 12)
    assert desired(shop.center) == OFF


def test_a_reversed_payment_lets_the_next_run_suspend(shop: Shop) -> None:
    shop.owe("10")
    payment = shop.pay("10")
    dun(shop, 10)
    assert not Suspension.objects.exists()
    reverse_payment(payment=payment, because="bounced", by=None, now=at(10))
    dun(shop, 10)
    assert Suspension.objects.exists()


def test_taking_the_invoice_back_resumes(shop: Shop) -> None:
    invoice = shop.owe("10")
    dun(shop, 10)
    void_invoice(invoice=invoice, because="x", by=None, now=at(10))
    assert desired(shop.center) == ON


def test_the_run_resumes_where_a_policy_became_milder(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)
    save_policy(reseller=shop.reseller, by=None, now=at(10), grace_days=60)
    dun(shop, 10)
    assert (Suspension.objects.get().ending, desired(shop.center)) == ("settled", ON)


def test_no_one_is_suspended_while_mazbot_fails(shop: Shop) -> None:
    shop.owe("10")
    MazbotAccount.objects.update(failing_since=at(9))
    assert "failing" in dun(shop, 10).note
    assert not Suspension.objects.exists()
    MazbotAccount.objects.update(failing_since=None)
    dun(shop, 10)
    assert desired(shop.center) == OFF
    MazbotAccount.objects.update(failing_since=at(10))
    assert not may_disable(Instance.objects.first(), at(10))


def test_acting_judges_again(shop: Shop) -> None:
    shop.owe("10")
    assert suspend(center=shop.center, now=at(9)) is None
    case = suspend(center=shop.center, now=at(10))
    assert case is not None
    assert suspend(center=shop.center, now=at(10)) is None
    assert enforce(case=case, now=at(10)) == []
    assert not resume_if_paid(center=shop.center, now=at(10))
    other = shop.new_center(archived_at=at(0))
    assert suspend(center=other, now=at(10)) is None
    # Overdue debt whose case has gone: the guard withdraws what was desired.
    Suspension.objects.update(ended_at=at(10))
    assert not may_disable(Instance.objects.first(), at(10))


def test_the_preview_tells_who_when_and_why(shop: Shop) -> None:
    shop.owe("10")
    assert preview(shop.reseller, at(2)) == []
    planned = preview(shop.reseller, at(3))[0]
    assert (planned.center, planned.on, planned.amount) == (shop.center, at(10).date(), 10)
    assert [(row.number, row.due_on) for row in planned.invoices] == [("INV-2026-0001", at(0).date())]
    save_policy(reseller=shop.reseller, by=None, now=at(3), quiet_dates=[at(10).date()])
    assert preview(shop.reseller, at(4))[0].on == at(11).date()
    hold(center=shop.center, until=at(11).date(), because="x", by=None, now=at(4))
    assert preview(shop.reseller, at(4))[0].hold is not None
    hold(center=shop.center, until=at(30).date(), because="veto", by=None, now=at(4))
    assert preview(shop.reseller, at(4)) == []
    release_hold(center=shop.center, by=None, now=at(10))
    dun(shop, 11)
    assert preview(shop.reseller, at(11)) == []


def test_the_ledger_alone_decides(shop: Shop) -> None:
    shop.owe("10")
    assert LedgerEntry.objects.get().amount == Invoice.objects.get().open_amount


def test_a_center_that_paid_since_it_was_listed_is_left_alone(shop: Shop, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    shop.owe("10")
    listed = due_now(shop.reseller, at(10))
    assert listed == [shop.center]
    shop.pay("10")
    monkeypatch.setattr("billing.dunning.run.due_now", lambda *_args: listed)
    dun(shop, 10)
    assert not Suspension.objects.exists()


def test_a_reseller_without_centers_has_nothing_to_do(shop: Shop) -> None:
    Center.objects.all().delete()
    assert dun(shop, 0).state == "done"
