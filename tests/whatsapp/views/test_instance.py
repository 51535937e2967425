"""The page of one number, and everything that is done from it."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from centers.models import AuditEntry
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, member
from tests.whatsapp.conftest import Place
from tests.whatsapp.views.conftest import House
from whatsapp.history.causes import Cause
from whatsapp.instances import move
from whatsapp.models import (
    Alert,
    Connection,
    DesiredReason,
    Instance,
    Service,
    StatusInterval,
)
from whatsapp.service.webhook_url import own_webhook_url
from whatsapp.views.timeline import BAR, DAY_TALL, HEIGHTS, SHORTEST, timeline


def _number(house: House) -> Instance:
    with tenant(house.reseller):
        return Instance.objects.select_related("center").get(pk=house.number.pk)


def _set(house: House, **fields: object) -> None:
    with tenant(house.reseller):
        Instance.objects.filter(pk=house.number.pk).update(**fields)


def _page(house: House, tail: str = "") -> str:
    response = house.as_(house.owner).get(house.url(f"instances/{house.number.pk}/{tail}"))
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_problem_comes_with_what_to_do(house: House) -> None:
    _set(house, connection=Connection.EXPIRED)
    Alert(
        reseller=house.reseller,
        instance=house.number,
        center=house.center,
        kind=Alert.Kind.EXPIRED,
        opened_at=timezone.now(),
    ).save()
    page = _page(house)
    assert "Session expired" in page
    assert page.count('/pair/"') == 1


def test_a_failed_check_says_that_the_state_is_old(house: House) -> None:
    _set(house, connection="connected", check_error="timeout", check_failed_at=timezone.now())
    page = _page(house)
    assert "The last check failed" in page
    assert "answer in time" in page
    assert "the last known one" in page


def test_an_unknown_status_shows_mazbots_own_word_as_text(house: House) -> None:
    _set(house, connection="unknown", raw_status="<b>half</b>")
    page = _page(house)
    assert "&lt;b&gt;half&lt;/b&gt;" in page
    assert "<b>half" not in page


def test_a_switch_that_is_not_confirmed_tells_why_and_when_next(house: House) -> None:
    _set(
        house,
        desired_state=Service.DISABLED,
        desired_reason=DesiredReason.NON_PAYMENT,
        switch_attempts=4,
        switch_next_at=timezone.now() + timedelta(minutes=5),
        switch_error="answer in time.",
    )
    page = _page(house)
    for text in (
        "hasn't confirmed it yet",
        "4 attempts so far",
        "Next attempt",
        "answer in time.",
    ):
        assert text in page


def test_htmx_gets_only_the_part_that_changed(house: House) -> None:
    response = house.as_(house.owner).get(
        house.url(f"instances/{house.number.pk}/"),
        headers={"HX-Request": "true", "HX-Target": "number-state"},
    )
    assert response.content.decode().strip().startswith('<div id="number-state"')


def test_the_page_costs_the_same_with_a_long_history(house: House) -> None:
    client = house.as_(house.owner)
    url = house.url(f"instances/{house.number.pk}/")
    client.get(url)
    with CaptureQueriesContext(connection) as before:
        client.get(url)
    states = [(hours / 10, "expired" if hours % 2 else "connected") for hours in range(1000, 0, -1)]
    _intervals(house, timezone.now(), *states)
    with CaptureQueriesContext(connection) as after:
        client.get(url)
    assert len(after) == len(before)


# --- Timeline ---------------------------------------------------------------------------------------------


def _intervals(house: House, now: datetime, *states: tuple[float, str]) -> None:
    """Intervals that begin so many hours ago, each until the next one, the last until now."""
    ends = [now - timedelta(hours=hours) for hours, _state in states[1:]] + [None]
    with tenant(house.reseller):
        StatusInterval.objects.filter(instance=house.number).delete()
        StatusInterval.objects.bulk_create(
            StatusInterval(
                reseller=house.reseller,
                instance=house.number,
                since=now - timedelta(hours=hours),
                until=end,
                connection=state,
                ever_connected=True,
            )
            for (hours, state), end in zip(states, ends, strict=True)
        )
    _set(house, checked_at=now)


def test_the_bar_covers_the_time_since_the_first_check(house: House) -> None:
    now = timezone.now()
    _intervals(house, now, (84, "connected"), (42, "disconnected"), (21, "connected"))
    with tenant(house.reseller):
        bar = timeline(_number(house), length="7d", now=now)
    assert [part.cause for part in bar.segments] == ["connected", "logged_out", "connected"]
    assert [part.x for part in bar.segments] == [500, 750, 875]
    assert bar.segments[-1].x + bar.segments[-1].width == BAR
    assert bar.sums.uptime == 75
    assert [(cause, lasted) for cause, _y, _height, lasted, _percent in bar.key] == [
        ("connected", timedelta(hours=63)),
        ("logged_out", timedelta(hours=21)),
    ]


@pytest.mark.parametrize(("length", "first"), [("24h", "connected"), ("7d", "expired")])
def test_a_shorter_time_shows_less(house: House, length: str, first: str) -> None:
    now = timezone.now()
    _intervals(house, now, (24 * 100, "connected"), (24 * 8, "expired"), (30, "connected"), (3, "expired"))
    with tenant(house.reseller):
        bar = timeline(_number(house), length=length, now=now)
    assert bar.segments[0].cause == first
    assert bar.segments[0].x == 0


def test_causes_are_distinguished_without_color(house: House) -> None:
    assert set(HEIGHTS) == set(Cause)
    assert len(set(HEIGHTS.values())) == len(Cause)
    _intervals(house, timezone.now(), (72, "connected"), (21, "expired"))
    heights = dict(re.findall(r'class="tl-(\w+)"[^>]*\sheight="(\d+)"', _page(house)))
    assert heights == {"connected": "24", "expired": "5"}


def test_a_number_never_checked_has_no_uptime(house: House) -> None:
    with tenant(house.reseller):
        assert timeline(_number(house), length="7d", now=timezone.now()).sums.uptime is None
    assert "No uptime yet" in _page(house)


def test_the_timeline_can_be_read_as_a_table(house: House) -> None:
    _intervals(house, timezone.now(), (24 * 40, "connected"), (24 * 2, "expired"))
    page = _page(house, "timeline/?last=7d")
    assert page.strip().startswith('<section id="timeline"')
    assert page.count("<tr>") == 3
    assert "Connection, last 7 days" in _page(house, "timeline/?last=9999")


def test_many_days_are_shown_as_a_column_for_each(house: House) -> None:
    now = timezone.now()
    _intervals(house, now, (24 * 40, "connected"), (24 * 20, "expired"), (24 * 19, "connected"))
    with tenant(house.reseller):
        chart = timeline(_number(house), length="30d", now=now)
    assert len(chart.days) == 30
    assert sum(day.outages for day in chart.days) == 1
    for x in {part.x for part in chart.parts}:
        column = sorted((part.y, part.height) for part in chart.parts if part.x == x)
        assert column[0][0] == 0
        assert sum(height for _y, height in column) == DAY_TALL
    assert max(part.x + part.width for part in chart.parts) <= BAR
    page = _page(house, "timeline/?last=30d")
    assert page.count("<tr>") == 31
    assert "Session expired" in page


def test_a_short_outage_is_seen_in_the_column_of_its_day(house: House) -> None:
    now = timezone.now()
    _intervals(house, now, (24 * 40, "connected"), (24 * 20, "expired"), (24 * 20 - 0.01, "connected"))
    with tenant(house.reseller):
        chart = timeline(_number(house), length="90d", now=now)
    assert [(part.cause, part.y, part.height) for part in chart.parts if part.cause != "connected"] == [
        ("expired", 0, SHORTEST)
    ]


# --- Switching --------------------------------------------------------------------------------------------


def test_switching_off_asks_for_the_name(house: House) -> None:
    url = house.url(f"instances/{house.number.pk}/switch/")
    client = house.as_(house.support)
    wrong = client.post(url, {"desired_state": "disabled", "typed": "reception?"})
    assert wrong.status_code == 422
    assert "The name doesn" in wrong.content.decode()
    assert _number(house).desired_state == Service.ENABLED

    assert client.post(url, {"desired_state": "disabled", "typed": "Reception"}).status_code == 302
    number = _number(house)
    assert (number.desired_state, number.desired_reason, number.desired_by) == (
        "disabled",
        "manual",
        house.support,
    )

    assert client.post(url, {"desired_state": "enabled"}).status_code == 302
    assert _number(house).desired_state == Service.ENABLED


@pytest.mark.parametrize(
    "data", [{}, {"desired_state": "archived"}, {"desired_state": "unconfirmed", "typed": "Reception"}]
)
def test_other_words_switch_nothing(house: House, data: dict[str, str]) -> None:
    house.as_(house.owner).post(house.url(f"instances/{house.number.pk}/switch/"), data)
    assert _number(house).desired_at is None


def test_check_now_makes_the_number_due_at_once(house: House) -> None:
    _set(house, next_check_at=timezone.now() + timedelta(hours=1))
    response = house.as_(house.owner).post(
        house.url(f"instances/{house.number.pk}/check/"), headers={"HX-Request": "true"}
    )
    assert response.status_code == 204
    assert "is being checked" in response["HX-Trigger"]
    assert _number(house).next_check_at <= timezone.now()


# --- Adding, editing, moving, archiving -------------------------------------------------------------------


def test_a_known_id_is_refused_by_name_and_what_was_typed_stays(house: House) -> None:
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    response = house.as_(house.owner).post(url, {"instance_id": "MZB-1", "label": "Sales desk"})
    assert response.status_code == 422
    text = response.content.decode()
    assert "“MZB-1” already belongs to “Al Noor Clinic”" in text
    assert 'value="Sales desk"' in text


def test_undeclared_fields_have_no_effect(house: House) -> None:
    house.as_(house.owner).post(
        house.url(f"centers/{house.center.pk}/instances/add/"),
        {
            "instance_id": "NEW-1",
            "label": "x",
            "connection": "connected",
            "reseller": house.foreign.reseller_id,
        },
    )
    with tenant(house.reseller):
        new = Instance.objects.get(instance_id="NEW-1")
    assert (new.connection, new.reseller_id, new.center_id) == (
        "unchecked",
        house.reseller.pk,
        house.center.pk,
    )


def test_a_list_adds_all_or_nothing(house: House) -> None:
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    client = house.as_(house.owner)
    wrong = client.post(url, {"lines": "OK-1 First\n\nMZB-1 Known\nbad id!\nOK-1 again"})
    text = wrong.content.decode()
    assert wrong.status_code == 422
    assert "Line 5" in text
    assert "OK-1 First" in text
    known = client.post(url, {"lines": "OK-1 First\nMZB-1 Known"})
    assert "Line 2: " in known.content.decode()
    with tenant(house.reseller):
        assert not Instance.objects.filter(instance_id="OK-1").exists()
    assert client.post(url, {"lines": "OK-1 First line\nOK-2"}).status_code == 302
    with tenant(house.reseller):
        assert Instance.objects.get(instance_id="OK-1").label == "First line"
        assert Instance.objects.filter(instance_id="OK-2", label="").exists()


def test_the_id_can_be_corrected(house: House) -> None:
    InstanceFactory(center=house.center, instance_id="TAKEN")
    url = house.url(f"instances/{house.number.pk}/edit/")
    client = house.as_(house.owner)
    refused = client.post(url, {"instance_id": "TAKEN", "label": "Front desk"})
    assert refused.status_code == 422
    assert "TAKEN" in refused.content.decode()
    assert 'value="Front desk"' in refused.content.decode()
    assert client.post(url, {"instance_id": "MZB-9", "label": "Front desk"}).status_code == 302
    assert (_number(house).instance_id, _number(house).label) == ("MZB-9", "Front desk")


def test_a_number_moves_only_within_its_reseller(house: House) -> None:
    url = house.url(f"instances/{house.number.pk}/move/")
    client = house.as_(house.owner)
    foreign = client.post(url, {"center": house.foreign.center_id})
    assert foreign.status_code == 422
    assert "Foreign Canary" not in foreign.content.decode()
    other = CenterFactory(reseller=house.reseller, name="Beta")
    assert client.post(url, {"center": other.pk, "anyway": "on"}).status_code == 302
    assert _number(house).center.name == "Beta"


def test_archiving_asks_for_the_id_and_can_be_undone(house: House) -> None:
    client = house.as_(house.owner)
    url = house.url(f"instances/{house.number.pk}/archive/")
    assert client.post(url, {"typed": "Reception"}).status_code == 422
    assert _number(house).archived_at is None
    assert client.post(url, {"typed": "MZB-1"}).status_code == 302
    assert _number(house).archived_at is not None
    assert "This number is archived" in _page(house)
    assert client.post(house.url(f"instances/{house.number.pk}/restore/")).status_code == 302
    assert _number(house).archived_at is None
    with tenant(house.reseller):
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"instance.archived", "instance.restored"} <= actions


# --- Webhook address --------------------------------------------------------------------------------------


def test_a_private_webhook_address_never_reaches_mazbot(new_place: object, house: House) -> None:
    place: Place = new_place()  # type: ignore[operator]
    number = place.add()
    client = house.as_(member(place.reseller, password=None))
    url = f"/r/{place.reseller.slug}/instances/{number.pk}/webhook/"
    for address in ("http://127.0.0.1/x", "ftp://example.com", "http://2130706433/", "http://[::1]/"):
        response = client.post(url, {"url": address})
        assert response.status_code == 422, address
    assert place.calls("set_webhook") == 0
    with tenant(place.reseller):
        assert Instance.objects.get(pk=number.pk).webhook_url == ""


def test_a_public_webhook_address_is_set_at_mazbot(new_place: object, house: House) -> None:
    place: Place = new_place()  # type: ignore[operator]
    number = place.add()
    client = house.as_(member(place.reseller, password=None))
    response = client.post(
        f"/r/{place.reseller.slug}/instances/{number.pk}/webhook/", {"url": "https://93.184.216.34/hook"}
    )
    assert response.status_code == 302
    with tenant(place.reseller):
        assert Instance.objects.get(pk=number.pk).webhook_url == "https://93.184.216.34/hook"


def test_an_address_that_is_being_reset_is_named_and_never_shown(house: House) -> None:
    old = "https://hooks.old-center.example/in"
    with tenant(house.reseller):
        Instance.objects.filter(pk=house.number.pk).update(webhook_url=old)
        number = Instance.objects.select_related("center", "reseller").get(pk=house.number.pk)
        move(instance=number, center=CenterFactory(reseller=house.reseller), by=None)
        Instance.objects.filter(pk=number.pk).update(webhook_attempts=2, webhook_error="MazBot is away.")
    page = house.as_(house.owner).get(house.url(f"instances/{house.number.pk}/")).content.decode()
    for words in ("redirected here", "2 attempts so far", "MazBot is away."):
        assert words in page
    assert old not in page


def test_events_can_be_sent_here_without_knowing_the_address(house: House) -> None:
    address = house.url(f"instances/{house.number.pk}/webhook/")
    assert house.as_(house.billing).post(address, {"here": "1"}).status_code == 403
    assert house.as_(house.support).post(address, {"here": "1"}).status_code == 302
    with tenant(house.reseller):
        assert Instance.objects.get(pk=house.number.pk).webhook_next_at


def test_the_resellers_own_address_is_named_and_not_shown(house: House) -> None:
    with tenant(house.reseller):
        Instance.objects.filter(pk=house.number.pk).update(webhook_url=own_webhook_url(house.account))
    page = house.as_(house.support).get(house.url(f"instances/{house.number.pk}/")).content.decode()
    assert "MazBot sends the events of this number here." in page
    assert house.account.webhook_path_token not in page
