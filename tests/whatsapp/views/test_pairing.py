"""Pairing through the pages, against a MazBot over real HTTP."""

import io
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from PIL import Image

from centers.models import Role, User
from centers.tenancy.scoping import tenant
from tests.factories import member
from tests.whatsapp.conftest import Place
from whatsapp.models import Connection, Instance, PairingAttempt, PairingLink, Service, StatusInterval
from whatsapp.monitoring.scheduler import check_instances
from whatsapp.pairing.qr_worker import ask_code, watch

HTMX = {"HX-Request": "true", "HX-Target": "pairing"}
State = PairingAttempt.State


@dataclass
class Desk:
    """A number at the sandbox, a person who may pair it, and what the worker would do."""

    place: Place
    number: Instance
    support: User
    client: Client

    def url(self, tail: str = "") -> str:
        return f"/r/{self.place.reseller.slug}/instances/{self.number.pk}/pair/{tail}"

    def work(self) -> PairingAttempt:
        """Let the worker fetch the code that was asked for."""
        with tenant(self.place.reseller):
            attempt = PairingAttempt.objects.select_related("instance__center", "reseller").get(
                state="asking"
            )
            ask_code(attempt=attempt, now=timezone.now())
            attempt.refresh_from_db()
        return attempt

    def look(self) -> None:
        """Let the worker look whether the phone took the code."""
        with tenant(self.place.reseller):
            for attempt in PairingAttempt.objects.select_related("instance__center", "reseller").filter(
                state="shown"
            ):
                watch(attempt=attempt, now=timezone.now())

    def attempts(self) -> list[str]:
        with tenant(self.place.reseller):
            return list(PairingAttempt.objects.order_by("pk").values_list("state", flat=True))

    def set(self, **fields: object) -> None:
        with tenant(self.place.reseller):
            Instance.objects.filter(pk=self.number.pk).update(**fields)


@pytest.fixture
def desk(new_place: object) -> Desk:
    place: Place = new_place()  # type: ignore[operator]
    number = place.add("disconnected", label="Reception", connection=Connection.DISCONNECTED)
    support = member(place.reseller, Role.SUPPORT, password=None)
    client = Client()
    client.force_login(support)
    return Desk(place, number, support, client)


def _stage(response: object) -> str:
    text = response.content.decode()  # type: ignore[attr-defined]
    return text.split('data-stage="')[1].split('"')[0]


def test_from_the_first_click_to_connected(desk: Desk) -> None:
    assert _stage(desk.client.get(desk.url())) == "none"

    asked = desk.client.post(desk.url("start/"), headers=HTMX)
    assert _stage(asked) == "asking"
    assert "every 2s" in asked.content.decode()
    assert "<html" not in asked.content.decode()

    desk.work()
    shown = desk.client.get(desk.url("state/"), headers=HTMX)
    assert _stage(shown) == "shown"
    assert "every 2s" in shown.content.decode()
    image = desk.client.get(desk.url("image/"))
    assert image["Content-Type"] == "image/png"
    assert "no-store" in image["Cache-Control"]
    assert min(Image.open(io.BytesIO(image.content)).size) >= 100

    desk.place.control.scan(desk.number.instance_id)
    desk.look()
    done = desk.client.get(desk.url("state/"), headers=HTMX)
    assert _stage(done) == "connected"
    assert "every 2s" not in done.content.decode()
    assert desk.client.get(desk.url("image/")).status_code == 404


def test_a_double_click_asks_mazbot_once(desk: Desk) -> None:
    for _click in range(2):
        assert _stage(desk.client.post(desk.url("start/"), headers=HTMX)) == "asking"
    desk.work()
    assert _stage(desk.client.post(desk.url("start/"), headers=HTMX)) == "shown"
    assert desk.attempts() == [State.SHOWN]
    assert desk.place.calls("connect") == 1


def test_without_scripts_the_page_comes_back(desk: Desk) -> None:
    response = desk.client.post(desk.url("start/"))
    assert response.status_code == 302
    assert response["Location"] == desk.url()
    assert _stage(desk.client.get(desk.url())) == "asking"


def test_an_expired_code_is_covered_and_may_be_renewed_by_the_page(desk: Desk) -> None:
    desk.client.post(desk.url("start/"), headers=HTMX)
    attempt = desk.work()
    with tenant(desk.place.reseller):
        PairingAttempt.objects.filter(pk=attempt.pk).update(expires_at=timezone.now())
    text = desk.client.get(desk.url("state/"), headers=HTMX).content.decode()
    assert 'data-stage="expired"' in text
    assert "New code" in text
    assert "data-renew" in text
    assert "<img" not in text
    assert desk.client.get(desk.url("image/")).status_code == 404


def test_after_six_codes_in_a_row_a_person_has_to_ask(desk: Desk) -> None:
    for number in range(6):
        desk.client.post(desk.url("start/"), {"auto": "1"} if number else {}, headers=HTMX)
        attempt = desk.work()
        with tenant(desk.place.reseller):
            PairingAttempt.objects.filter(pk=attempt.pk).update(expires_at=timezone.now())
    text = desk.client.get(desk.url("state/"), headers=HTMX).content.decode()
    assert 'data-stage="expired"' in text
    assert "data-renew" not in text
    refused = desk.client.post(desk.url("start/"), {"auto": "1"}, headers=HTMX)
    assert _stage(refused) == "expired"
    assert _stage(desk.client.post(desk.url("start/"), headers=HTMX)) == "asking"


