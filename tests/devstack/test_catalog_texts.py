"""What pages and mails say, in English and Arabic: one word for one thing, none of it private to this product."""

import re
from functools import cache

import pytest
from babel.messages.pofile import read_po

from tests.guards.test_style import ROOT

#: What an English text doesn't say, and what it says instead. Texts of libraries are reworded by locale/en.
ENGLISH = {
    r"e-mails?|mail can't|among the spam": "email",
    r"signe?d? (you )?out|signs you out": "log out",
    r"(counts|offered|charged) no longer": "no longer applies, is no longer offered",
    r"all the same|by now": "anyway, in the meantime",
    r"(are|is|that) no (?!longer|one|more|amount)\w+ (payment|number)s?": "aren't payments",
    r"(invoice|credit note) %\(\w+\)s over": "for",
    r"tick(ed)? (the )?lines|ticked": "select",
    r"switch(ed|es|ing)? (it )?o(n|ff)": "enable, disable (a number), suspend (a center)",
    r"set apart|readings?": "with its own settings, usage",
    r"(cancelled|colour|centre|organis\w+)": "American spelling",
}
#: The same in Arabic: MazBot is masculine, Markaz is a name, usage and webhook have one word each.
ARABIC = {
    r"(?<!\w)(تحاسب|تتعرّف|غيّرت|حاسبتك عليه|احتسبته|وحدها) MazBot": "MazBot is masculine",
    r"ويب هوك": "Webhook",
    r"(يخضع|إلى جانب|عرض) الاستخدام": "الاستهلاك",
    r"مركز غير مضبوط|تشغيل مركز\.": "Markaz",
}


@cache
def texts() -> list[tuple[str, str]]:
    """Each English text beside its Arabic one, plural forms joined."""
    reworded = {message.id for message in _catalog("en")}
    return [
        (_joined(message.id), _joined(message.string))
        for message in _catalog("ar")
        if message.id and message.id not in reworded
    ]


def _catalog(language: str):  # type: ignore[no-untyped-def]
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def _joined(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else " | ".join(text)


@pytest.mark.parametrize("words", ENGLISH)
def test_english_texts_are_those_of_a_product_writer(words: str) -> None:
    pattern = re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)
    assert [english for english, _arabic in texts() if pattern.search(english)] == [], ENGLISH[words]


@pytest.mark.parametrize("words", ARABIC)
def test_arabic_texts_have_one_word_for_one_thing(words: str) -> None:
    pattern = re.compile(words)
    assert [arabic for _english, arabic in texts() if pattern.search(arabic)] == [], ARABIC[words]


def test_a_percentage_is_written_without_a_space() -> None:
    """`12.5%`: in messages of both languages, in templates, and in what Python puts together."""
    pattern = re.compile(r"[\ds] %%?(?![a-z(\d%])")
    assert [pair for pair in texts() if any(map(pattern.search, pair))] == []
    drawn = re.compile(r"\}\s+%[\"'<+:.,{]")
    sources = [
        path
        for app in ("billing", "centers", "whatsapp", "templates")
        for path in (ROOT / app).rglob("*")
        if path.suffix in {".py", ".html", ".txt"}
    ]
    assert len(sources) > 500
    assert [str(path) for path in sources if drawn.search(path.read_text())] == []
