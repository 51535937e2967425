"""Acting on alerts from the pages: a row, the selected ones, all that match; and the page of one alert."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from centers import clock
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, member
from tests.whatsapp.views.conftest import House
from whatsapp.alerts.acts import note, one, snooze
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.models import Alert, AlertEvent

Kind = Alert.Kind


def _alert(house: House, kind: Kind = Kind.DISCONNECTED, **fields: object) -> Alert:
    number = InstanceFactory(center=house.center)
    with tenant(house.reseller):
        open_alert(reseller=house.reseller, kind=kind, instance=number, now=timezone.now())
        rows = Alert.objects.filter(instance=number)
        if fields:
            rows.update(**fields)
        return rows.get()


def _stored(house: House, alert: Alert) -> Alert:
    with tenant(house.reseller):
        return Alert.objects.get(pk=alert.pk)


def _post(house: House, act: str, data: dict[str, object], **extra: object) -> str:
    response = house.as_(house.support).post(house.url(f"alerts/{act}/{extra.get('query', '')}"), data)
    assert response.status_code == 302, response.content.decode()[:500]
    return [str(message) for message in get_messages(response.wsgi_request)][-1]


def _filters(house: House, query: str = "") -> dict[str, str]:
    """What the list's form sends with "Select all that match" ticked."""
    context = house.as_(house.support).get(house.url(f"alerts/{query}")).context
    sent = {"all": "1", "newest": context["newest"], "matching": context["matching"]}
    return {**sent, **dict(context["filters"].pairs)}


# --- One row ----------------------------------------------------------------------------------------------


def test_a_row_is_snoozed_for_four_hours_and_leaves_all_counts(house: House) -> None:
    alert, client = _alert(house), house.as_(house.support)
    before = clock.now()
    text = _post(house, "snooze", {"until": "4h", "alert": ["1", "2"]}, query=f"?one={alert.pk}")
    assert text.startswith("1 alert snoozed until")
    until = _stored(house, alert).snoozed_until
    assert until is not None
    assert timedelta(0) <= until - before - timedelta(hours=4) < timedelta(seconds=20)
    assert 'data-down="0"' in client.get(house.url("alerts/badge/")).content.decode()
    page = client.get(house.url("alerts/"))
    assert {name: count for name, _label, count in page.context["tabs"]} == {
        "open": 0,
        "acknowledged": 0,
        "snoozed": 1,
        "resolved": 0,
    }
    listed = client.get(house.url("alerts/?tab=snoozed"))
    assert [row.pk for row, _step in listed.context["rows"]] == [alert.pk]
    assert "snoozed until" in listed.content.decode()


def test_a_snooze_that_has_ended_counts_again_even_before_the_tick(house: House) -> None:
    _alert(house, snoozed_until=clock.now() - timedelta(seconds=1))
    page = house.as_(house.owner).get(house.url("alerts/badge/")).content.decode()
    assert 'data-down="1"' in page
    assert house.as_(house.owner).get(house.url("alerts/")).context["tabs"][0][2] == 1


