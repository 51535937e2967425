"""Into every form of every page: fields that it does not offer have no effect, ids of another tenant do not exist."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction
from django.test import Client
from django.utils.http import urlencode

from billing.models import Invoice
from centers.models import Membership, Reseller, Role, User
from tests.centers.values.test_images import encoded
from tests.factories import ResellerFactory, member
from tests.guards.addresses import all_addresses
from tests.guards.forms import PageForm, forms_on
from tests.guards.rows import TenantRows, snapshot, tenant_models
from tests.guards.test_url_access import PUBLIC, url_of
from tests.people import FRAGMENT, sign_in
from tests.shared_rows import ROWS

MINE, THEIRS, NO_ONES = 800_001, 900_001, 700_001
#: Every text of the other tenant's rows is a number above its id, so one of these on a page is a leak.
CANARY = re.compile(r"(?<!\d)9000(?!01)\d\d(?!\d)")
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
EVERY_MODEL = [*tenant_models(), Membership, Reseller, User]
#: Rewritten by every try, regardless of the fields sent.
RANDOM = {
    "token_hash", "mail_token_hash", "password", "last_login", "api_key", "webhook_secret", "old_secret",
}  # fmt: skip
#: What people type, by the name of the field, else by its type.
TYPED = {
    "phone": "+96899887897", "base": "USD", "quote": "LYD", "locale_prefix": "ar", "lines": "abc-1 One\nabc-2 Two",
    "quiet_dates": "", "email": "new@example.com", "url": "https://93.184.215.14/", "date": "2026-12-01",
    "number": "3", "password": "violet tram 77 lemon", "color": "#112233",
}  # fmt: skip
CSV = b"center,contact_name,email,phone,country_id,currency,language,instance_id,label\nNew,,,,,,,new-1,\n"
#: Forms whose field of the same name is not on every page that sends them, and why that is right.
MAY = {"settings_branding": {"logo"}}


@dataclass
class Crawl:
    """The rows of two tenants, and the forms that people of the first find, each with its audience."""

    mine: TenantRows
    theirs: TenantRows
    found: list[tuple[str, PageForm]]

    def forms(self) -> Iterator[tuple[Client, PageForm]]:
        clients = browsers(self.mine)
        for audience, form in self.found:
            yield clients[audience], form


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def crawl(request: pytest.FixtureRequest) -> Crawl:
    """Made once for the tests that begin with it: the crawl opens every page there is."""
    return ROWS.get(request, make_crawl)


def make_crawl() -> Crawl:
    theirs, mine = two_tenants()
    clients = browsers(mine)
    audiences = {id(client): audience for audience, client in clients.items()}
    return Crawl(mine, theirs, [(audiences[id(client)], form) for client, form in every_form(mine, clients)])


def two_tenants() -> tuple[TenantRows, TenantRows]:
    """Another tenant, and ours with something to choose."""
    theirs, mine = (TenantRows(ResellerFactory(), first_pk=pk) for pk in (THEIRS, MINE))
    center, instance = mine.center, mine.instance
    mine.add(MINE + 1)
    mine.center, mine.instance = center, instance
    return theirs, mine


def extra(form: PageForm) -> dict[str, Any]:
    """Every model field that the form does not offer, with a value that would change something."""
    found = {}
    offered = form.names | MAY.get(form.target, set())
    for model in EVERY_MODEL:
        for field in model._meta.concrete_fields:
            for name in {field.name, field.attname}:
                if name not in offered:
                    found[name] = _harmful(field)
    return found


def _harmful(field: models.Field[Any, Any]) -> str:
    if field.remote_field is not None or field.primary_key:
        return str(THEIRS)
    if field.choices:
        return str(field.choices[-1][0])
    if isinstance(field, models.BooleanField):
        return "on"
    if isinstance(field, models.DateTimeField):
        return "2020-01-01 00:00"
    if isinstance(field, models.DateField):
        return "2020-01-01"
    return "7"


def filled(form: PageForm, rows: TenantRows) -> dict[str, Any]:
    """What a person would send who fills in everything."""
    numbers = {"invoice_void": str(rows.of(Invoice).number), "instance_archive": rows.instance.instance_id}
    words = dict.fromkeys(("confirm", "typed"), numbers.get(form.target, str(rows.center)))
    if form.target.startswith("instance_switch"):
        words["typed"] = str(rows.instance)
    typed = {
        name: words.get(name) or TYPED.get(name, TYPED.get(kind, "7")) for name, kind in form.empty.items()
    }
    file = encoded("PNG") if "logo_file" in form.names else CSV
    files = {name: SimpleUploadedFile("x.csv", file) for name, kind in form.empty.items() if kind == "file"}
    empty_areas = {name: TYPED.get(name, "7") for name, values in form.values.items() if values == [""]}
    return {**form.values, **typed, **files, **empty_areas}


def outcome(client: Client, form: PageForm, data: dict[str, Any]) -> dict[str, list[str]]:
    """Everything stored after the POST, which is then rolled back; new rows get the same ids each time."""
    with transaction.atomic():
        _restart_ids()
        client.post(form.action, **_body(data))
        found: dict[str, list[str]] = {model.__name__: [] for model in EVERY_MODEL}
        with connection.cursor() as cursor:
            cursor.execute(_every_row_as_text())
            for name, row in cursor:
                found[name].append(row)
        transaction.set_rollback(True)
    return {name: sorted(rows) for name, rows in found.items()}


def _body(data: dict[str, Any]) -> dict[str, Any]:
    """As a browser sends it: a form with a file in parts, which take longer to read, any other in one line."""
    if any(isinstance(value, SimpleUploadedFile) for value in data.values()):
        return {"data": data}
    return {"data": urlencode(data, doseq=True), "content_type": "application/x-www-form-urlencoded"}


@cache
def _every_row_as_text() -> str:
    return " UNION ALL ".join(map(_rows_as_text, EVERY_MODEL))


def _rows_as_text(model: type[models.Model]) -> str:
    """A query for all compared columns, in one text per row: the models themselves would take a third of the test."""
    columns = [
        connection.ops.quote_name(field.column)
        for field in model._meta.concrete_fields
        if field.name not in RANDOM
    ]
    return f"SELECT '{model.__name__}', ROW({', '.join(columns)})::text FROM {model._meta.db_table}"


def _restart_ids() -> None:
    each = ", ".join(
        f"setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), 5000000)" for model in EVERY_MODEL
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {each}")


def browsers(rows: TenantRows) -> dict[str, Client]:
    admin = member(rows.reseller, Role.CENTER_ADMIN, rows.center)
    return {"staff": sign_in(Client(), rows.user), "portal": sign_in(Client(), admin)}


def every_form(rows: TenantRows, clients: dict[str, Client]) -> list[tuple[Client, PageForm]]:
    """One of each kind of form that is found on any page, and a POST without fields where no page has a form for."""
    found: dict[Any, tuple[Client, PageForm]] = {}
    places = {
        url_of(address, rows, rows.pk): (address.name, clients[address.audience or "staff"])
        for address in all_addresses()
        if address.audience or address.name in PUBLIC
    }
    for url, (_name, client) in places.items():
        for form in forms_on(client, url):
            if form.target and not form.target.startswith("account_"):
                found[form.key] = client, form  # the last one: the first member of a team is its only owner
    reached = {form.target for _client, form in found.values()}
    bare = [(client, PageForm(url)) for url, (name, client) in places.items() if name not in reached]
    return [*found.values(), *[one for one in bare if _takes_posts(*one)]]


def _takes_posts(client: Client, form: PageForm) -> bool:
    with transaction.atomic():
        status = client.post(form.action, headers=FRAGMENT).status_code
        transaction.set_rollback(True)
    return status != HTTPStatus.METHOD_NOT_ALLOWED


def test_no_field_that_a_form_does_not_offer_has_an_effect(crawl: Crawl) -> None:
    rows = crawl.mine
    before = outcome(Client(), PageForm("/livez"), {})
    effective, wrong = set(), {}
    for client, form in crawl.forms():
        plain = outcome(client, form, filled(form, rows))
        stuffed = outcome(client, form, {**extra(form), **filled(form, rows)})
        if plain != before:
            effective.add(form.target)
        if stuffed != plain:
            changed = {name for name in plain if plain[name] != stuffed[name]}
            wrong[form.key] = {name: set(stuffed[name]) ^ set(plain[name]) for name in changed}
    assert wrong == {}
    assert len(effective) >= 40, f"too few forms did anything: {sorted(effective)}"


def test_no_field_takes_another_tenants_id(crawl: Crawl) -> None:
    mine, theirs = crawl.mine, crawl.theirs
    before, tried = snapshot(theirs.reseller), 0
    for client, form in crawl.forms():
        data = filled(form, mine)
        ids = [name for name, value in form.values.items() if value[0] in (str(MINE), str(MINE + 1))]
        for name in ids:
            foreign, unknown = (outcome(client, form, {**data, name: str(pk)}) for pk in (THEIRS, NO_ONES))
            assert foreign == unknown, f"{form.target}: {name}"
            page = client.post(form.action, {**data, name: str(THEIRS)}).content.decode()
            assert not CANARY.search(page), f"{form.target}: {name}"
            tried += 1
    assert tried >= 3, "no field with an id was found"
    assert snapshot(theirs.reseller) == before
