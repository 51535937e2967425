"""Alerts: tabs, what to do next, acknowledging, the badge."""

import html
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from centers import clock
from centers.models import Center, JobRun, User
from centers.notifications.destinations import add_destination, pause_address, pause_destination
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory
from tests.whatsapp.views.conftest import House
from whatsapp.accounts import explain
from whatsapp.alerts.acts import acknowledge, one
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.mazbot import ErrorKind, MazBotError
from whatsapp.models import Alert, Instance

Kind = Alert.Kind


def _alert(house: House, kind: Kind = Kind.DISCONNECTED, **fields: object) -> Alert:
    given = {"instance": InstanceFactory(center=house.center), "center": house.center, **fields}
    alert = Alert(reseller=house.reseller, kind=kind, opened_at=timezone.now(), **given)
    alert.save()
    return alert


def _kinds(house: House, query: str = "") -> list[str]:
    response = house.as_(house.owner).get(house.url(f"alerts/{query}"))
    return [alert.kind for alert, _step in response.context["rows"]]


def test_each_tab_has_its_own(house: House) -> None:
    now = timezone.now()
    _alert(house, Kind.DISCONNECTED)
    _alert(house, Kind.EXPIRED, acknowledged_at=now)
    _alert(house, Kind.NOT_FOUND, resolved_at=now, acknowledged_at=now)
    _alert(house, Kind.QUOTA_LOW, instance=None, center=None)
    assert _kinds(house) == [Kind.QUOTA_LOW, Kind.DISCONNECTED]
    assert _kinds(house, "?tab=acknowledged") == [Kind.EXPIRED]
    assert _kinds(house, "?tab=resolved") == [Kind.NOT_FOUND]
    assert _kinds(house, "?tab=nonsense&kind=quota_low") == [Kind.QUOTA_LOW]


def test_the_alerts_of_one_number(house: House) -> None:
    """The link on a number's page: rows and counts of every tab are those of the number."""
    now = timezone.now()
    _alert(house, Kind.DISCONNECTED, instance=house.number, resolved_at=now)
    _alert(house, Kind.EXPIRED, resolved_at=now)
    only = f"instance={house.number.pk}"
    assert _kinds(house, f"?tab=resolved&{only}") == [Kind.DISCONNECTED]
    page = house.as_(house.owner).get(house.url(f"alerts/?tab=resolved&{only}"))
    assert [count for _name, _label, count in page.context["tabs"]] == [0, 0, 0, 1]
    text = page.content.decode()
    assert f'href="?tab=open&amp;{only}"' in text
    assert "Only Reception. Show all numbers" in text


@pytest.mark.parametrize("given", ["x", "-1", "\u0663", "9" * 30, "9" * 19, ""])
def test_alerts_of_a_number_that_does_not_exist_are_all_alerts(house: House, given: str) -> None:
    _alert(house, Kind.EXPIRED)
    assert _kinds(house, f"?instance={given}") == [Kind.EXPIRED]


def test_alerts_of_another_resellers_number_are_all_of_our_own(house: House) -> None:
    _alert(house, Kind.EXPIRED)
    assert _kinds(house, f"?instance={house.foreign.pk}") == [Kind.EXPIRED]


@pytest.mark.parametrize(
    ("kind", "role", "expected"),
    [
        (Kind.DISCONNECTED, "support", "/pair/"),
        (Kind.DISCONNECTED, "billing", "/instances/"),
        (Kind.NOT_FOUND, "support", "/edit/"),
        (Kind.ACCOUNT_REFUSED, "owner", "/settings/mazbot/"),
        (Kind.ACCOUNT_REFUSED, "support", ""),
        (Kind.QUOTA_LOW, "billing", "/usage/"),
        (Kind.SUSPENSIONS_HELD, "billing", "/unpaid/"),
        (Kind.SUSPENSIONS_HELD, "support", ""),
        (Kind.EXCHANGE_OLD, "billing", "/exchange-rates/"),
        (Kind.EXCHANGE_OLD, "support", ""),
        (Kind.BELOW_COST, "owner", "/prices/"),
        (Kind.BELOW_COST, "support", ""),
        (Kind.RATES_CURRENCY, "owner", "/prices/"),
        (Kind.RATES_CURRENCY, "support", ""),
        (Kind.RATES_UNKNOWN, "billing", "/prices/types/"),
        (Kind.RATES_WAITING, "owner", "/prices/rates/"),
        (Kind.RATES_WAITING, "support", ""),
        (Kind.USAGE_FLAGGED, "billing", "/usage/"),
        (Kind.USAGE_FLAGGED, "support", "/instances/"),
    ],
)
def test_the_next_step_fits_the_alert_and_the_reader(
    house: House, kind: Kind, role: str, expected: str
) -> None:
    of_a_number = (Kind.DISCONNECTED, Kind.NOT_FOUND, Kind.USAGE_FLAGGED)
    whole = kind not in of_a_number
    _alert(house, kind, **({"instance": None, "center": None} if whole else {}))
    response = house.as_(getattr(house, role)).get(house.url("alerts/"))
    ((_row, step),) = response.context["rows"]
    assert (step is None) == (expected == "")
    if step is not None:
        assert expected in step.url
        assert house.as_(getattr(house, role)).get(step.url).status_code == 200


