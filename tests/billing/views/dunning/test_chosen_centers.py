"""One act for many overdue centers, and the safety stop decided center by center."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from billing.dunning import hold, promise, release_safety_stop, run_suspensions
from billing.models import CenterPolicy, DunningPolicy, Hold, Invoice, SafetyStop, Suspension
from billing.views import unpaid
from billing.views.dunning import chosen, chosen_ids
from centers.models import Center, Notification
from centers.queue.job_runs import recorded_run
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk, add_rules
from tests.spreadsheets import read_csv

LATER = NOW + timedelta(days=10)


@dataclass(frozen=True)
class Street:
    """Overdue centers, and one that is not chosen."""

    desk: Desk
    chosen: list[Center]
    other: Center

    def post(self, act: str, **data: object) -> str:
        ids = [row.pk for row in self.chosen]
        client = self.desk.as_(self.desk.billing)
        answer = client.post(self.desk.url(f"unpaid/chosen/{act}/"), {"center": ids, **data}, follow=True)
        text: str = answer.content.decode()
        return text


@pytest.fixture
def street(desk: Desk) -> Street:
    with tenant(desk.reseller):
        centers = [desk.shop.new_center(name=name) for name in ("Amal", "Badr", "Comet")]
        for center in centers:
            desk.shop.owe("50", center, day=date(2026, 2, 4))
    return Street(desk, centers[:2], centers[2])


def test_many_are_held_and_released(street: Street) -> None:
    form = street.post("hold")
    assert "2 centers won" in form
    assert "Amal" in form
    assert "This field is required" in street.post("hold", until="2026-03-20", because="")
    with tenant(street.desk.reseller):
        assert not Hold.objects.exists()
    assert "2 centers are on hold" in street.post("hold", until="2026-03-20", because="The bank is closed")
    with tenant(street.desk.reseller):
        assert {row.center for row in Hold.objects.filter(released_at=None)} == set(street.chosen)
    assert "2 holds have ended" in street.post("release")
    with tenant(street.desk.reseller):
        assert not Hold.objects.filter(released_at=None).exists()


def test_all_that_are_overdue_are_chosen_on_all_pages(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ticked ones of the page are among them; a center that is not overdue on that day is not."""
    desk = street.desk
    with tenant(desk.reseller):
        desk.shop.owe("50", desk.shop.new_center(name="Later"), day=date(2026, 2, 25))
    names = ("Al Noor Clinic", "Amal", "Badr", "Comet")
    form = street.post("hold", overdue_on="2026-03-05")
    assert "4 centers won" in form
    assert all(f"<li>{name}</li>" in form for name in names)
    assert "<li>Later</li>" not in form
    assert "2 centers won" in street.post("hold", overdue_on="soon"), "what is no day chooses none"
    rules = street.post("rules", overdue_on="2026-03-05", policy=add_rules_of(desk).pk)
    assert "The rules of 4 centers were saved" in rules
    monkeypatch.setattr(chosen_ids, "MOST_CHOSEN", 3)
    form = street.post("hold", overdue_on="2026-03-05")
    assert "<li>Al Noor Clinic</li>" not in form, "it has been overdue for the shortest time"


def test_the_page_offers_to_choose_those_of_other_pages(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpaid, "OVERDUE_ROWS", 2)
    client = street.desk.as_(street.desk.billing)
    url = street.desk.url("unpaid/")

    def page() -> str:
        text: str = client.get(url).content.decode()
        return text.replace('<bdi dir="ltr" class="number">', "").replace("</bdi>", "")

    assert 'name="overdue_on"' in page()
    assert "Select all 4 that are overdue" in page()
    monkeypatch.setattr(unpaid, "MOST_CHOSEN", 3)
    assert "Select the 3 centers that have been overdue for longest" in page()


def add_rules_of(desk: Desk) -> DunningPolicy:
    with tenant(desk.reseller):
        return add_rules(desk.reseller)


def test_what_is_refused_for_one_is_said_and_the_others_are_done(street: Street) -> None:
    page = street.post("hold", until="2026-03-05", because="Agreed")
    assert "0 centers are on hold" in page
    assert "Amal: " in page
    assert "must end on a future date" in page