@pytest.mark.parametrize(
    ("fields", "stage", "sentence"),
    [
        ({"desired_state": Service.DISABLED}, "blocked", "is disabled"),
        ({"archived_at": timezone.now()}, "blocked", "archived"),
        ({"connection": Connection.CONNECTED}, "connected", "already connected"),
    ],
)
def test_what_stands_in_the_way_is_said(
    desk: Desk, fields: dict[str, object], stage: str, sentence: str
) -> None:
    desk.set(**fields)
    for response in (desk.client.get(desk.url()), desk.client.post(desk.url("start/"), headers=HTMX)):
        assert _stage(response) == stage
        assert sentence in response.content.decode()
    assert desk.attempts() == []


def test_without_an_account_the_page_says_so(desk: Desk) -> None:
    with tenant(desk.place.reseller):
        desk.place.account.delete()
    response = desk.client.post(desk.url("start/"), headers=HTMX)
    assert response.status_code == 409
    assert "No MazBot account is set up yet" in response.content.decode()


def test_mazbots_failure_is_a_sentence_and_another_try(desk: Desk) -> None:
    desk.place.control.set_fault("connect", "500")
    desk.client.post(desk.url("start/"), headers=HTMX)
    desk.work()
    text = desk.client.get(desk.url("state/"), headers=HTMX).content.decode()
    assert 'data-stage="failed"' in text
    assert "MazBot had an internal error" in text
    assert "Try again" in text
    assert 'role="alert"' in text


# --- Shared links ----------------------------------------------------------------------------------------


def _make_link(desk: Desk) -> str:
    response = desk.client.post(desk.url("link/"), headers={"HX-Request": "true"})
    text = response.content.decode()
    return "/pair/" + text.split('data-copy="')[1].split("/pair/")[1].split('"')[0]


def test_a_shared_link_pairs_without_an_account(desk: Desk) -> None:
    desk.place.center.name = "Secret center"
    desk.place.center.save()
    path = _make_link(desk)
    visitor = Client()
    page = visitor.get(path)
    text = page.content.decode()
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert "Reception" in text
    assert "Secret center" not in text
    assert desk.number.instance_id not in text

    assert _stage(visitor.post(f"{path}start/", headers=HTMX)) == "asking"
    desk.work()
    assert _stage(visitor.get(f"{path}state/", headers=HTMX)) == "shown"
    assert visitor.get(f"{path}image/")["Content-Type"] == "image/png"
    desk.place.control.scan(desk.number.instance_id)
    desk.look()
    assert _stage(visitor.get(f"{path}state/", headers=HTMX)) == "connected"
    with tenant(desk.place.reseller):
        assert PairingLink.objects.get().used_at is not None
        attempt = PairingAttempt.objects.get()
    assert (attempt.via, attempt.by) == (PairingAttempt.Via.LINK, None)


def test_a_link_can_be_used_again_after_a_scan_that_whatsapp_undid_and_then_says_that_it_is_done(
    desk: Desk,
) -> None:
    path, visitor = _make_link(desk), Client()

    def scan() -> None:
        visitor.post(f"{path}start/", headers=HTMX)
        desk.work()
        desk.place.control.scan(desk.number.instance_id)
        desk.look()
        assert _stage(visitor.get(f"{path}state/", headers=HTMX)) == "connected"

    scan()
    desk.place.control.logout_phone(desk.number.instance_id)
    desk.look()
    with tenant(desk.place.reseller):
        check_instances(
            reseller=desk.place.reseller, instances=[desk.number], now=timezone.now(), deadline=10
        )
    page = visitor.get(path)
    assert page.status_code == 200
    assert "ended the connection" in page.content.decode()
    scan()
    with tenant(desk.place.reseller):
        held = timedelta(minutes=6)
        PairingLink.objects.update(used_at=F("used_at") - held)
        StatusInterval.objects.filter(until=None).update(since=F("since") - held)
    page = visitor.get(path)
    assert page.status_code == 410
    assert "nothing more to do" in page.content.decode()
    assert "Ask for a new one" not in page.content.decode()
    assert _stage(visitor.get(f"{path}state/", headers=HTMX)) == "gone"
    assert visitor.post(f"{path}start/").status_code == 410


def test_a_revoked_link_an_old_one_and_an_invented_one_look_alike(desk: Desk) -> None:
    first = _make_link(desk)
    second = _make_link(desk)
    answers = [Client().get(path) for path in (first, "/pair/invented/")]
    assert desk.client.post(desk.url("link/revoke/")).status_code == 302
    answers.append(Client().get(second))
    for answer in answers:
        assert answer.status_code == 404
        assert "no longer works" in answer.content.decode()
        assert "Reception" not in answer.content.decode()
    assert _stage(Client().get(f"{second}state/", headers=HTMX)) == "gone"
    assert Client().get(f"{second}image/").status_code == 404
    assert desk.attempts() == []


def test_the_links_address_is_shown_once(desk: Desk) -> None:
    path = _make_link(desk)
    token = path.strip("/").split("/")[-1]
    assert token not in desk.client.get(desk.url()).content.decode()
    with tenant(desk.place.reseller):
        assert token not in PairingLink.objects.get().token_hash


# --- The portal -------------------------------------------------------------------------------------------


def test_a_center_admin_pairs_on_the_portal(desk: Desk) -> None:
    admin = Client()
    admin.force_login(member(desk.place.reseller, Role.CENTER_ADMIN, desk.place.center, password=None))
    base = f"/c/{desk.place.center.pk}/numbers/{desk.number.pk}/pair/"
    assert _stage(admin.get(base)) == "none"
    assert _stage(admin.post(f"{base}start/", headers=HTMX)) == "asking"
    attempt = desk.work()
    assert attempt.via == PairingAttempt.Via.PORTAL
    assert _stage(admin.get(f"{base}state/", headers=HTMX)) == "shown"
    assert admin.get(f"{base}image/").status_code == 200
    desk.set(archived_at=timezone.now())
    assert admin.get(base).status_code == 404
