"""The pages of maintenance, and where it is shown: alerts, board, number, center, unpaid, portal."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages

from centers import center_field, clock
from centers.models import AuditEntry
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory
from tests.pages import field_errors
from tests.whatsapp.views.conftest import House
from whatsapp.models import Instance, MaintenanceWindow

HOUR = timedelta(hours=1)


def _window(house: House, *, begins: timedelta = -HOUR, **target: object) -> MaintenanceWindow:
    begin = clock.now() + begins
    row = MaintenanceWindow(
        reseller=house.reseller, begins_at=begin, ends_at=begin + 3 * HOUR, reason="New phones", **target
    )
    row.save()
    return row


def _windows(house: House) -> list[MaintenanceWindow]:
    with tenant(house.reseller):
        return list(MaintenanceWindow.objects.all())


def _local(offset: timedelta) -> str:
    """A time from now as the browser sends it, in Asia/Riyadh."""
    return (clock.now() + offset + 3 * HOUR).strftime("%Y-%m-%dT%H:%M")


def _form(**changed: object) -> dict[str, object]:
    sent = {"begins_at": _local(HOUR), "ends_at": _local(3 * HOUR), "reason": "New phones", "center": ""}
    return {**sent, **changed}


def test_maintenance_of_all_numbers_is_planned_in_the_resellers_zone(house: House) -> None:
    client = house.as_(house.support)
    page = client.get(house.url("maintenance/plan/")).content.decode()
    assert f'value="{_local(timedelta(0))[:13]}' in page
    answer = client.post(house.url("maintenance/plan/"), _form())
    assert answer["Location"] == house.url("maintenance/")
    (row,) = _windows(house)
    assert abs(row.begins_at - clock.now() - HOUR) < timedelta(minutes=2)
    assert (row.center, row.instance, row.created_by) == (None, None, house.support)
    with tenant(house.reseller):
        assert AuditEntry.objects.filter(action="maintenance.planned", actor=house.support).count() == 1


def test_maintenance_of_a_center_or_a_number(house: House) -> None:
    client = house.as_(house.support)
    page = client.get(house.url(f"maintenance/plan/?center={house.center.pk}"))
    assert page.context["form"]["center"].value() == house.center.pk
    client.post(house.url("maintenance/plan/"), _form(center=house.center.pk))
    asked = client.get(house.url(f"maintenance/plan/?instance={house.number.pk}")).content.decode()
    assert "Plan maintenance of Reception" in asked
    client.post(house.url("maintenance/plan/"), _form(instance=house.number.pk))
    assert {(row.center_id, row.instance_id) for row in _windows(house)} == {
        (house.center.pk, None),
        (None, house.number.pk),
    }


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"begins_at": ""}, "begins_at"),
        ({"begins_at": "2020-01-01T10:00"}, "begins_at"),
        ({"ends_at": "tomorrow"}, "ends_at"),
        ({"ends_at": "9999-12-31T23:59"}, "ends_at"),
        ({"center": "999999999"}, "center"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(
    house: House, changed: dict[str, object], field: str
) -> None:
    answer = house.as_(house.support).post(house.url("maintenance/plan/"), _form(**changed))
    assert answer.status_code == 422
    assert list(field_errors(answer)) == [field]
    assert _windows(house) == []


def test_another_resellers_center_or_number_can_not_be_chosen(house: House) -> None:
    client = house.as_(house.support)
    answer = client.post(house.url("maintenance/plan/"), _form(center=house.foreign.center_id))
    assert list(field_errors(answer)) == ["center"]
    client.post(house.url("maintenance/plan/"), _form(instance=house.foreign.pk))
    assert all(row.instance_id != house.foreign.pk for row in _windows(house))
    with tenant(house.foreign.reseller):
        assert not MaintenanceWindow.objects.exists()


def test_among_many_centers_one_is_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(center_field, "MOST", 0)
    client, name = house.as_(house.support), house.center.name
    page = client.get(house.url(f"maintenance/plan/?center={house.center.pk}")).content.decode()
    assert f'value="{name}"' in page
    assert 'placeholder="All numbers of all centers"' in page
    assert "<select" not in page
    refused = client.post(house.url("maintenance/plan/"), _form(center="None of ours"))
    assert list(field_errors(refused)) == ["center"]
    client.post(house.url("maintenance/plan/"), _form(center=name))
    assert [row.center_id for row in _windows(house)] == [house.center.pk]


def test_running_is_ended_and_planned_is_canceled_by_who_may(house: House) -> None:
    running, planned = _window(house), _window(house, begins=HOUR)
    for row in (running, planned):
        refused = house.as_(house.billing).post(house.url(f"maintenance/{row.pk}/end/"))
        assert refused.status_code == 403
        assert house.as_(house.stranger).post(house.url(f"maintenance/{row.pk}/end/")).status_code == 404
    client, texts = house.as_(house.support), []
    for row in (running, planned, planned):
        answer = client.post(house.url(f"maintenance/{row.pk}/end/"))
        texts.append([str(message) for message in get_messages(answer.wsgi_request)][-1])
    assert texts == [
        "Maintenance ended. Alerts for numbers that are still down open within seconds.",
        "Maintenance canceled.",
        "This maintenance is already over. Nothing was changed.",
    ]
    page = client.get(house.url("maintenance/"))
    assert [str(row.state.label) for row in page.context["rows"]] == ["Canceled", "Ended early"]


def test_who_only_views_sees_the_list_without_buttons(house: House) -> None:
    _window(house)
    page = house.as_(house.billing).get(house.url("maintenance/")).content.decode()
    assert "New phones" in page
    assert "End now" not in page
    assert "maintenance/plan/" not in page
    assert house.as_(house.billing).get(house.url("maintenance/plan/")).status_code == 403


def test_running_maintenance_is_shown_wherever_its_numbers_are(house: House) -> None:
    pages = ("alerts/", "board/", f"instances/{house.number.pk}/", f"centers/{house.center.pk}/maintenance/")
    client = house.as_(house.owner)
    for page in (*pages, "unpaid/"):
        assert "New phones" not in client.get(house.url(page)).content.decode(), page
    _window(house)
    for page in (*pages, "unpaid/"):
        assert "New phones" in client.get(house.url(page)).content.decode(), page


def test_a_number_shows_what_is_planned_for_it_and_nothing_of_others(house: House) -> None:
    other = InstanceFactory(center=house.center)
    _window(house, begins=HOUR, instance=house.number)
    client = house.as_(house.owner)
    assert "Maintenance planned" in client.get(house.url(f"instances/{house.number.pk}/")).content.decode()
    assert "New phones" not in client.get(house.url(f"instances/{other.pk}/")).content.decode()
    assert "New phones" not in client.get(house.url("board/")).content.decode()


def test_a_center_sees_its_own_maintenance_in_the_portal(house: House) -> None:
    other = CenterFactory(reseller=house.reseller)
    portal, client = house.portal("numbers/"), house.as_(house.viewer)
    hidden = [_window(house, center=other), _window(house, instance=InstanceFactory(center=other))]
    assert "New phones" not in client.get(portal).content.decode()
    for row in hidden:
        with tenant(house.reseller):
            MaintenanceWindow.objects.filter(pk=row.pk).delete()
    for target, head in (
        ({}, "Maintenance of your numbers"),
        ({"center": house.center}, "Maintenance of your numbers"),
        ({"instance": Instance._base_manager.get(pk=house.number.pk)}, "Maintenance of Reception"),
    ):
        row = _window(house, **target)
        page = client.get(portal).content.decode()
        assert head in page
        assert "New phones" in page
        with tenant(house.reseller):
            MaintenanceWindow.objects.filter(pk=row.pk).delete()
