"""Fields that a form does not offer have no effect: every field of every model, into every form of every page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction
from django.test import Client

from billing.models import Invoice
from centers.models import Membership, Reseller, Role, User
from tests.centers.values.test_images import encoded
from tests.factories import ResellerFactory, member
from tests.guards.addresses import all_addresses
from tests.guards.forms import PageForm, forms_on
from tests.guards.rows import TenantRows, tenant_models
from tests.guards.test_url_access import PUBLIC, url_of

MINE, THEIRS = 800_001, 900_001
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
EVERY_MODEL = [*tenant_models(), Membership, Reseller, User]
#: Rewritten by every try, regardless of the fields sent.
RANDOM = {"token_hash", "mail_token_hash", "password", "last_login", "api_key", "webhook_secret"}
#: What people type, by the name of the field, else by its type.
TYPED = {
    "phone": "+96899887897", "base": "USD", "quote": "LYD", "locale_prefix": "ar", "lines": "abc-1 One\nabc-2 Two",
    "quiet_dates": "", "email": "new@example.com", "url": "https://93.184.215.14/", "date": "2026-12-01",
    "number": "3", "password": "violet tram 77 lemon", "color": "#112233",
}  # fmt: skip
CSV = b"center,contact_name,email,phone,country_id,currency,language,instance_id,label\nNew,,,,,,,new-1,\n"
#: Forms whose field of the same name is not on every page that sends them, and why that is right.
MAY = {"settings_branding": {"logo"}}


@pytest.fixture
def rows(db: None) -> Iterator[TenantRows]:
    with time_machine.travel(NOW, tick=False):
        TenantRows(ResellerFactory(), first_pk=THEIRS)
        mine = TenantRows(ResellerFactory(), first_pk=MINE)
        center, instance = mine.center, mine.instance
        mine.add(MINE + 1)  # something to choose
        mine.center, mine.instance = center, instance
        yield mine


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
        client.post(form.action, data)
        found: dict[str, list[str]] = {model.__name__: [] for model in EVERY_MODEL}
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(map(_rows_as_text, EVERY_MODEL)))
            for name, row in cursor:
                found[name].append(row)
        transaction.set_rollback(True)
    return {name: sorted(rows) for name, rows in found.items()}


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
    found = {"staff": Client(), "portal": Client()}
    found["staff"].force_login(rows.user)
    found["portal"].force_login(member(rows.reseller, Role.CENTER_ADMIN, rows.center))
    return found


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
        status = client.post(form.action).status_code
        transaction.set_rollback(True)
    return status != HTTPStatus.METHOD_NOT_ALLOWED


def test_no_field_that_a_form_does_not_offer_has_an_effect(rows: TenantRows) -> None:
    forms = every_form(rows, browsers(rows))
    before = outcome(Client(), PageForm("/livez"), {})
    effective, wrong = set(), {}
    for client, form in forms:
        plain = outcome(client, form, filled(form, rows))
        stuffed = outcome(client, form, {**extra(form), **filled(form, rows)})
        if plain != before:
            effective.add(form.target)
        if stuffed != plain:
            changed = {name for name in plain if plain[name] != stuffed[name]}
            wrong[form.key] = {name: set(stuffed[name]) ^ set(plain[name]) for name in changed}
    assert wrong == {}
    assert len(effective) >= 40, f"too few forms did anything: {sorted(effective)}"
