"""Numbers: added, changed, moved, archived with their center."""

from datetime import timedelta

import pytest

from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.lifecycle import archive_center, restore_center
from centers.tenancy.permissions import Permission
from centers.web.search import search
from tests.factories import CenterFactory, UserFactory
from tests.whatsapp.due_checks import resellers_with_due_numbers
from whatsapp.alerts.acts import acknowledge, one
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.instances import add_instance, archive_instance, edit_instance, move, restore_instance
from whatsapp.models import Alert, Connection, DesiredReason, Instance, PairingLink, Service
from whatsapp.pairing.sessions import create_link
from whatsapp.queries import connection_counts, down_instances
from whatsapp.service.desired_state import set_desired_state

Kind = Alert.Kind


def test_adding(place, now):
    number = add_instance(
        center=place.center, instance_id=" inst-1 ", label=" Front   desk ", by=None, now=now
    )
    assert (number.instance_id, number.label) == ("inst-1", "Front desk")
    assert resellers_with_due_numbers(now) == [place.reseller.pk]
    assert AuditEntry.objects.get().action == "instance.added"


def test_a_known_id_is_refused_by_name(place, now):
    add_instance(center=place.center, instance_id="inst-1", by=None, now=now)
    with pytest.raises(OperationRefused, match=f"inst-1.*{place.center.name}"):
        add_instance(center=CenterFactory(reseller=place.reseller), instance_id="inst-1", by=None, now=now)
    assert Instance.objects.count() == 1


@pytest.mark.parametrize("bad", ["", "  ", "in st", "inst/1", "é", "i" * 65, "inst\n1", "<script>"])
def test_a_wrong_id_is_a_sentence(place, now, bad):
    with pytest.raises(OperationRefused) as refusal:
        add_instance(center=place.center, instance_id=bad, by=None, now=now)
    assert refusal.value.message
    assert not Instance.objects.exists()


def test_editing_writes_an_audit_entry_and_checks_a_corrected_id_again(place, now):
    number = place.add(next_check_at=now + timedelta(hours=1))
    other = place.add()
    edit_instance(instance=number, by=UserFactory(), label="New", now=now)
    assert number.next_check_at > now
    edit_instance(instance=number, by=None, instance_id="inst-x", now=now)
    assert number.next_check_at == now
    with pytest.raises(OperationRefused, match=other.instance_id):
        edit_instance(instance=number, by=None, instance_id=other.instance_id, now=now)
    number.refresh_from_db()
    assert (number.label, number.instance_id) == ("New", "inst-x")
    assert AuditEntry.objects.count() == 2


def test_moving_takes_alerts_along_and_ends_links(place, new_place, now):
    number, target = place.add(), CenterFactory(reseller=place.reseller)
    open_alert(reseller=place.reseller, kind=Kind.DISCONNECTED, instance=number, now=now)
    create_link(instance=number, by=UserFactory(), now=now)
    move(instance=number, center=target, by=None, now=now)
    assert number.center == target
    assert Alert.objects.get().center == target
    assert PairingLink.objects.get().revoked_at == now
    with pytest.raises(OperationRefused):
        move(instance=number, center=new_place().center, by=None, now=now)


@pytest.mark.parametrize(
    ("reason", "after"),
    [(DesiredReason.NON_PAYMENT, Service.ENABLED), (DesiredReason.MANUAL, Service.DISABLED)],
)
def test_a_moved_number_leaves_the_debt_behind_but_not_a_stop_by_hand(place, now, reason, after):
    number, target = place.add(), CenterFactory(reseller=place.reseller)
    set_desired_state(instances=[number], state=Service.DISABLED, reason=reason, by=None, now=now)
    move(instance=number, center=target, by=UserFactory(), now=now)
    assert (number.desired_state, number.desired_by) == (after, None)
    assert AuditEntry.objects.filter(action="service.enable_requested").exists() == (after == Service.ENABLED)


