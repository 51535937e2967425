"""Arabic is complete, compiled and keeps what is filled in; the extraction finds every kind of marker."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po, write_po
from django.utils import translation

from centers.audit.messages import areas, changes
from centers.models import AuditEntry, JobRun
from centers.values.languages import LANGUAGES
from devstack import translations
from devstack.translation_format import values
from devstack.translations import PLACEHOLDER, check, compile_if_needed, messages, mo_file, po_file, update

TEMPLATE = """{% load i18n %}
    {% translate "A translated word" %}
    <a title="{% translate "An attribute" %}" href="#">{# a note #}</a>
    {% translate "Open" context "verb" %} {% translate "As a name" as name %}
    {% blocktranslate trimmed with who=person.name %}
      {{ who }} has
      two lines
    {% endblocktranslate %}
  {% blocktranslate count days=days %}{{ days }} day{% plural %}{{ days }} days{% endblocktranslate %}
  {% blocktranslate context "month" %}May{% endblocktranslate %}
        {% badge "success" _("An argument") %} {{ value|default:_("A default") }} {{ _("A variable") }}
  {% translate "Up to 5 %" %}
"""
SOURCE = """
from django.db import models
from django.utils.translation import gettext as _, gettext_lazy, gettext_noop, ngettext, ngettext_lazy
from django.utils.translation import npgettext_lazy, pgettext, pgettext_lazy

_("Plain")
_("Over two " "literals")
gettext_lazy("Lazy")
gettext_noop("Later")
ngettext("%(n)s thing", "%(n)s things", 2)
ngettext_lazy("%d lazy thing", "%d lazy things")
pgettext("verb", "Close")
pgettext_lazy("adjective", "Close")
npgettext_lazy("hat", "%d cap", "%d caps")


class Kind(models.TextChoices):
    ONE = "one", gettext_lazy("A choice")


class Model(models.Model):
    name = models.CharField(gettext_lazy("a verbose name"), max_length=9, help_text=_("A help text"))
"""
ARABIC = LANGUAGES["ar"]
APPS = ("config", "centers", "whatsapp", "billing")


def forms_of(value: object) -> tuple[str, ...]:
    """A message, or all plural forms of one."""
    return tuple(value) if isinstance(value, (tuple, list)) else (str(value),)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one marked Python file in each app and one template."""
    for app in APPS:
        (tmp_path / app).mkdir()
        (tmp_path / app / "words.py").write_text(SOURCE + f'_("Only in {app}")\n')
    (tmp_path / "templates" / "deep").mkdir(parents=True)
    (tmp_path / "templates" / "deep" / "page.html").write_text(TEMPLATE)
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "LOCALE", tmp_path / "locale")
    return tmp_path


def fill(catalog: Catalog) -> None:
    """A dummy translation, in as many forms as Arabic has."""
    for message in catalog:
        if message.id:
            texts = forms_of(message.id)
            message.string = (texts[-1],) * 6 if len(texts) > 1 else texts[0]


def save(catalog: Catalog) -> None:
    with po_file(ARABIC).open("wb") as stream:
        write_po(stream, catalog, width=110)


@pytest.fixture
def translated(checkout: Path) -> Catalog:
    """The catalog of the checkout, wholly translated and compiled."""
    update()
    catalog = read_po(io.BytesIO(po_file(ARABIC).read_bytes()), locale="ar")
    fill(catalog)
    save(catalog)
    compile_if_needed()
    assert check() == 0
    return catalog


# --- What is in the repository ---------------------------------------------------------------------


def test_nothing_is_missing_and_the_compiled_file_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0, capsys.readouterr().err
    assert len(messages()) > 1000