@pytest.mark.parametrize(
    ("whose", "role", "expected"),
    [
        ("center", "support", "/edit/"),
        ("center", "billing", ""),
        ("former", "owner", "/settings/email/"),
        ("former", "support", ""),
        ("support", "owner", "/settings/email/"),
        ("support", "support", "/me/notifications/"),
        ("team", "owner", "/settings/notifications/"),
        ("team", "support", ""),
        ("pager", "support", "/me/notifications/"),
        ("pager", "owner", ""),
    ],
)
def test_what_takes_no_messages_is_looked_after_where_it_is_set(
    house: House, whose: str, role: str, expected: str
) -> None:
    now, reader = clock.now(), getattr(house, role)
    with tenant(house.reseller):
        Center.objects.filter(pk=house.center.pk).update(email="Amal@center.example")
        addresses = {
            "center": "amal@CENTER.example",
            "former": "gone@center.example",
            "support": house.support.email,
        }
        if whose in addresses:
            user = house.support if whose == "support" else None
            address = addresses[whose]
            pause_address(
                reseller=house.reseller, user=user, address=address, reason="It came back.", now=now
            )
        else:
            user = house.support if whose == "pager" else None
            place = add_destination(
                reseller=house.reseller, user=user, channel="webhook", address="https://x.example/", label="Pager",
                by=house.owner, now=now, verified=True,
            )  # fmt: skip
            pause_destination(destination=place, reason="It answered 410.", now=now)
    response = house.as_(reader).get(house.url("alerts/"))
    ((alert, step),) = response.context["rows"]
    assert alert.center == (house.center if whose == "center" else None)
    assert ("Emails to" in str(alert.detail)) == (whose in addresses)
    assert (step is None) == (expected == "")
    if step is not None:
        assert expected in step.url
        assert house.as_(reader).get(step.url).status_code == 200


def test_acknowledging_some_of_them(house: House) -> None:
    first, second, third = (_alert(house) for _n in range(3))
    other = InstanceFactory(center=CenterFactory())
    foreign = Alert(reseller=other.reseller, instance=other, kind=Kind.EXPIRED, opened_at=timezone.now())
    foreign.save()
    response = house.as_(house.support).post(
        house.url("alerts/acknowledge/"),
        {"alert": [first.pk, second.pk, foreign.pk, "9" * 30, "x"], "next": house.url("alerts/?kind=")},
    )
    assert response["Location"] == house.url("alerts/?kind=")
    with tenant(house.reseller):
        seen = Alert.objects.filter(acknowledged_by=house.support)
        assert set(seen.values_list("pk", flat=True)) == {first.pk, second.pk}
    foreign.refresh_from_db(from_queryset=Alert._base_manager.all())
    assert foreign.acknowledged_at is None
    assert _kinds(house) == [third.kind]


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_way_back_stays_on_this_site(house: House, address: str) -> None:
    response = house.as_(house.owner).post(house.url("alerts/acknowledge/"), {"next": address})
    assert response["Location"] == house.url("alerts/")


def test_the_badge_counts_open_alerts(house: House) -> None:
    client = house.as_(house.billing)
    assert 'data-down="0"' in client.get(house.url("alerts/badge/")).content.decode()
    _alert(house)
    _alert(house, acknowledged_at=timezone.now())
    assert 'data-down="1"' in client.get(house.url("alerts/badge/")).content.decode()