def test_a_center_takes_its_numbers_to_the_archive_and_back(place, now):
    before, number = place.add(), place.add()
    archive_instance(instance=before, by=None, now=now - timedelta(days=9))
    open_alert(reseller=place.reseller, kind=Kind.EXPIRED, instance=number, now=now)
    archive_center(center=place.center, by=None, now=now)
    number.refresh_from_db()
    assert (number.archived_at, number.desired_state) == (now, Service.DISABLED)
    assert not Alert.objects.filter(resolved_at=None).exists()
    assert resellers_with_due_numbers(now) == []
    restore_center(center=place.center, by=None, now=now + timedelta(days=1))
    number.refresh_from_db()
    before.refresh_from_db()
    assert (number.archived_at, number.desired_state) == (None, Service.ENABLED)
    assert before.archived_at is not None, "archived on its own, stays archived"


def adding(center, _number, now):
    add_instance(center=center, instance_id="inst-1", by=None, now=now)


def moving(center, number, now):
    move(instance=number, center=center, by=None, now=now)


def restoring(center, _number, now):
    archived = Instance.objects.get(center=center)
    archived.center = center
    restore_instance(instance=archived, by=None, now=now)


@pytest.mark.parametrize("operation", [adding, moving, restoring])
def test_no_number_comes_into_a_center_that_was_archived_a_moment_ago(place, now, operation):
    center = CenterFactory(reseller=place.reseller)
    place.add(center=center, archived_at=now)
    number = place.add()
    as_the_page_saw_it = Center.objects.select_related("reseller").get(pk=center.pk)
    archive_center(center=center, by=None, now=now)
    with pytest.raises(OperationRefused, match=center.name):
        operation(as_the_page_saw_it, number, now)
    assert not Instance.objects.filter(center=center, archived_at=None).exists()


def test_an_alert_is_open_once_and_can_be_looked_after(place, now):
    number, person = place.add(), UserFactory()
    opened = [
        open_alert(reseller=place.reseller, kind=Kind.QUOTA_LOW, detail="x" * 400, now=now),
        open_alert(reseller=place.reseller, kind=Kind.QUOTA_LOW, now=now),
        open_alert(reseller=place.reseller, kind=Kind.DISCONNECTED, instance=number, now=now),
    ]
    assert opened == [True, False, True]
    alert = Alert.objects.get(kind=Kind.QUOTA_LOW)
    acknowledge(chosen=one(alert), by=person, now=now)
    acknowledge(chosen=one(alert), by=UserFactory(), now=now + timedelta(days=1))
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.acknowledged_at) == (person, now)
    assert resolve_alert(reseller=place.reseller, kind=Kind.DISCONNECTED, now=now) == 0, "not the reseller's"
    assert resolve_alert(reseller=place.reseller, kind=Kind.DISCONNECTED, instance=number, now=now) == 1
    assert resolve_alert(reseller=place.reseller, kind=Kind.QUOTA_LOW, now=now) == 1
    assert open_alert(reseller=place.reseller, kind=Kind.QUOTA_LOW, now=now), "it may come again"


def test_counts_leave_out_numbers_that_are_meant_to_be_off(place):
    for connection in (
        Connection.CONNECTED,
        Connection.DISCONNECTED,
        Connection.EXPIRED,
        Connection.UNCHECKED,
    ):
        place.add(connection=connection)
    place.add(connection=Connection.DISCONNECTED, desired_state=Service.DISABLED)
    counts = connection_counts(place.reseller)
    assert (counts.total, counts.connected, counts.down, counts.off, counts.unchecked) == (5, 1, 2, 1, 1)
    assert down_instances().count() == 2


def test_the_search_finds_numbers_of_this_reseller_only(place, new_place):
    mine = place.add(label="Reception Muscat")
    new_place().add(label="Reception Tripoli")
    hits = search(place.reseller, frozenset(Permission), "reception")
    assert [hit.title for hit in hits] == ["Reception Muscat"]
    assert str(mine.pk) in hits[0].url
    [exact] = search(place.reseller, frozenset(Permission), mine.instance_id.upper())
    assert exact.exact
