"""Provider incidents on the pages whose statuses may be out of date because of one."""

from datetime import timedelta

import pytest

from centers import clock, live
from centers.tenancy.scoping import tenant
from tests.whatsapp.views.conftest import House, house
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert, MazbotAccount
from whatsapp.monitoring.provider_incidents import note_checks

__all__ = ["house"]
pytestmark = pytest.mark.django_db
Kind = Alert.Kind
STAFF = (
    "board/",
    "instances/{number}/",
    "home/connections/",
    "jobs/requests/",
    "centers/{center}/instances/",
)


def pages(house: House) -> list[str]:
    """What staff see on each of STAFF, and what the center sees in its portal."""
    ids = {"number": house.number.pk, "center": house.center.pk}
    shown = [house.as_(house.owner).get(house.url(path.format(**ids))) for path in STAFF]
    shown.append(house.as_(house.admin).get(house.portal("numbers/")))
    assert {response.status_code for response in shown} == {200}
    return [" ".join(response.content.decode().split()) for response in shown]


def begin(house: House, kind: Alert.Kind, detail: str = "") -> None:
    since = clock.now() - timedelta(minutes=7)
    drops = since if kind == Kind.NUMBERS_DROPPED else None
    MazbotAccount.objects.filter(reseller=house.reseller).update(failing_since=since, drops_since=drops)
    if detail:
        # The alert of one that was over a moment before is continued; it began when this one did.
        open_alert(reseller=house.reseller, kind=kind, now=since - timedelta(minutes=20))
        resolve_alert(reseller=house.reseller, kind=kind, now=since - timedelta(minutes=5))
        open_alert(reseller=house.reseller, kind=kind, detail=detail, now=since)


@pytest.mark.parametrize(
    ("kind", "means", "portal"),
    [
        (Kind.PROVIDER_FAILING, "no center is suspended", "Statuses may be out of date"),
        (Kind.NUMBERS_DROPPED, "not the phones", "Many numbers lost their connection at the same time"),
    ],
)
@pytest.mark.parametrize("detail", ["31 of the last 40 checks failed.", ""])
def test_every_page_with_statuses_says_what_lasts_and_what_it_means(
    house: House, kind: Alert.Kind, means: str, portal: str, detail: str
) -> None:
    """Without `detail` there is no alert: maintenance of all numbers hides it."""
    assert not any(means in text or portal in text for text in pages(house))
    with tenant(house.reseller):
        begin(house, kind, detail)
    *staff, own = pages(house)
    for text in staff:
        assert str(kind.label) in text
        assert means in text
        assert "7 minutes ago" in text
        assert detail in text
    assert portal in own
    assert "MazBot" not in own


def test_open_pages_of_staff_and_centers_hear_that_one_begins_and_ends(
    house: House, django_capture_on_commit_callbacks, monkeypatch
) -> None:
    sent: list[tuple[set[str], tuple[int, ...]]] = []
    monkeypatch.setattr(live, "_send", lambda _reseller, topics, centers: sent.append((set(topics), centers)))
    now = clock.now()
    with tenant(house.reseller):
        for seconds, answered, failed in ((0, 0, 20), (30, 20, 0)):
            sent.clear()
            with django_capture_on_commit_callbacks(execute=True):
                note_checks(
                    reseller=house.reseller,
                    answered=answered,
                    failed=failed,
                    now=now + timedelta(seconds=seconds),
                )
            assert ({"instances"}, (house.center.pk,)) in sent
