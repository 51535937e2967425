"""Alerts found by number and center, and as a file."""

from django.utils import timezone

from tests.factories import CenterFactory, InstanceFactory
from tests.spreadsheets import read_csv
from tests.whatsapp.views.alerts.test_alerts import _alert, _kinds
from tests.whatsapp.views.conftest import House
from whatsapp.models import Alert

Kind = Alert.Kind


def rows(house: House, query: str) -> list[dict[str, str]]:
    answer = house.as_(house.billing).get(house.url(f"alerts/export/csv/{query}"))
    header, *cells = read_csv(b"".join(answer.streaming_content))
    return [dict(zip(header, row, strict=True)) for row in cells]


def furnish(house: House) -> None:
    """One alert of a number, one of another center, one of the whole reseller."""
    zahra = CenterFactory(reseller=house.reseller, name="Zahra Pharmacy", email="pay@zahra.example")
    number = InstanceFactory(center=house.center, label="Night desk", instance_id="HS-777")
    number.__class__._base_manager.filter(pk=number.pk).update(whatsapp_number="+218917654321")
    _alert(house, Kind.EXPIRED, instance=number)
    for kind in (Kind.BILLING_BLOCKED, Kind.LEFT_OVER):
        _alert(house, kind, instance=None, center=zahra)
    _alert(house, Kind.QUOTA_LOW, instance=None, center=None)


def test_a_search_finds_numbers_and_centers_in_every_tab(house: House) -> None:
    furnish(house)
    for text in ("night", "hs-777", "0917654321"):
        assert _kinds(house, f"?q={text}") == [Kind.EXPIRED], text
    assert (
        _kinds(house, "?q=zahra") == _kinds(house, "?q=pay@zahra") == [Kind.LEFT_OVER, Kind.BILLING_BLOCKED]
    )
    assert _kinds(house, "?q=nothing") == []
    page = house.as_(house.owner).get(house.url("alerts/?q=zahra"))
    assert [count for _name, _label, count in page.context["tabs"]] == [2, 0, 0, 0]
    assert 'href="?tab=resolved&amp;q=zahra"' in page.content.decode()


def test_all_that_match_a_search_are_acknowledged_and_no_others(house: House) -> None:
    furnish(house)
    page = house.as_(house.owner).get(house.url("alerts/?q=zahra"))
    data = {"all": "1", "tab": "open", "q": "zahra", "newest": page.context["newest"], "matching": "2"}
    house.as_(house.owner).post(house.url("alerts/acknowledge/"), data)
    assert _kinds(house, "?tab=acknowledged") == [Kind.LEFT_OVER, Kind.BILLING_BLOCKED]
    audit = house.as_(house.owner).get(house.url("audit/")).content.decode()
    assert "Searched for: zahra" in audit


def test_the_file_has_the_alerts_of_the_tab(house: House) -> None:
    furnish(house)
    now = timezone.now()
    _alert(house, Kind.STALE, resolved_at=now, resolved_by=house.support, acknowledged_at=now)
    found = {row["Kind of alert"]: row for row in rows(house, "?tab=open")}
    of_number, of_center, of_all = (
        found[kind.label] for kind in (Kind.EXPIRED, Kind.LEFT_OVER, Kind.QUOTA_LOW)
    )
    assert (of_number["Number"], of_number["Instance ID"]) == ("Night desk", "HS-777")
    assert (of_number["Kind of alert"], of_number["Status"]) == ("Session expired", "Not acknowledged")
    assert (of_center["Center"], of_all["Center"], of_all["Number"]) == ("Zahra Pharmacy", "", "")
    assert [row["Center"] for row in rows(house, "?q=zahra")] == ["Zahra Pharmacy"] * 2
    (resolved,) = rows(house, "?tab=resolved")
    assert (resolved["Resolved by"], resolved["Status"]) == (str(house.support), "Resolved")


def test_the_export_follows_the_filters(house: House) -> None:
    part = {"HX-Request": "true", "HX-Target": "alerts"}
    page = house.as_(house.owner).get(house.url("alerts/?tab=resolved&q=zahra"), headers=part)
    assert "alerts/export/xlsx/?tab=resolved&amp;q=zahra" in page.content.decode()
