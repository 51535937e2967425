"""One act for many overdue centers, and the safety stop decided center by center."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from billing.dunning import hold, release_safety_stop, run_suspensions
from billing.models import CenterPolicy, Hold, SafetyStop, Suspension
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
    client.post(url, {"chosen": "1", "stopped": approved})
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
