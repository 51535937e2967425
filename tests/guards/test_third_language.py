"""A third language comes from one entry in centers/values/languages.py and its catalog: every page is opened in one.

Its catalog is generated: each message is its original between ⟦ and ⟧. A text without these marks was not translated.
"""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings as product
from django.test import Client, override_settings

from centers.models import Role
from centers.values import languages
from centers.values.languages import LANGUAGES, Language
from devstack.translations import plural_rule
from tests.factories import ResellerFactory, member
from tests.guards.addresses import all_addresses
from tests.guards.rows import TenantRows
from tests.guards.test_url_access import PUBLIC, url_of

PK = 800_001
#: Nothing of ours knows it. Dates, countries and Django's own texts come in Greek letters, so Latin ones stand out.
THIRD = Language(code="el", label="Greek")
#: What is the same in every language: names of products, units, codes, and what stands for a person's own text.
SAME = re.compile(
    r"Markaz|MazBot|WhatsApp|Webhook|English|Greek|Esc|CSV|XLSX|PDF|ID|UTC|API|URL|HTTP|QR|CC0|GET|POST|JSON"
    r"|Stripe|Moyasar|[A-Z]{2}-\d{4}-\d{4}"
    r"|[A-Z]{3}|[A-Za-z]+(?:/[A-Za-z_ -]+)+|[\w.-]+@[\w.-]+|https?://\S*|/[\w/.-]*"
    r"|Center \d+|inst-\d+|reseller-?\d*|Reseller \d+|Person \d+|row\d+\S*"
)
MARKED = re.compile("⟦[^⟦⟧]*(?:⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧")
#: Code is typed as it stands, in every language.
UNSPOKEN = ("script", "style", "svg", "code")
SHOWN_ATTRIBUTES = {"title", "aria-label", "placeholder", "alt"}


class Texts(HTMLParser):
    """Everything of a page that is read or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = 0
        self.in_other_language = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.hidden += tag in UNSPOKEN
        # A message in the language of the one who gets it.
        if tag == "textarea" and values.get("lang", THIRD.code) != THIRD.code:
            self.hidden, self.in_other_language = self.hidden + 1, True
        self.found += [text for name, text in attrs if name in SHOWN_ATTRIBUTES and text]
        if tag == "input" and values.get("type") in ("submit", "button"):
            self.found.append(values.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in UNSPOKEN
        if tag == "textarea" and self.in_other_language:
            self.hidden, self.in_other_language = self.hidden - 1, False

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


def untranslated(page: str) -> set[str]:
    """Texts of the page with a word that stands outside the marks and is not the same everywhere."""
    parser = Texts()
    parser.feed(page)
    whole = MARKED.sub(" ", "\n".join(parser.found))  # a text may go on over several elements
    return {
        line.strip() for line in whole.splitlines() if re.search(r"[A-Za-z]{2,}", SAME.sub("", line.strip()))
    }


@pytest.fixture
def third(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The language with its generated catalog, offered for the time of a test."""
    # Of all messages; tests/devstack/test_translations.py compares them with the sources.
    with (product.BASE_DIR / "locale" / "ar" / "LC_MESSAGES" / "django.po").open("rb") as stream:
        catalog = read_po(stream)
    head = f'msgid ""\nmsgstr ""\n"Language: el\\n"\n"Plural-Forms: {plural_rule(THIRD)}\\n"\n'
    translated = read_po(io.BytesIO(head.encode()), locale=THIRD.code)
    for message in catalog:
        if message.id:
            forms = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
            marked = tuple(f"⟦{text}⟧" for text in forms)
            translated.add(message.id, marked if len(forms) > 1 else marked[0], context=message.context)
    folder = tmp_path / "el" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as stream:
        write_mo(stream, translated)
    monkeypatch.setitem(LANGUAGES, THIRD.code, THIRD)
    offered = {"LANGUAGES": languages.labels(), "LOCALE_PATHS": [*product.LOCALE_PATHS, tmp_path]}
    with override_settings(**offered):  # which also forgets the catalogs that were read
        yield THIRD.code


@pytest.mark.django_db
def test_no_page_has_a_text_that_was_not_translated(third: str) -> None:
    rows = TenantRows(ResellerFactory(), first_pk=PK)
    people = {"staff": (Role.OWNER, None), "portal": (Role.CENTER_ADMIN, rows.center), "": (Role.OWNER, None)}
    wrong, opened = {}, 0
    for audience, place in people.items():
        client = Client(raise_request_exception=False)
        client.force_login(member(rows.reseller, *place))
        client.cookies[product.LANGUAGE_COOKIE_NAME] = third
        for address in all_addresses():
            if address.audience != audience or (not audience and address.name not in PUBLIC):
                continue
            response = client.get(url_of(address, rows, rows.pk))
            if response.status_code == 200 and "text/html" in response.headers.get("Content-Type", ""):
                opened += 1
                if found := untranslated(response.content.decode()):
                    wrong[str(address)] = sorted(found)[:12]
    assert opened > 60
    report = "\n".join(f"{name}: {texts}" for name, texts in wrong.items())
    assert not wrong, report
