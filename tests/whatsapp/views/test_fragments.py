"""The parts that other pages load: who is down now, a center's numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from centers.tenancy.scoping import tenant
from tests.factories import InstanceFactory
from tests.whatsapp.views.conftest import House
from whatsapp.models import Alert, Connection, Instance, Service, StatusInterval


def _home(house: House, person: str = "owner") -> str:
    return str(house.as_(getattr(house, person)).get(house.url("home/connections/")).content.decode())


def test_home_names_who_is_down_the_longest_first(house: House) -> None:
    now = timezone.now()
    for label, hours in (("Newly", 1), ("Long", 90)):
        InstanceFactory(
            center=house.center,
            label=label,
            connection=Connection.DISCONNECTED,
            connection_since=now - timedelta(hours=hours),
        )
    InstanceFactory(
        center=house.center, label="Off", connection="disconnected", desired_state=Service.DISABLED
    )
    text = _home(house)
    assert text.index("Long") < text.index("Newly")
    assert ">Off<" not in text
    assert text.count("Pair again") == 2
    assert "Pair again" not in _home(house, "billing")


def test_home_with_many_down_stays_short(house: House) -> None:
    for number in range(15):
        InstanceFactory(center=house.center, connection="expired", label=f"n{number}")
    _home(house)
    with CaptureQueriesContext(connection) as queries:
        text = _home(house)
    assert text.count("Pair again") == 12
    assert "3 more are down" in text
    assert len(queries) <= 10


def test_home_when_all_is_well_and_when_there_is_nothing(house: House) -> None:
    with tenant(house.reseller):
        Instance.objects.update(connection="connected")
    assert "All active numbers are connected" in _home(house)
    with tenant(house.reseller):
        Instance.objects.all().delete()
    assert "No numbers yet" in _home(house)
    with tenant(house.reseller):
        house.account.delete()
    assert "Connect your MazBot account" in _home(house)


def test_a_centers_numbers_with_the_archived_ones_last(house: House) -> None:
    InstanceFactory(center=house.center, label="Gone", archived_at=timezone.now())
    text = house.as_(house.owner).get(house.url(f"centers/{house.center.pk}/instances/")).content.decode()
    assert text.index("Reception") < text.index("Archived:") < text.index("Gone")
    assert "Add numbers" in text
    billing = house.as_(house.billing).get(house.url(f"centers/{house.center.pk}/instances/"))
    assert "Add numbers" not in billing.content.decode()
    foreign = house.url(f"centers/{house.foreign.center_id}/instances/")
    assert house.as_(house.owner).get(foreign).status_code == 404


# --- A number's history -------------------------------------------------------------------------------------


def _history(house: House, person: str = "owner") -> str:
    url = house.url(f"instances/{house.number.pk}/history/")
    response = house.as_(getattr(house, person)).get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def _past_alert(house: House, opened: datetime, lasted: timedelta | None, **fields: Any) -> None:
    values = {"instance": house.number, "center": house.center, "kind": Alert.Kind.DISCONNECTED, **fields}
    over = opened + lasted if lasted is not None else None
    Alert(reseller=house.reseller, opened_at=opened, resolved_at=over, **values).save()


def test_a_number_shows_its_past_alerts_with_how_long_they_lasted(house: House) -> None:
    opened = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    _past_alert(house, opened, timedelta(hours=3), times=2)
    _past_alert(house, opened - timedelta(days=1), timedelta(seconds=20), kind=Alert.Kind.EXPIRED)
    text = _history(house)
    assert text.index("Disconnected") < text.index("Session expired")
    assert "2 times" in text
    assert ">3 hours<" in text
    assert ">less than a minute<" in text
    assert f"{house.url('alerts/')}?tab=resolved&amp;instance={house.number.pk}" in text


def test_an_open_alert_and_one_of_another_number_are_not_past_alerts(house: House) -> None:
    now = timezone.now()
    _past_alert(house, now, None)
    _past_alert(house, now, timedelta(hours=1), instance=InstanceFactory(center=house.center))
    assert "This number has no resolved alerts." in _history(house)


def test_only_the_latest_ten_alerts_and_intervals_are_shown(house: House) -> None:
    begin = timezone.now() - timedelta(days=30)
    for number in range(12):
        opened = begin + timedelta(days=number)
        _past_alert(house, opened, timedelta(hours=1))
        _interval(house, opened, opened + timedelta(hours=1))
    url = house.url(f"instances/{house.number.pk}/history/")
    context = house.as_(house.owner).get(url).context
    assert [row.opened_at for row in context["alerts"]] == [
        begin + timedelta(days=number) for number in range(11, 1, -1)
    ]
    assert len(context["intervals"]) == 10


def _interval(
    house: House,
    since: datetime,
    until: datetime | None = None,
    connection: str = "disconnected",
    **fields: str,
) -> None:
    StatusInterval(
        reseller=house.reseller,
        instance=house.number,
        since=since,
        until=until,
        connection=connection,
        **fields,
    ).save()


def test_an_interval_with_an_unknown_status_shows_mazbots_text_safely(house: House) -> None:
    _interval(house, timezone.now(), connection="unknown", raw="<b>half</b>")
    text = _history(house)
    assert "Unknown" in text
    assert "&lt;b&gt;half&lt;/b&gt;" in text
    assert "<b>" not in text


def test_intervals_say_how_long_the_number_was_off_or_not_checked(house: House) -> None:
    now = timezone.now()
    _interval(house, now - timedelta(hours=5), now - timedelta(hours=3), off="non_payment")
    _interval(house, now - timedelta(hours=3), connection="")
    text = _history(house)
    assert text.index("Not checked") < text.index("Disabled")
    assert "Non-payment" in text
    assert "3 hours" in text
    assert "2 hours" in text


def test_a_number_without_history_says_so(house: House) -> None:
    assert "hasn't been checked yet" in _history(house).replace("&#x27;", "'")


def test_history_is_for_staff_of_the_reseller_only(house: House) -> None:
    url = house.url(f"instances/{house.number.pk}/history/")
    for outsider in (house.stranger, house.admin):
        assert house.as_(outsider).get(url).status_code == 404
    foreign = house.url(f"instances/{house.foreign.pk}/history/")
    assert house.as_(house.owner).get(foreign).status_code == 404
