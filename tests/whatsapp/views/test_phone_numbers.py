"""A number's phone number: typed on its page, shown, searched, exported."""

import csv
import io

import pytest

from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.whatsapp.views.conftest import House
from whatsapp.models import Instance

STORED = "+218912345678"


@pytest.fixture
def libya(house: House) -> House:
    """The center's people dial as in Libya, and its number is known."""
    with tenant(house.reseller):
        type(house.center).objects.filter(pk=house.center.pk).update(country="LY")
        Instance.objects.filter(pk=house.number.pk).update(whatsapp_number=STORED)
    return house


def _stored(house: House, instance_id: str = "MZB-1") -> str:
    with tenant(house.reseller):
        return Instance.objects.get(instance_id=instance_id).whatsapp_number


@pytest.mark.parametrize("typed", ["0912345678", "912345678", "٠٩١٢٣٤٥٦٧٨", "+218 91 234 5678"])
def test_it_is_read_as_the_center_dials_it(libya: House, typed: str) -> None:
    client = libya.as_(libya.owner)
    added = client.post(
        libya.url(f"centers/{libya.center.pk}/instances/add/"),
        {"instance_id": "NEW-1", "whatsapp_number": typed},
    )
    assert added.status_code == 302
    assert _stored(libya, "NEW-1") == STORED


def test_it_is_refused_with_an_example_where_it_is_no_number(libya: House) -> None:
    url = libya.url(f"instances/{libya.number.pk}/edit/")
    refused = libya.as_(libya.owner).post(url, {"instance_id": "MZB-1", "whatsapp_number": "12345"})
    assert refused.status_code == 422
    assert "t a phone number in Libya" in refused.content.decode()
    assert _stored(libya) == STORED


def test_it_can_be_changed_and_removed_and_the_change_is_in_the_audit_log(libya: House) -> None:
    client, url = libya.as_(libya.owner), libya.url(f"instances/{libya.number.pk}/edit/")
    data = {"instance_id": "MZB-1", "label": "Reception"}
    assert client.post(url, data | {"whatsapp_number": "0921234567"}).status_code == 302
    assert _stored(libya) == "+218921234567"
    assert "+218921234567" in client.get(libya.url("audit/")).content.decode()
    assert client.post(url, data | {"whatsapp_number": ""}).status_code == 302
    assert _stored(libya) == ""


def test_the_page_of_the_number_shows_it(libya: House) -> None:
    page = libya.as_(libya.owner).get(libya.url(f"instances/{libya.number.pk}/")).content.decode()
    assert STORED in page


@pytest.mark.parametrize("text", [STORED, "0912345678", "91234", "218912345678"])
@pytest.mark.parametrize("path", ["board/?q=", "search/?q="])
def test_it_is_found_however_it_is_written(libya: House, path: str, text: str) -> None:
    found = libya.as_(libya.owner).get(libya.url(path) + text.replace("+", "%2B"), follow=True)
    assert "MZB-1" in found.content.decode()


def test_the_export_holds_it_as_text(libya: House) -> None:
    response = libya.as_(libya.owner).get(libya.url("board/export/csv/"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["WhatsApp number"].lstrip("\u200e") == STORED, "a mark keeps the plus in a spreadsheet"


def test_a_number_that_an_older_rule_took_stays_until_it_is_changed(house: House) -> None:
    Center._base_manager.filter(pk=house.center.pk).update(phone="+20123456")
    Instance._base_manager.filter(pk=house.number.pk).update(whatsapp_number="+20123456")
    url = house.url(f"centers/{house.center.pk}/edit/")
    fields = {"name": "Renamed", "currency": "USD", "language": "en", "country_id": "1"}
    client = house.as_(house.owner)
    assert client.post(url, {**fields, "phone": "+20123456"}).status_code == 302
    number = {"instance_id": house.number.instance_id, "whatsapp_number": "+20123456"}
    of_number = house.url(f"instances/{house.number.pk}/edit/")
    assert client.post(of_number, {**number, "label": "Renamed"}).status_code == 302
    with tenant(house.reseller):
        assert Center.objects.get(name="Renamed").phone == "+20123456"
        assert Instance.objects.get(label="Renamed").whatsapp_number == "+20123456"
    assert client.post(url, {**fields, "phone": "+20123457"}).status_code == 422
    assert client.post(of_number, {**number, "whatsapp_number": "+20123457"}).status_code == 422