def test_another_time_is_asked_for_and_read_in_the_resellers_zone(house: House) -> None:
    alert, client = _alert(house), house.as_(house.support)
    asked = client.post(house.url(f"alerts/snooze/?one={alert.pk}"), {"until": ""})
    assert asked.status_code == 200
    page = asked.content.decode()
    assert "Snooze 1 alert" in page
    assert "Asia/Riyadh" in page
    assert f'name="one" value="{alert.pk}"' in page
    local = (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT10:30")
    _post(house, "snooze", {"one": alert.pk, "until": "at", "until_at": local})
    until = _stored(house, alert).snoozed_until
    assert until is not None
    assert until == datetime.fromisoformat(f"{local}:00+03:00").astimezone(UTC)


@pytest.mark.parametrize(
    "given", ["", "tomorrow", "2020-01-01T10:00", "9999-12-31T23:59", "2026-02-30T10:00"]
)
def test_a_time_that_does_not_work_is_asked_for_again(house: House, given: str) -> None:
    alert = _alert(house)
    answer = house.as_(house.support).post(
        house.url("alerts/snooze/"), {"one": alert.pk, "until": "at", "until_at": given}
    )
    assert answer.status_code == 422
    assert "is-invalid" in answer.content.decode()
    assert _stored(house, alert).snoozed_until is None


def test_a_row_is_assigned_to_the_reader_or_to_a_colleague(house: House) -> None:
    alert, client = _alert(house), house.as_(house.support)
    _post(house, "assign", {"to": "me"}, query=f"?one={alert.pk}")
    assert _stored(house, alert).assigned_to == house.support
    asked = client.post(house.url("alerts/assign/"), {"one": alert.pk}).content.decode()
    assert str(house.billing) in asked
    assert str(house.admin) not in asked
    text = _post(house, "assign", {"one": alert.pk, "to": "person", "person": house.billing.pk})
    assert text == f"1 alert assigned to {house.billing}."
    assert _stored(house, alert).assigned_to == house.billing
    for person in (house.stranger.pk, house.admin.pk, 10**12):
        refused = client.post(
            house.url("alerts/assign/"), {"one": alert.pk, "to": "person", "person": person}
        )
        assert refused.status_code == 422
    assert _stored(house, alert).assigned_to == house.billing
    _post(house, "assign", {"one": alert.pk, "to": "person", "person": ""})
    assert _stored(house, alert).assigned_to is None


def test_resolving_by_hand_says_first_what_the_next_check_does(house: House) -> None:
    alert, client = _alert(house), house.as_(house.support)
    asked = client.post(house.url(f"alerts/resolve/?one={alert.pk}")).content.decode()
    assert "still finds the problem, a new alert opens" in " ".join(asked.split())
    assert _stored(house, alert).resolved_at is None
    assert _post(house, "resolve", {"one": alert.pk, "confirmed": "1"}) == "1 alert resolved."
    assert _stored(house, alert).resolved_by == house.support
    page = client.get(house.url("alerts/?tab=resolved")).content.decode()
    assert f"resolved by {house.support}" in " ".join(page.split())


def test_an_alert_that_lasts_is_not_resolved_and_says_why(house: House) -> None:
    alert = _alert(house, Kind.PROVIDER_FAILING)
    text = _post(house, "resolve", {"one": alert.pk, "confirmed": "1"})
    assert "resolved automatically once the provider incident is over" in text
    assert _stored(house, alert).resolved_at is None


# --- Several ----------------------------------------------------------------------------------------------


def test_nothing_selected_changes_nothing_and_says_so(house: House) -> None:
    _alert(house)
    for act in ("acknowledge", "snooze", "assign", "resolve"):
        assert _post(house, act, {"until": "4h", "to": "me"}) == "Select alerts first."
    with tenant(house.reseller):
        assert AlertEvent.objects.exclude(kind="opened").count() == 0


def test_all_that_match_are_those_of_the_filter_that_were_there(house: House) -> None:
    """Also those on other pages; what opened after the page was shown, and what doesn't match, stays as it is."""
    matching = [_alert(house) for _number in range(60)]
    other = _alert(house, Kind.EXPIRED)
    sent = _filters(house, "?kind=disconnected")
    assert sent["matching"] == 60
    new = _alert(house)
    with tenant(house.reseller):
        Alert.objects.filter(pk__in=[row.pk for row in matching[:2]]).update(resolved_at=clock.now())
    text = _post(house, "acknowledge", {**sent, "alert": [new.pk]})
    assert text == (
        "58 alerts acknowledged. 2 were left as they are: already in that state, or resolved in the meantime."
    )
    with tenant(house.reseller):
        assert Alert.objects.filter(acknowledged_by=house.support).count() == 58
    assert _stored(house, other).acknowledged_at is None
    assert _stored(house, new).acknowledged_at is None


def test_the_question_about_all_that_match_keeps_them(house: House) -> None:
    for _number in range(55):
        _alert(house)
    client, sent = house.as_(house.support), _filters(house)
    asked = client.post(house.url("alerts/resolve/"), sent)
    page = asked.content.decode()
    assert "Resolve 55 alerts" in page
    assert asked.context["count"] == 55
    hidden = dict(asked.context["hidden"])
    assert _post(house, "resolve", {**hidden, "confirmed": "1"}) == "55 alerts resolved."


def test_all_that_match_offers_itself_only_beyond_the_page(house: House) -> None:
    client = house.as_(house.support)
    _alert(house)
    assert 'name="all"' not in client.get(house.url("alerts/")).content.decode()
    for _number in range(50):
        _alert(house)
    page = " ".join(client.get(house.url("alerts/")).content.decode().split())
    assert 'name="all"' in page
    assert "that match" in page


def test_alerts_assigned_to_me_are_found(house: House) -> None:
    mine, theirs = _alert(house, assigned_to=house.support), _alert(house, assigned_to=house.billing)
    neither = _alert(house)
    client = house.as_(house.support)

    def listed(assigned: str) -> set[int]:
        page = client.get(house.url(f"alerts/?assigned={assigned}"))
        return {row.pk for row, _step in page.context["rows"]}

    assert listed("me") == {mine.pk}
    assert listed("none") == {neither.pk}
    assert listed(str(house.billing.pk)) == {theirs.pk}
    assert listed("x") == {mine.pk, theirs.pk, neither.pk}


@pytest.mark.parametrize("act", ["acknowledge", "snooze", "assign", "resolve"])
def test_who_may_not_manage_alerts_acts_on_none(house: House, act: str) -> None:
    alert, data = _alert(house), {"until": "4h", "to": "me", "confirmed": "1"}
    refused = house.as_(house.billing).post(house.url(f"alerts/{act}/?one={alert.pk}"), data)
    assert refused.status_code == 403
    foreign = member(CenterFactory().reseller)
    assert house.as_(foreign).post(house.url(f"alerts/{act}/?one={alert.pk}"), data).status_code == 404
    with tenant(house.reseller):
        assert AlertEvent.objects.filter(alert=alert).exclude(kind="opened").count() == 0
    page = house.as_(house.billing).get(house.url("alerts/")).content.decode()
    assert f"alerts/{act}/" not in page.replace('action="/r/madar/alerts/acknowledge/"', "")


@pytest.mark.parametrize("act", ["acknowledge", "snooze", "assign", "resolve"])
def test_alerts_of_another_reseller_are_never_touched(house: House, act: str) -> None:
    foreign = Alert(
        reseller=house.foreign.reseller, instance=house.foreign, kind=Kind.EXPIRED, opened_at=timezone.now()
    )
    foreign.save()
    data = {"until": "4h", "to": "me", "confirmed": "1", "alert": [foreign.pk]}
    assert _post(house, act, data).startswith("Nothing changed.")
    with tenant(house.foreign.reseller):
        row = Alert.objects.get(pk=foreign.pk)
        assert (row.acknowledged_at, row.snoozed_until, row.assigned_to, row.resolved_at) == (None,) * 4


# --- The page of one alert --------------------------------------------------------------------------------


def test_the_page_of_an_alert_tells_its_story_newest_first(house: House) -> None:
    alert = _alert(house)
    with tenant(house.reseller):
        snooze(chosen=one(alert), until=clock.now() + timedelta(hours=1), by=house.billing, now=clock.now())
        note(alert=alert, text="Line one\n<b>two</b>", by=house.support, now=clock.now())
    page = house.as_(house.viewer).get(house.url(f"alerts/{alert.pk}/"))
    assert page.status_code == 404
    text = house.as_(house.billing).get(house.url(f"alerts/{alert.pk}/")).content.decode()
    places = [
        text.index(part)
        for part in (f"{house.support} wrote:", "snoozed the alert until", "The alert opened.")
    ]
    assert places == sorted(places)
    assert "Line one\n&lt;b&gt;two" in text
    assert "Snoozed until" in text
    assert "Add note" not in text
    assert "Pair the phone again" in text


def test_a_note_is_added_and_an_empty_one_is_refused(house: House) -> None:
    alert, client = _alert(house), house.as_(house.support)
    assert client.post(house.url(f"alerts/{alert.pk}/note/"), {"text": " "}).status_code == 422
    answer = client.post(house.url(f"alerts/{alert.pk}/note/"), {"text": "Called the center"})
    assert answer["Location"] == house.url(f"alerts/{alert.pk}/")
    assert "Called the center" in client.get(house.url(f"alerts/{alert.pk}/")).content.decode()
    refused = house.as_(house.billing).post(house.url(f"alerts/{alert.pk}/note/"), {"text": "x"})
    assert refused.status_code == 403


def test_a_long_story_costs_no_more_queries(house: House) -> None:
    alert, client, counts = _alert(house), house.as_(house.support), []
    for count in (1, 5):
        with tenant(house.reseller):
            for number in range(count):
                note(alert=alert, text=f"Note {number}", by=house.owner, now=clock.now())
        client.get(house.url(f"alerts/{alert.pk}/"))
        with CaptureQueriesContext(connection) as seen:
            client.get(house.url(f"alerts/{alert.pk}/"))
        counts.append(len(seen))
    assert counts[0] == counts[1]
