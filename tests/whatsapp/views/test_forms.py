"""Forms of the pages of numbers: no form is answered without saying what is wrong with it, and where."""

import re

import pytest

from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.pages import field_errors, top_errors
from tests.whatsapp.views.conftest import House
from tests.whatsapp.views.test_imports import GOOD, _batch, _upload


def test_an_empty_post_is_answered_with_what_is_missing(house: House) -> None:
    number = f"instances/{house.number.pk}/"
    addresses = [
        "settings/mazbot/",
        f"centers/{house.center.pk}/instances/add/",
        f"{number}edit/",
        f"{number}move/",
        f"{number}archive/",
        f"{number}webhook/",
        "import/",
    ]
    client = house.as_(house.owner)
    answers = {address: client.post(house.url(address)) for address in addresses}
    webhook = house.portal(f"numbers/{house.number.pk}/webhook/")
    answers["portal"] = house.as_(house.admin).post(webhook)
    assert {address: answer.status_code for address, answer in answers.items()} == dict.fromkeys(answers, 422)
    assert [address for address, answer in answers.items() if not field_errors(answer)] == []


def test_a_number_for_an_archived_center_is_refused_on_top_of_the_form(house: House) -> None:
    with tenant(house.reseller):
        Center.objects.filter(pk=house.center.pk).update(archived_at=house.number.created_at)
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    response = house.as_(house.owner).post(url, {"instance_id": "NEW-1"})
    assert "is archived" in top_errors(response)
    assert field_errors(response) == {}


def test_a_known_id_is_refused_beside_the_id(house: House) -> None:
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    response = house.as_(house.owner).post(url, {"instance_id": "MZB-1"})
    assert "already belongs to" in field_errors(response)["instance_id"]


@pytest.mark.parametrize(("confirmed", "shown"), [(False, "beside"), (True, "on top")])
def test_a_wrong_encoding_is_answered_on_the_page_of_the_file(
    house: House, confirmed: bool, shown: str
) -> None:
    url = _upload(house, GOOD)
    client = house.as_(house.support)
    if confirmed:
        client.post(f"{url}confirm/")
    response = client.post(f"{url}read-again/", {"encoding": "no such"})
    assert response.status_code == 422
    text = field_errors(response).get("encoding") if shown == "beside" else top_errors(response)
    assert text == "Choose one of the encodings."
    page = response.content.decode()
    assert "Import of “numbers.csv”" in page
    part = re.search(r'<div id="batch"[^>]*>', page)
    assert part
    assert ('hx-trigger="live' in part[0]) is confirmed, "a live update would take away the error inside"


def test_a_file_that_is_being_imported_is_not_read_again(house: House) -> None:
    url = _upload(house, GOOD)
    client = house.as_(house.support)
    client.post(f"{url}confirm/")
    response = client.post(f"{url}read-again/", {"encoding": "utf-8"})
    assert response.status_code == 422
    assert "no longer ready to import" in top_errors(response)
    assert _batch(house).state == "queued"
