"""`python -m devstack.translations {extract,compile,check}`: every catalog, without the gettext programs.

Extraction and compilation use Babel; Django converts templates to Python source that Babel reads.
"""

import argparse
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from centers.values.languages import ENGLISH, LANGUAGES, Language
from devstack.translation_format import format_problems, header_problems

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
#: The sources are in English.
TRANSLATED = [language for language in LANGUAGES.values() if language is not ENGLISH]
SOURCES = ("devstack", "config", "centers", "whatsapp", "billing")
# Django's own names on top of the classical ones.
KEYWORDS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# %(name)s, %s and %d in messages of templates and ngettext; {name} in those of str.format.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m devstack.translations", description=__doc__)
    parser.add_argument("command", choices=["extract", "compile", "check"])
    return {"extract": update, "compile": compile_if_needed, "check": check}[
        parser.parse_args(arguments).command
    ]()


def messages() -> Catalog:
    """Every message of the sources, with its location."""
    catalog = Catalog(project="Markaz", charset="utf-8")
    for path, source in _python_sources():
        # Without line numbers: the file would change with every edit elsewhere.
        for _, text, comments, context in extract("python", io.BytesIO(source), KEYWORDS, ["Translators:"]):
            catalog.add(text, None, [(path, None)], auto_comments=comments, context=context)  # type: ignore[list-item]
    return catalog


def _python_sources() -> Iterator[tuple[str, bytes]]:
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
    files = [
        path
        for folder in SOURCES
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".txt"}
    ]
    files += [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}]
    for path in sorted(files):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py":
            yield name, path.read_bytes()
        elif path.stat().st_size:
            source = templatize(path.read_text(), origin=name)
            # It keeps the template's indentation, which Python's tokenizer refuses.
            yield name, "\n".join(line.strip() for line in source.splitlines()).encode()


def po_file(language: Language) -> Path:
    """Where the translations into the language are written."""
    return LOCALE / language.code / "LC_MESSAGES" / "django.po"


def mo_file(language: Language) -> Path:
    """Where they are compiled for Django."""
    return po_file(language).with_suffix(".mo")


def plural_rule(language: Language) -> str:
    """The Plural-Forms header: the language's own, else Babel's."""
    return language.plural or get_plural(language.code).plural_forms.rstrip(";") + ";"


def _header(language: Language) -> bytes:
    return f"""msgid ""
msgstr ""
"Project-Id-Version: Markaz\\n"
"Report-Msgid-Bugs-To: \\n"
"PO-Revision-Date: 2026-11-23 08:00+0000\\n"
"Last-Translator: Markaz\\n"
"Language: {language.code}\\n"
"Language-Team: {Locale.parse(language.code).english_name}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_rule(language)}\\n"
""".encode()


def _read(language: Language) -> Catalog:
    path = po_file(language)
    return read_po(
        io.BytesIO(path.read_bytes() if path.exists() else _header(language)), locale=language.code
    )


def update() -> int:
    """Update each django.po from the sources and keep existing translations."""
    template = messages()
    for language in TRANSLATED:
        catalog, path = _read(language), po_file(language)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            write_po(stream, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)
        missing = sum(1 for message in catalog if message.id and not _translated(message))
        print(f"{path.relative_to(ROOT)}: {len(catalog)} messages, {missing} of them to be translated.")
    return 0


def compile_if_needed() -> int:
    """Write each django.mo that differs from its django.po."""
    for language in LANGUAGES.values():
        path = mo_file(language)
        if not po_file(language).exists():
            continue
        compiled = _compiled(_read(language))
        if not path.exists() or path.read_bytes() != compiled:
            fresh = path.with_name(f".{path.name}.{os.getpid()}")
            fresh.write_bytes(compiled)
            fresh.replace(path)
            print(f"{path.relative_to(ROOT)}: compiled.")
    return 0


def _compiled(catalog: Catalog) -> bytes:
    output = io.BytesIO()
    write_mo(output, catalog)
    return output.getvalue()


def check() -> int:
    """Fail when a message is missing, untranslated, fuzzy or broken, a header incomplete, or a django.mo old."""
    template = messages()
    wrong = [problem for language in TRANSLATED for problem in _wrong(language, template)]
    wrong += [f"{ENGLISH.code}: {problem}" for problem in _reworded(template)]
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"Translations: {len(template)} messages, {len(wrong)} problems.")
    return 1 if wrong else 0


def _wrong(language: Language, template: Catalog) -> Iterator[str]:
    catalog = _read(language)
    yield from _gaps(template, catalog)
    yield from _unusable(language, catalog)


def _reworded(template: Catalog) -> Iterator[str]:
    """English has a catalog only of texts that a library words otherwise; each must be marked in the sources."""
    if not po_file(ENGLISH).exists():
        return
    catalog = _read(ENGLISH)
    for message in catalog:
        if message.id and template.get(message.id, message.context) is None:
            yield f"django.po: no source has it: {message.id!r}"
    yield from _unusable(ENGLISH, catalog)


def _unusable(language: Language, catalog: Catalog) -> Iterator[str]:
    path = mo_file(language)
    yield from _broken(catalog)
    for problem in header_problems(po_file(language).read_text(), plural_rule(language)):
        yield f"django.po: {problem}."
    if not path.exists() or path.read_bytes() != _compiled(catalog):
        yield f"{path.relative_to(ROOT)} is not what django.po compiles to; run `compile`."


def _gaps(sources: Catalog, catalog: Catalog) -> Iterator[str]:
    """Sources and django.po must have the same messages."""
    for message in sources:
        if message.id and catalog.get(message.id, message.context) is None:
            yield f"{message.locations[0][0]}: not in django.po, run `extract`: {message.id!r}"
    for message in catalog:
        if message.id and sources.get(message.id, message.context) is None:
            yield f"django.po: no source has it, run `extract`: {message.id!r}"


def _broken(catalog: Catalog) -> Iterator[str]:
    """Every message must be translated, in all plural forms, with the same placeholders, as msgfmt requires."""
    for message in catalog:
        if not message.id:
            continue
        if message.fuzzy:
            yield f"django.po: fuzzy: {message.id!r}"
        if not _translated(message):
            yield f"django.po: not translated: {message.id!r}"
        elif problem := next(_problems(message), None) or _placeholders(message):
            yield f"django.po: {problem}: {message.id!r}"


def _problems(message: Message) -> Iterator[str]:
    """What GNU msgfmt would refuse in a translation."""
    return format_problems(
        _texts(message.id), _texts(message.string), filled="python-format" in message.flags
    )


def _texts(value: Any) -> tuple[str, ...]:
    """All plural forms of a message or of its translation."""
    return tuple(text or "" for text in value) if isinstance(value, (tuple, list)) else (value or "",)


def _translated(message: Message) -> bool:
    return all(_texts(message.string))


def _placeholders(message: Message) -> str | None:
    """The error in the placeholders of a translation, or None.

    Arabic writes "one" and "two" in words, so a plural form may leave out a placeholder, but none may name
    one that the original lacks.
    """
    originals = _texts(message.id)
    known = {placeholder for text in originals for placeholder in PLACEHOLDER.findall(text.replace("%%", ""))}
    for text in _texts(message.string):
        used = set(PLACEHOLDER.findall(text.replace("%%", "")))
        if used - known:
            return f"unknown placeholder {sorted(used - known)}"
        if len(originals) == 1 and known - used:
            return f"missing placeholder {sorted(known - used)}"
    return None


if __name__ == "__main__":
    sys.exit(main())
