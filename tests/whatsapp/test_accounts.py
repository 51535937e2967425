"""The MazBot account: its client, its credentials, its words; and new resellers."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from centers.errors import OperationRefused
from centers.models import AuditEntry, Membership, Reseller, User
from centers.tenancy.scoping import every_tenant, tenant
from tests.factories import PASSWORD, ResellerFactory, UserFactory
from whatsapp.accounts import (
    account_of,
    client_for,
    explain,
    explain_diagnosis,
    explain_kind,
    note_error,
    note_success,
    save_account,
    unsaved_account,
)
from whatsapp.accounts import test_account as try_account
from whatsapp.mazbot import ErrorKind, MazBotError, Step
from whatsapp.models import MazbotAccount


def test_a_process_keeps_one_client_per_account_and_version(place):
    first = client_for(place.account)
    assert client_for(MazbotAccount.objects.get()) is first
    save_account(reseller=place.reseller, by=None, password="another")
    assert client_for(MazbotAccount.objects.get()) is not first


def test_saving_keeps_empty_secrets_and_traces_no_secret(place):
    person = UserFactory()
    account = save_account(
        reseller=place.reseller,
        by=person,
        api_key="",
        password="new-secret-word",
        webhook_secret="",
        rate_limit=90,
    )
    assert (account.api_key, account.password, account.rate_limit) == (place.api_key, "new-secret-word", 90)
    assert account.credentials_version == 2
    event = AuditEntry.objects.get()
    assert (event.action, event.actor) == ("mazbot_account.changed", person)
    assert sorted(event.data["fields"]) == ["password", "rate_limit"]
    assert "new-secret-word" not in str(event.data)
    save_account(reseller=place.reseller, by=person, rate_limit=91)
    assert MazbotAccount.objects.get().credentials_version == 2, "no new login for a new limit"


def test_undeclared_fields_are_refused(place):
    with pytest.raises(TypeError):
        save_account(reseller=place.reseller, by=None, failing_since=None)


def test_without_an_account_there_is_a_sentence(db):
    reseller = ResellerFactory()
    with tenant(reseller):
        with pytest.raises(OperationRefused, match="settings"):
            account_of(reseller)
        save_account(
            reseller=reseller,
            by=None,
            base_url="https://mazbot.net/api",
            api_key="k",
            email="a@b.example",
            password="p",
        )
        assert account_of(reseller).api_key == "k"


@pytest.mark.parametrize(
    ("wrong", "step"),
    [
        ({"password": "wrong"}, Step.LOGIN),
        ({"api_key": "wrong"}, Step.API_KEY),
        ({"base_url": "http://127.0.0.1:9/api"}, Step.NETWORK),
    ],
)
def test_a_test_of_unsaved_settings_names_what_is_wrong(place, wrong, step):
    found = try_account(account=unsaved_account(reseller=place.reseller, **wrong))
    assert (found.ok, found.step) == (False, step)
    assert explain_diagnosis(found)
    good = try_account(account=unsaved_account(reseller=place.reseller, password=""))
    assert good.ok, "an empty password is the stored one"
    assert MazbotAccount.objects.get().password == "secret-password"


def test_every_error_has_words_and_keeps_mazbots_own(place):
    for kind in ErrorKind:
        assert explain(MazBotError(kind, "text"))
        assert explain_kind(kind.value)
    refused = MazBotError(ErrorKind.REFUSED, "This instance is already connected.")
    assert "already connected" in explain(refused)
    assert explain_kind("") == ""


def test_only_what_a_job_asks_again_is_said_to_be_asked_again(place):
    again = "We'll try again automatically."
    assert explain_kind(ErrorKind.TIMEOUT) == f"MazBot didn't answer in time. {again}"
    assert explain_kind(ErrorKind.TIMEOUT, by_hand=True) == "MazBot didn't answer in time."
    assert again not in explain_kind(ErrorKind.LOGIN)


def test_successes_are_written_once_a_minute(place, now):
    note_success(place.account, now=now)
    note_success(place.account, now=now + timedelta(seconds=30))
    assert MazbotAccount.objects.get().last_ok_at == now
    note_error(place.account, MazBotError(ErrorKind.SERVER, "x"), now=now + timedelta(seconds=40))
    note_success(place.account, now=now + timedelta(seconds=41))
    account = MazbotAccount.objects.get()
    assert account.last_ok_at == now + timedelta(seconds=41)
    assert account.last_error_kind == "server"


def test_a_locale_prefix_found_at_login_is_kept(place, mazbot_server, now):
    mazbot_server.control.add_account("ar-key", "ar@x.example", "pw", locale_prefix="ar", rate_limit=6000)
    account = save_account(
        reseller=place.reseller, by=None, api_key="ar-key", email="ar@x.example", password="pw"
    )
    client_for(account).login()
    note_success(account, now=now)
    assert MazbotAccount.objects.get().locale_prefix == "ar"


def options(**changes):
    given = {
        "name": "Tripoli Connect",
        "currency": "lyd",
        "language": "ar",
        "time_zone": "Africa/Tripoli",
        "owner_email": "owner@tripoli.example",
        "owner_password": "a long enough word",
        "mazbot_url": "http://127.0.0.1:9100/api",
        "mazbot_api_key": "key",
        "mazbot_email": "staff@tripoli.example",
        "mazbot_password": "pw",
    }
    return [f"--{name.replace('_', '-')}={value}" for name, value in (given | changes).items()]


def create(*more, **changes):
    out = StringIO()
    call_command("create_reseller", *options(**changes), *more, stdout=out)
    return out.getvalue()


def test_the_command_creates_all_of_a_reseller(db):
    result = json.loads(create("--json", "--rate-limit=90"))
    assert result["slug"] == "tripoli-connect"
    assert result["url"].endswith("/r/tripoli-connect/")
    reseller = Reseller.objects.get(pk=result["id"])
    assert (reseller.currency, reseller.language, reseller.time_zone) == ("LYD", "ar", "Africa/Tripoli")
    membership = Membership.objects.get(reseller=reseller)
    assert (membership.role, membership.user.email) == ("owner", "owner@tripoli.example")
    assert membership.user.check_password("a long enough word")
    with tenant(reseller):
        account = MazbotAccount.objects.get()
    assert (account.api_key, account.rate_limit, account.base_url) == ("key", 90, "http://127.0.0.1:9100/api")


def test_names_without_latin_letters_and_used_ones_get_an_address(db):
    assert "reseller" in create(name="مركز الاتصال")
    assert "tripoli-connect-2" in create(owner_email="b@x.example") + create(owner_email="c@x.example")
    assert "mine" in create("--slug=mine", owner_email="d@x.example")


@pytest.mark.django_db
def test_the_command_takes_a_country_of_iso_3166():
    create("--slug=tripoli", "--country=ly")
    assert Reseller.objects.get(slug="tripoli").country == "LY"
    with pytest.raises(CommandError, match="“ZZ” isn't a country code"):
        create("--country=zz", owner_email="z@x.example")


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "XXZ"},
        {"language": "fr"},
        {"time_zone": "Mars/Base"},
        {"owner_email": "unknown"},
        {"owner_password": "short"},
        {"mazbot_url": "mazbot"},
        {"mazbot_email": "unknown"},
        {"mazbot_api_key": ""},
        {"name": " "},
    ],
)
def test_a_wrong_value_is_a_sentence_and_nothing_is_made(db, wrong):
    with pytest.raises(CommandError) as refusal:
        create(**wrong)
    assert str(refusal.value)
    assert "Traceback" not in str(refusal.value)
    with every_tenant():
        made = [Reseller.objects.count(), User.objects.count(), MazbotAccount.objects.count()]
    assert made == [0, 0, 0]


def test_an_owner_of_two_needs_their_own_password(db):
    known = UserFactory(email="owner@tripoli.example")
    with pytest.raises(CommandError, match="different password"):
        create()
    create(owner_password=PASSWORD)
    assert Membership.objects.get().user == known