def arabic() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(forms of the original, forms of the translation) of every message, as compiled."""
    with mo_file(ARABIC).open("rb") as stream:
        for message in read_mo(stream):
            if message.id:
                yield forms_of(message.id), forms_of(message.string)


def test_every_placeholder_is_kept() -> None:
    for original, translated in arabic():
        expected = {found for text in original for found in PLACEHOLDER.findall(text)}
        for text in translated:
            found = set(PLACEHOLDER.findall(text))
            assert found <= expected, (original, text)
            if len(original) == 1:
                assert found == expected, (original, text)


def test_every_plural_has_six_forms_and_many_show_their_number() -> None:
    plurals = [(original, forms) for original, forms in arabic() if len(original) > 1]
    assert len(plurals) > 20
    for original, forms in plurals:
        assert len(forms) == 6, original
        number = PLACEHOLDER.findall(original[1])
        for text in forms[3:]:  # 3 to 10, 11 to 99, and the rest need the number itself
            assert set(number) & set(PLACEHOLDER.findall(text)), (original, text)


def test_every_plural_form_can_be_filled_in_with_its_number() -> None:
    """Python refuses to fill a number into a text that has no place for it: the page would answer 500."""
    for original, forms in arabic():
        for text in forms if len(original) > 1 else ():
            names = {name for name, _ in values(original[1])}
            if None in names:
                assert text % (2,)
            else:
                assert text % dict.fromkeys(names, 2)


def test_every_sentence_is_arabic() -> None:
    latin = {"mazbot-url", "Webhook", "UTF-8", "UTF-16", "TLS (STARTTLS)"}
    for original, translated in arabic():
        if not re.search("[A-Za-z]", re.sub(r"%\(\w+\)s", "", "".join(original))):
            continue  # only values and punctuation between them
        for text in translated:
            assert re.search("[\u0600-\u06ff]", text) or text.strip("\u2066\u2068\u2069") in latin, original


def test_isolates_are_closed() -> None:
    """What is filled in stands between isolates, so that dates and Latin names keep their order."""
    for original, translated in arabic():
        for text in translated:
            opened = text.count("\u2066") + text.count("\u2068")
            assert opened == text.count("\u2069"), original
            assert not re.search("[\u200e\u200f\u202a-\u202e]", text), original


def test_markup_is_kept() -> None:
    tag = re.compile(r"</?\w+[^>]*>")
    for original, translated in arabic():
        for text in translated:
            assert sorted(tag.findall(text)) == sorted(tag.findall(original[0])), original


def test_django_shows_it() -> None:
    with translation.override("ar"):
        assert str(JobRun.State.FAILED.label) == "فشل"
        assert translation.gettext("Settings") == "الإعدادات"
        days = "%(days)s day", "%(days)s days"
        shown = [translation.ngettext(*days, n) % {"days": n} for n in (1, 2, 3, 11, 100, 103)]
        assert shown == ["يوم واحد", "يومين", "3 أيام", "11 يومًا", "100 يوم", "103 أيام"]


def test_django_says_in_arabic_that_a_password_is_too_short() -> None:
    from django.contrib.auth.password_validation import MinimumLengthValidator

    with translation.override("ar"):
        assert "أحرف على الأقل" in MinimumLengthValidator(10).get_error_message()


def test_the_audit_page_names_its_areas_and_fields_in_arabic() -> None:
    event = AuditEntry(
        action="mazbot_account.changed",
        target_type="mazbotaccount",
        data={"fields": ["rate_limit", "time_zone"]},
    )
    with translation.override("ar"):
        assert [name for _noun, name in areas() if not re.search("[\u0600-\u06ff]", name)] == []
        assert changes(event) == [("ما تغيّر", "", "الطلبات في الدقيقة، المنطقة الزمنية لـ MazBot")]


@pytest.mark.parametrize(
    ("action", "target_type", "data", "shown"),
    [
        (
            "invoice.issued",
            "invoice",
            {"first_day": "2026-11-01", "end_day": "2026-12-01"},
            [("اليوم الأول", "1 نوفمبر 2026"), ("حتى (دون احتسابه)", "1 ديسمبر 2026")],
        ),
        ("center.resumed", "center", {"ending": "paid"}, [("سبب الانتهاء", "تم السداد")]),
        ("reminder.written", "invoice", {"step": "warning"}, [("الخطوة", "إنذار أخير")]),
        ("suspensions.held", "", {"centers": [3, 5, 8]}, [("المراكز", "3")]),
        (
            "billing_policy.changed",
            "",
            {"values": {"auto_invoice": "False", "quiet_dates": "[]"}},
            [("القيم", "إصدار الفواتير الشهرية تلقائيًا: لا، التواريخ الهادئة: –")],
        ),
        ("margin.set", "margin", {"category": "message"}, [("يسري على", "الرسائل")]),
    ],
)
def test_the_audit_page_says_in_arabic_what_is_stored_as_a_code(
    action: str, target_type: str, data: dict[str, object], shown: list[tuple[str, str]]
) -> None:
    with translation.override("ar"):
        found = changes(AuditEntry(action=action, target_type=target_type, data=data))
    assert [(name, value) for name, _old, value in found] == shown


# --- The extraction --------------------------------------------------------------------------------


def found() -> dict[tuple[str, str | None], object]:
    """(first form, context) -> message."""
    return {(forms_of(message.id)[0], message.context): message.id for message in messages() if message.id}


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("A translated word", None),
        ("An attribute", None),
        ("Open", "verb"),
        ("As a name", None),
        ("%(who)s has two lines", None),
        ("%(days)s day", None),
        ("May", "month"),
        ("An argument", None),
        ("A default", None),
        ("A variable", None),
        ("Up to 5 %%", None),
        ("Plain", None),
        ("Over two literals", None),
        ("Lazy", None),
        ("Later", None),
        ("%(n)s thing", None),
        ("%d lazy thing", None),
        ("Close", "verb"),
        ("Close", "adjective"),
        ("%d cap", "hat"),
        ("A choice", None),
        ("a verbose name", None),
        ("A help text", None),
        *((f"Only in {app}", None) for app in APPS),
    ],
)
def test_every_kind_of_marker_is_found(checkout: Path, text: str, context: str | None) -> None:
    assert (text, context) in found()


def test_plurals_keep_both_forms(checkout: Path) -> None:
    assert found()["%(days)s day", None] == ("%(days)s day", "%(days)s days")
    assert found()["%d cap", "hat"] == ("%d cap", "%d caps")


# --- The check fails for every fault ---------------------------------------------------------------


def complaints(capsys: pytest.CaptureFixture[str]) -> str:
    """The output of the check, which must fail."""
    capsys.readouterr()
    assert check() == 1
    return capsys.readouterr().err


def test_a_new_message_is_missing_until_it_is_extracted_and_translated(
    translated: Catalog, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "centers" / "more.py").write_text('_("Quite new")\n')
    assert "not in django.po" in complaints(capsys)
    update()
    compile_if_needed()
    assert "not translated: 'Quite new'" in complaints(capsys)


def test_a_message_no_one_uses_is_named(
    translated: Catalog, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "billing" / "words.py").unlink()
    assert "no source has it, run `extract`: 'Only in billing'" in complaints(capsys)


def test_a_lost_placeholder_is_named(translated: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    message = translated.get("%(who)s has two lines")
    assert message is not None
    message.string = "سطران"
    save(translated)
    compile_if_needed()
    assert "missing placeholder ['%(who)s']" in complaints(capsys)


def test_a_strange_placeholder_is_named(translated: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    message = translated.get("%(n)s thing")
    assert message is not None
    message.string = ("%(n)s",) * 5 + ("%(m)s",)
    save(translated)
    compile_if_needed()
    assert "unknown placeholder ['%(m)s']" in complaints(capsys)


def test_a_plural_form_that_loses_an_unnamed_number_is_named(
    translated: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    message = translated.get("%d lazy thing")
    assert message is not None
    message.string = ("%d",) * 2 + ("two of them",) + ("%d",) * 3
    save(translated)
    compile_if_needed()
    assert "msgstr[2]: takes 0 unnamed values, the original 1" in complaints(capsys)


def test_an_incomplete_header_is_named(translated: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    header = po_file(ARABIC).read_bytes()
    po_file(ARABIC).write_bytes(
        header.replace(b'"Language-Team: Arabic', b'"Other: x').replace(b"n==2 ? 2", b"n==3 ? 2")
    )
    said = complaints(capsys)
    assert "the header lacks Language-Team" in said
    assert "Plural-Forms is not nplurals=6" in said


def test_an_empty_plural_form_is_named(translated: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    message = translated.get("%(n)s thing")
    assert message is not None
    message.string = ("%(n)s",) * 5 + ("",)
    save(translated)
    compile_if_needed()
    assert "not translated" in complaints(capsys)


def test_a_fuzzy_translation_is_named(translated: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    message = translated.get("Plain")
    assert message is not None
    message.flags.add("fuzzy")
    save(translated)
    compile_if_needed()
    assert "fuzzy: 'Plain'" in complaints(capsys)


def test_a_compiled_file_that_is_behind_is_named(
    translated: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    message = translated.get("Plain")
    assert message is not None
    message.string = "Otherwise"
    save(translated)
    assert "run `compile`" in complaints(capsys)
    compile_if_needed()
    assert check() == 0