def test_many_get_other_rules_and_the_general_ones_again(street: Street) -> None:
    with tenant(street.desk.reseller):
        rules = add_rules(street.desk.reseller)
    assert "The rules of 2 centers were saved" in street.post("rules", policy=rules.pk)
    with tenant(street.desk.reseller):
        assert {row.center for row in CenterPolicy.objects.filter(dunning_policy=rules)} == set(street.chosen)
    assert "The rules of 2 centers were saved" in street.post("rules", policy="")
    assert "The rules of 0 centers were saved" in street.post("rules", policy="")


def test_undelivered_emails_are_sent_again(street: Street) -> None:
    assert "were delivered" in street.post("resend")
    with tenant(street.desk.reseller):
        Notification.objects.filter(center__in=street.chosen).update(state=Notification.State.FAILED)
    assert "2 emails are being sent again" in street.post("resend")


def test_the_chosen_are_exported(street: Street) -> None:
    client = street.desk.as_(street.desk.support)
    url = street.desk.url("unpaid/chosen/export/")
    answer = client.post(url, {"center": [row.pk for row in street.chosen], "fmt": "csv"})
    rows = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert sorted(row[rows[0].index("Center")] for row in rows[1:]) == ["Amal", "Badr"]
    with tenant(street.desk.reseller):
        owned = set(Invoice.objects.filter(center__in=street.chosen).values_list("pk", flat=True))
    assert {int(row[rows[0].index("Oldest invoice ID")]) for row in rows[1:]} == owned
    assert client.post(url, {"center": "x", "fmt": "csv"}).status_code == 302
    assert client.post(url, {"center": [street.other.pk], "fmt": "exe"}).status_code == 404


def test_without_a_choice_and_for_strangers_nothing_happens(street: Street) -> None:
    desk = street.desk
    with tenant(desk.other.reseller):
        foreign = desk.foreign.center_id
    client = desk.as_(desk.billing)
    for act in ("hold", "release", "resend", "rules"):
        page = client.post(desk.url(f"unpaid/chosen/{act}/"), {"center": []}, follow=True)
        assert "Choose at least one center" in page.content.decode()
    data = {"center": [foreign], "until": "2026-03-20", "because": "Stolen"}
    client.post(desk.url("unpaid/chosen/hold/"), data)
    with tenant(desk.other.reseller):
        assert not Hold.objects.exists()


def test_the_safety_stop_is_decided_center_by_center(street: Street) -> None:
    desk = street.desk
    with tenant(desk.reseller):
        ids = [row.pk for row in (*street.chosen, street.other)]
        stop = SafetyStop.objects.create(
            reseller=desk.reseller, pulled_at=NOW, center_ids=ids, limit=2, active_centers=4
        )
    client = desk.as_(desk.billing)
    assert "Decide center by center" in client.get(desk.url("unpaid/")).content.decode()
    approved = [row.pk for row in street.chosen]
    url = desk.url(f"unpaid/safety_stop/{stop.pk}/release/")
    client.post(url, {"listed": ",".join(map(str, ids)), "held": [street.other.pk]})
    with tenant(desk.reseller):
        stop.refresh_from_db()
        assert (stop.center_ids, stop.released_by_id) == (approved, desk.billing.pk)
        held = Hold.objects.get()
        assert (held.center, held.until) == (street.other, date(2026, 3, 12))


def test_who_is_not_approved_is_not_suspended_by_the_runs_after(street: Street) -> None:
    desk = street.desk
    with tenant(desk.reseller):
        ids = [row.pk for row in (*street.chosen, street.other)]
        stop = SafetyStop.objects.create(
            reseller=desk.reseller, pulled_at=LATER, center_ids=ids, limit=2, active_centers=4
        )
        approved = [street.chosen[0].pk]
        held = hold(center=street.chosen[1], until=date(2026, 4, 1), because="Agreed", by=None, now=LATER)
        release_safety_stop(safety_stop=stop, by=None, now=LATER, approved=approved)
        assert Hold.objects.get(center=street.chosen[1]) == held, "what was agreed stays"
        for minutes in (5, 10):
            at = LATER + timedelta(minutes=minutes)
            with recorded_run("dunning", reseller=desk.reseller, now=at) as recorder:
                run_suspensions(reseller=desk.reseller, now=at, recorder=recorder)
        suspended = set(Suspension.objects.filter(ended_at=None).values_list("center", flat=True))
        assert set(approved) <= suspended
        assert not {street.other.pk, street.chosen[1].pk} & suspended


