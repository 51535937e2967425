"""The MazBot account's settings: secrets stay secret, and the test names what is wrong."""

from datetime import timedelta

import pytest
from django.test import Client

from centers import clock
from centers.models import Role
from centers.tenancy.scoping import tenant
from tests.factories import member
from tests.whatsapp.conftest import Place
from tests.whatsapp.views.conftest import House
from whatsapp.models import MazbotAccount

SETTINGS = {
    "base_url": "https://mazbot.net/api",
    "api_key": "",
    "email": "staff@demo-reseller.example",
    "password": "",
    "locale_prefix": "",
    "rate_limit": "60",
    "body_format": "form",
    "time_zone": "Asia/Riyadh",
    "cost_currency": "USD",
    "stale_hours": "24",
    "webhook_secret": "",
}


def _account(house: House) -> MazbotAccount:
    with tenant(house.reseller):
        return MazbotAccount.objects.get()


def test_secrets_are_kept_when_left_empty_and_never_shown(house: House) -> None:
    client = house.as_(house.owner)
    response = client.post(house.url("settings/mazbot/"), {**SETTINGS, "rate_limit": "90"})
    assert response.status_code == 302
    account = _account(house)
    assert (account.api_key, account.password, account.rate_limit) == ("demo-key", "demo-password", 90)
    page = client.get(house.url("settings/mazbot/")).content.decode()
    assert "demo-key" not in page
    assert "demo-password" not in page
    assert account.webhook_path_token in page


def test_typed_secrets_are_not_sent_back_with_an_error(house: House) -> None:
    data = {**SETTINGS, "api_key": "typed-key-canary", "time_zone": "Mars/Base"}
    response = house.as_(house.owner).post(house.url("settings/mazbot/"), data)
    assert response.status_code == 422
    text = response.content.decode()
    assert "“Mars/Base” isn&#x27;t a known time zone." in text
    assert "typed-key-canary" not in text
    assert _account(house).api_key == "demo-key"


def test_stored_secrets_do_not_follow_a_changed_address(house: House) -> None:
    data = {**SETTINGS, "base_url": "https://elsewhere.example/api"}
    for path in ("settings/mazbot/", "settings/mazbot/test/"):
        response = house.as_(house.owner).post(house.url(path), data)
        assert response.status_code == 422
        assert "Enter this again" in response.content.decode()
    assert _account(house).base_url != "https://elsewhere.example/api"


@pytest.mark.parametrize("field", ["webhook_path_token", "credentials_version", "reseller"])
def test_undeclared_fields_have_no_effect(house: House, field: str) -> None:
    before = getattr(_account(house), f"{field}_id" if field == "reseller" else field)
    house.as_(house.owner).post(house.url("settings/mazbot/"), {**SETTINGS, field: "77"})
    assert getattr(_account(house), f"{field}_id" if field == "reseller" else field) == before


def test_the_first_account_of_a_reseller(house: House) -> None:
    with tenant(house.reseller):
        house.account.delete()
    client = house.as_(house.owner)
    page = client.get(house.url("settings/mazbot/")).content.decode()
    assert "Save the account first" in page
    assert client.post(house.url("settings/mazbot/"), SETTINGS).status_code == 422
    data = {**SETTINGS, "api_key": "k", "password": "p"}
    assert client.post(house.url("settings/mazbot/"), data).status_code == 302
    assert _account(house).api_key == "k"


# --- Test connection --------------------------------------------------------------------------------------


def _try(place: Place, **changes: str) -> str:
    client = Client()
    client.force_login(member(place.reseller, Role.OWNER, password=None))
    data = {
        **SETTINGS,
        "base_url": place.account.base_url,
        "email": place.account.email,
        "rate_limit": "6000",
        **changes,
    }
    response = client.post(
        f"/r/{place.reseller.slug}/settings/mazbot/test/",
        data,
        headers={"HX-Request": "true", "HX-Target": "test-result"},
    )
    text: str = response.content.decode()
    assert response.status_code == 200, text
    assert text.strip().startswith('<div id="test-result"')
    assert "secret-password" not in text
    assert place.api_key not in text.replace(place.account.email, "")
    return text


@pytest.fixture
def there(new_place: object) -> Place:
    return new_place()  # type: ignore[operator, no-any-return]


def test_a_good_account_works(there: Place) -> None:
    assert "The connection works." in _try(there)


def test_a_wrong_key_is_named(there: Place) -> None:
    text = _try(there, api_key="wrong")
    assert "Failed at: API key" in text


def test_a_wrong_password_is_named_with_the_hint(there: Place) -> None:
    text = _try(there, password="wrong")
    assert "Failed at: Sign-in" in text
    assert "staff account" in text


def test_an_address_where_no_one_answers_is_named(there: Place) -> None:
    text = _try(there, base_url="http://127.0.0.1:9/api", api_key="k", password="p")
    assert "Failed at: Network" in text


def test_testing_saves_nothing(there: Place) -> None:
    _try(there, api_key="wrong", rate_limit="5")
    with tenant(there.reseller):
        account = MazbotAccount.objects.get()
    assert (account.api_key, account.rate_limit) == (there.api_key, 6000)


def test_the_page_says_working_again_after_an_error_is_over(house: House) -> None:
    earlier, later = clock.now() - timedelta(minutes=9), clock.now() - timedelta(minutes=1)
    for error_at, ok_at, works in ((earlier, later, True), (later, earlier, False), (later, None, False)):
        with tenant(house.reseller):
            MazbotAccount.objects.update(last_error_at=error_at, last_error_kind="limit", last_ok_at=ok_at)
        page = house.as_(house.owner).get(house.url("settings/mazbot/")).content.decode()
        assert ("Working" in page, "used up its requests per minute" in page) == (works, not works)