def test_the_number_of_queries_does_not_grow(house: House) -> None:
    client = house.as_(house.owner)
    _alert(house)
    client.get(house.url("alerts/"))
    with CaptureQueriesContext(connection) as one:
        client.get(house.url("alerts/"))
    for _n in range(3):
        _alert(house, center=CenterFactory(reseller=house.reseller))
    with CaptureQueriesContext(connection) as four:
        client.get(house.url("alerts/"))
    assert len(one) == len(four)


def test_text_from_outside_stays_text(house: House) -> None:
    _alert(house, detail="<script>alert(1)</script>")
    page = house.as_(house.owner).get(house.url("alerts/")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_old_alerts_page_by_page(house: House) -> None:
    now = timezone.now()
    for hours in range(55):
        alert = _alert(house, resolved_at=now)
        Alert._base_manager.filter(pk=alert.pk).update(opened_at=now - timedelta(hours=hours))
    client = house.as_(house.owner)
    page = client.get(house.url("alerts/?tab=resolved")).context["page"]
    rest = client.get(house.url(f"alerts/{page.next_url_query}")).context["page"]
    assert (len(page.rows), len(rest.rows)) == (50, 5)


# --- The reader's language --------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "read"), [("en", "ar"), ("ar", "en")])
def test_alerts_jobs_and_numbers_speak_the_readers_language(house: House, written: str, read: str) -> None:
    """Regardless of its author and the reseller's own language."""
    error = MazBotError(ErrorKind.TIMEOUT, "no answer")
    with tenant(house.reseller), translation.override(written):
        why = explain(error)
        open_alert(reseller=house.reseller, kind=Kind.ACCOUNT_REFUSED, detail=why, now=clock.now())
        Instance.objects.filter(pk=house.number.pk).update(
            desired_state="disabled", switch_attempts=4, switch_error=why, switch_next_at=clock.now()
        )
        JobRun(
            reseller=house.reseller,
            job="switching",
            state="partial",
            started_at=clock.now(),
            note=why,
            failures=[{"item": "MZB-1", "why": why}],
            failed=1,
        ).save()
    with translation.override(read):
        expected = explain(error)
    house.reseller.language = written
    house.reseller.save()
    client = house.as_(house.owner)
    client.cookies["django_language"] = read
    User.objects.update(language=read)
    for page, times in (("alerts/", 1), (f"instances/{house.number.pk}/", 1), ("board/", 1), ("jobs/", 2)):
        text = html.unescape(client.get(house.url(page)).content.decode())
        assert text.count(expected) >= times, page
        assert why not in text, page


def test_the_trace_names_what_was_acknowledged_in_the_readers_language(house: House) -> None:
    with tenant(house.reseller), translation.override("ar"):
        open_alert(reseller=house.reseller, kind=Kind.DISCONNECTED, instance=house.number, now=clock.now())
        acknowledge(chosen=one(Alert.objects.get()), by=house.owner, now=clock.now())
    page = house.as_(house.owner).get(house.url("audit/")).content.decode()
    assert "Disconnected: Reception" in page


def test_an_alert_that_came_back_says_how_often(house: House) -> None:
    alert = _alert(house, instance=house.number, times=3)
    for page in ("alerts/", f"instances/{house.number.pk}/"):
        assert "3 times" in house.as_(house.owner).get(house.url(page)).content.decode(), page
    with tenant(house.reseller):
        Alert.objects.filter(pk=alert.pk).update(times=1)
    assert "1 time" not in house.as_(house.owner).get(house.url("alerts/")).content.decode()


def test_many_alerts_are_acknowledged_with_as_many_reads_as_two(house: House) -> None:
    client, reads = house.as_(house.owner), []
    client.get(house.url("alerts/badge/"))
    for count in (2, 5):
        chosen = [_alert(house).pk for _number in range(count)]
        with CaptureQueriesContext(connection) as seen:
            client.post(house.url("alerts/acknowledge/"), {"alert": chosen})
        reads.append(sum(query["sql"].startswith("SELECT") for query in seen.captured_queries))
        with tenant(house.reseller):
            assert Alert.objects.filter(acknowledged_at=None).count() == 0
    assert reads[0] == reads[1]