def stopped(street: Street) -> SafetyStop:
    """A run that was stopped with all of them."""
    with tenant(street.desk.reseller):
        ids = [row.pk for row in (*street.chosen, street.other)]
        row: SafetyStop = SafetyStop.objects.create(
            reseller=street.desk.reseller, pulled_at=NOW, center_ids=ids, limit=2, active_centers=4
        )
        return row


def test_any_number_of_centers_is_approved_with_one_field(street: Street) -> None:
    desk, stop = street.desk, stopped(street)
    ids = [*stop.center_ids, *range(10**9, 10**9 + 1200)]
    with tenant(desk.reseller):
        SafetyStop.objects.filter(pk=stop.pk).update(center_ids=ids)
    client = desk.as_(desk.billing)
    listed = ",".join(map(str, ids))
    assert f'value="{listed}"' in client.get(desk.url("unpaid/")).content.decode()
    client.post(desk.url(f"unpaid/safety_stop/{stop.pk}/release/"), {"listed": listed})
    with tenant(desk.reseller):
        stop.refresh_from_db()
        assert stop.center_ids == ids


def test_a_center_that_was_listed_since_is_not_approved_and_none_is_said_so(street: Street) -> None:
    desk, stop = street.desk, stopped(street)
    shown, since = street.chosen[0].pk, street.other.pk
    data = {"listed": f"{shown}", "held": [shown]}
    url = desk.url(f"unpaid/safety_stop/{stop.pk}/release/")
    page = desk.as_(desk.billing).post(url, data, follow=True).content.decode()
    assert "None was approved" in page
    with tenant(desk.reseller):
        stop.refresh_from_db()
        assert stop.center_ids == []
        assert Hold.objects.filter(center=since).exists()


def test_who_paid_is_not_held_and_a_hold_that_ends_tomorrow_lasts_as_long(street: Street) -> None:
    desk, stop = street.desk, stopped(street)
    with tenant(desk.reseller):
        paid, held = street.chosen
        desk.shop.pay("500", paid)
        hold(center=held, until=date(2026, 3, 6), because="Agreed", by=None, now=NOW)
        release_safety_stop(safety_stop=stop, by=None, now=NOW, approved=[])
        assert not Hold.objects.filter(center=paid).exists()
        row = Hold.objects.get(center=held, released_at=None)
        assert (row.until, row.because) == (date(2026, 3, 12), "Agreed")


def test_a_failure_of_one_center_leaves_the_others_done(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each act goes on after a center whose rows can't be written now."""
    with tenant(street.desk.reseller):
        Notification.objects.filter(center__in=street.chosen).update(state=Notification.State.FAILED)
        rules = add_rules(street.desk.reseller)
    broken = street.chosen[0].pk

    def failing(name: str) -> None:
        real = getattr(chosen, name)

        def act(**given: Any) -> Any:
            own = given["center"].pk if "center" in given else given["notification"].center_id
            if own == broken:
                raise OperationalError("deadlock detected")
            return real(**given)

        monkeypatch.setattr(chosen, name, act)

    for name in ("hold", "release_hold", "send_again", "save_center_policy"):
        failing(name)
    for act, data, said in (
        ("hold", {"until": "2026-03-20", "because": "Agreed"}, "1 center is on hold"),
        ("release", {}, "1 hold has ended"),
        ("resend", {}, "1 email is being sent again"),
        ("rules", {"policy": rules.pk}, "The rules of 1 center were saved"),
    ):
        page = street.post(act, **data)
        assert said in page
        assert "Amal: This didn" in page


def test_the_form_of_a_hold_names_the_promises_it_ends(street: Street) -> None:
    with tenant(street.desk.reseller):
        promise(
            center=street.chosen[0], amount="50", currency="USD", pays_by=date(2026, 3, 20), by=None, now=NOW
        )
    assert "takes the place of their promises" in street.post("hold")
