"""What suspensions and the safety stop leave behind: audit entries of who, whom, when and why; hints to pages."""

from datetime import timedelta
from typing import Any

from billing.dunning import open_safety_stop, release_safety_stop
from billing.dunning.suspension import resume_if_paid
from billing.models import SafetyStop, Suspension
from centers import live
from centers.models import AuditEntry
from tests.billing.conftest import Shop
from tests.billing.dunning.test_dunning import at, dun
from tests.billing.dunning.test_suspension_limit import owing_centers
from tests.factories import UserFactory
from whatsapp.models import Alert

STOPPED = Alert.Kind.SUSPENSIONS_HELD


def entry(action: str) -> AuditEntry:
    return AuditEntry.objects.get(action=action)


def test_a_suspension_and_its_end_are_in_the_audit_log(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    shop.owe("10")
    dun(shop, 10)
    case = Suspension.objects.get()
    assert (case.reseller, case.opened_at, case.currency, case.safety_stop) == (
        shop.reseller,
        at(10),
        "USD",
        None,
    )
    suspended = entry("center.suspended")
    assert (suspended.reseller, suspended.center, suspended.actor) == (shop.reseller, shop.center, None)
    assert (suspended.at, suspended.target_id) == (at(10), str(shop.center.pk))
    assert suspended.data == {"because": case.because, "ending": ""}
    person, stamp = UserFactory(), live.stamp(shop.reseller.pk, shop.center.pk)
    with django_capture_on_commit_callbacks(execute=True):
        shop.pay("10", by=person, now=at(11))
    assert live.stamp(shop.reseller.pk, shop.center.pk) != stamp
    case.refresh_from_db()
    assert (case.ended_at, case.ending) == (at(11), "paid")
    resumed = entry("center.resumed")
    assert (resumed.actor, resumed.at, resumed.center) == (person, at(11), shop.center)
    assert resumed.data == {"because": case.because, "ending": "paid"}
    assert resume_if_paid(center=shop.center, now=at(12)) is False, "it ends once"


def test_a_safety_stop_its_change_and_its_release_are_traced(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    centers = owing_centers(shop, 6)
    stamps = [live.stamp(shop.reseller.pk)]
    with django_capture_on_commit_callbacks(execute=True):
        dun(shop, 10)
    stamps.append(live.stamp(shop.reseller.pk))
    stop = open_safety_stop(shop.reseller)
    assert stop is not None
    assert (stop.reseller, stop.pulled_at) == (shop.reseller, at(10))
    alert = Alert.objects.get(kind=STOPPED)
    assert (alert.reseller, alert.opened_at) == (shop.reseller, at(10))
    assert str(alert.detail).startswith("6 centers would be suspended at once. Up to 5 can")
    held = entry("suspensions.held")
    assert (held.reseller, held.actor, held.at) == (shop.reseller, None, at(10))
    assert held.data == {"centers": [center.pk for center in centers]}

    dun(shop, 10)
    assert AuditEntry.objects.filter(action="suspensions.held").count() == 1, "the same list is held once"

    person = UserFactory()
    with django_capture_on_commit_callbacks(execute=True):
        release_safety_stop(safety_stop=stop, by=person, now=at(11))
    stamps.append(live.stamp(shop.reseller.pk))
    assert len(set(stamps)) == 3
    stop.refresh_from_db()
    assert (stop.released_at, stop.released_by, stop.closed_at) == (at(11), person, None)
    assert Alert.objects.get(kind=STOPPED).resolved_at == at(11)
    released = entry("suspensions.released")
    assert (released.reseller, released.actor, released.at) == (shop.reseller, person, at(11))
    assert released.data == held.data

    dun(shop, 12)
    stop.refresh_from_db()
    assert stop.closed_at == at(12), "a released list is used once"
    assert set(Suspension.objects.values_list("safety_stop", flat=True)) == {stop.pk}


def test_a_second_stop_leaves_the_first_as_it_ended(shop: Shop) -> None:
    first = owing_centers(shop, 6)
    dun(shop, 10)
    shop.pay("10", first[0], now=at(10))
    dun(shop, 10)
    ended = SafetyStop.objects.get()
    assert (ended.closed_at, ended.released_at) == (at(10), None)
    owing_centers(shop, 6)
    dun(shop, 11)
    ended.refresh_from_db()
    assert (ended.closed_at, len(ended.center_ids)) == (at(10), 6)
    second = open_safety_stop(shop.reseller)
    assert second is not None
    assert (second.pk != ended.pk, second.pulled_at) == (True, at(11))


def test_suspensions_of_the_last_24_hours_count_and_older_ones_do_not(shop: Shop) -> None:
    owing_centers(shop, 5)
    dun(shop, 10)
    Suspension.objects.update(opened_at=at(11) - timedelta(hours=24) + timedelta(seconds=1))
    owing_centers(shop, 1)
    dun(shop, 11)
    assert Suspension.objects.count() == 5
    Suspension.objects.update(opened_at=at(11) - timedelta(hours=24))
    dun(shop, 11)
    assert Suspension.objects.count() == 6
