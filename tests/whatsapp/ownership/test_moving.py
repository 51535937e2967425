"""Moving a number, and its first billed day, from its pages."""

from datetime import timedelta

from centers import clock
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, member
from tests.whatsapp.conftest import Place
from tests.whatsapp.views.conftest import House, house
from whatsapp.models import InstanceAssignment
from whatsapp.ownership.billing_start import mazbot_today

__all__ = ["house"]


def test_the_move_asks_for_todays_usage_and_says_what_happens_without_it(
    new_place: object, house: House
) -> None:
    place: Place = new_place()  # type: ignore[operator]
    number, other = place.add(), CenterFactory(reseller=place.reseller, name="Beta")
    client = house.as_(member(place.reseller, password=None))
    base = f"/r/{place.reseller.slug}/instances/{number.pk}/"
    assert "asked for today's usage first" in client.get(f"{base}edit/").content.decode()
    place.control.set_fault("usage", "500", times=1)
    refused = client.post(f"{base}move/", {"center": other.pk})
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "hasn&#x27;t been fetched yet" in text
    assert 'name="anyway"' in text
    moved = client.post(f"{base}move/", {"center": other.pk}, follow=True).content.decode()
    assert place.calls("usage") == 2
    assert f"until now stays with “{place.center.name}”" in moved
    assert "Centers of this number" in moved
    assert moved.index("Beta") < moved.rindex(place.center.name)
    place.control.set_fault("usage", "500", times=1)
    back = client.post(f"{base}move/", {"center": place.center.pk, "anyway": "on"}, follow=True)
    assert "What was fetched of today" in back.content.decode()


def test_the_first_billed_day_is_chosen_on_the_form(house: House) -> None:
    client = house.as_(house.owner)
    with tenant(house.reseller):
        today = mazbot_today(house.reseller, clock.now())
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    assert f'value="{today.isoformat()}"' in client.get(url).content.decode()
    far = {"instance_id": "MZB-7", "billed_from": "2020-01-01"}
    assert "at most one year" in client.post(url, far).content.decode()
    day = today - timedelta(days=3)
    assert client.post(url, far | {"billed_from": day.isoformat()}).status_code == 302
    with tenant(house.reseller):
        span = InstanceAssignment.objects.get(mazbot_id="MZB-7")
    assert (span.billed_from, span.first_day) == (day, day)
    edit = house.url(f"instances/{span.instance_id}/edit/")
    assert f'value="{day.isoformat()}"' in client.get(edit).content.decode()
    later = {"instance_id": "MZB-7", "billed_from": (today + timedelta(days=4)).isoformat()}
    assert client.post(edit, later).status_code == 302
    client.post(house.url(f"instances/{span.instance_id}/archive/"), {"typed": "MZB-7"})
    assert 'name="billed_from"' not in client.get(edit).content.decode()
