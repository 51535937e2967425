"""`python -m devstack.translations {extract,compile,check}`: Arabic, without the gettext programs.

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

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from devstack.translation_format import format_problems, header_problems

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "ar"
FOLDER = ROOT / "locale" / LANGUAGE / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
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
# Arabic has six plural forms; the rule is the one of Django's own Arabic catalogs, in their order.
HEADER = rb"""msgid ""
msgstr ""
"Project-Id-Version: Markaz\n"
"Report-Msgid-Bugs-To: \n"
"PO-Revision-Date: 2026-11-23 08:00+0000\n"
"Last-Translator: Markaz\n"
"Language: ar\n"
"Language-Team: Arabic\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"""
PLURAL_RULE = (
    "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5;"
)
HEADER += f'"Plural-Forms: {PLURAL_RULE}\\n"\n'.encode()
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
        for room in SOURCES
        for path in (ROOT / room).rglob("*")
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


def _read() -> Catalog:
    return read_po(io.BytesIO(PO.read_bytes() if PO.exists() else HEADER), locale=LANGUAGE)


def update() -> int:
    """Update django.po from the sources and keep existing translations."""
    catalog = _read()
    catalog.update(messages(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as stream:
        write_po(stream, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)
    missing = sum(1 for message in catalog if message.id and not _translated(message))
    print(f"{PO.relative_to(ROOT)}: {len(catalog)} messages, {missing} of them to be translated.")
    return 0


def compile_if_needed() -> int:
    """Write django.mo when it differs from django.po."""
    if PO.exists():
        compiled = _compiled(_read())
        if not MO.exists() or MO.read_bytes() != compiled:
            fresh = MO.with_name(f".{MO.name}.{os.getpid()}")
            fresh.write_bytes(compiled)
            fresh.replace(MO)
            print(f"{MO.relative_to(ROOT)}: compiled.")
    return 0


def _compiled(catalog: Catalog) -> bytes:
    output = io.BytesIO()
    write_mo(output, catalog)
    return output.getvalue()


def check() -> int:
    """Fail when a message is missing, untranslated, fuzzy or broken, the header incomplete, or django.mo old."""
    catalog = _read()
    header = header_problems(PO.read_text(), PLURAL_RULE)
    wrong = [
        *_gaps(messages(), catalog),
        *_broken(catalog),
        *(f"django.po: {problem}." for problem in header),
    ]
    if not MO.exists() or MO.read_bytes() != _compiled(catalog):
        wrong.append(f"{MO.relative_to(ROOT)} is not what django.po compiles to; run `compile`.")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"Translations: {len(catalog)} messages, {len(wrong)} problems.")
    return 1 if wrong else 0


def _gaps(sources: Catalog, catalog: Catalog) -> Iterator[str]:
    """Sources and django.po must have the same messages."""
    for message in sources:
        if message.id and catalog.get(message.id, message.context) is None:
            yield f"{message.locations[0][0]}: not in django.po, run `extract`: {message.id!r}"
    for message in catalog:
        if message.id and sources.get(message.id, message.context) is None:
            yield f"django.po: no source has it any more, run `extract`: {message.id!r}"


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
