"""One word per thing: words that docs/glossary.md replaced do not come back, in code, pages, mails or docs."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.guards.test_style import ROOT

SUFFIXES = {".py", ".html", ".txt", ".js", ".css", ".typ", ".md", ".toml", ".yml"}
#: The glossary names the words it replaces, and decisions tell what was before.
EXEMPT = ("docs/glossary.md", "docs/decisions/", "tests/guards/test_vocabulary.py", "requirements/")

#: A dropped word as a pattern, and what is said instead. Identifiers are read by their parts.
DROPPED = {
    r"errands?": "retry queue",
    r"brakes?|braked": "suspension limit, safety stop",
    r"(?<!provider )incidents?": "alert; provider incident for an outage at MazBot",
    r"wish(es|ed)?": "desired state",
    r"price ?books?": "price list",
    r"(?<!\")standings?": "payment status",
    r"lift(s|ed)?": "resume, remove",
    r"cut off": "suspend, interrupt",
    r"spared": "exempt, waived",
    r"thereby|lest|hereby": "so, in case",
    r"shall": "must, will",
    r"deeds?": "operation, action",
    r"(?<!said )anew|afresh": "again, over",
    r"whoever|whichever": "the person who, anyone who, each",
    r"everybody|anybody": "everyone, anyone",
    r"by itself|by themselves": "automatically",
    r"for ever": "endlessly, permanently",
    r"for want of|save for": "because there is no, except",
    r"signs? of life": "signal, heartbeat",
    r"lack of room": "the limit is used up",
    r"filters? away": "clear filters",
    r"does it add up": "reconciliation",
    r"invoice a month": "issue monthly invoices",
    r"to the start": "go to home page",
    r"not the (name|number) of": "the name doesn't match",
    r"must lie": "must be between",
    r"hangs? on": "depend on, hook",
    r"oddit(y|ies)": "flagged usage",
    r"looks? across": "read across (tenants)",
    r"nobody(?![`\"])|somebody": "no one, someone",
    r"told": "notified, reported, shown",
    r"any ?more": "no longer",
    r"rooms": "apps",
    r"rounds? of (a |the )?(jobs?|all)|whole round|(up|job) rounds?": "job, job run",
    r"(?<=def )traces?|(?<=its )traces?": "audit entry",
    r"wanted": "desired, expected",
    r"owed": "due, balance",
    r"(?<!never )(taken|takes?|taking|took) back": "voided, rolled back, removed",
}
PATTERNS = {word: re.compile(rf"(?<![a-z])(?:{word})(?![a-z])", re.IGNORECASE) for word in DROPPED}


#: Any of them, in small letters: one look at each text, instead of one for each word.
ANY = re.compile(rf"(?<![a-z])(?:{'|'.join(DROPPED)})(?![a-z])")


def as_words(text: str) -> str:
    """`check_left_over`, `check-left-over` and `CheckLeftOver` all read as three words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " ").replace("-", " ")


def files() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [
        ROOT / name
        for name in names.stdout.splitlines()
        if Path(name).suffix in SUFFIXES and not name.startswith(EXEMPT) and "/migrations/" not in name
    ]


@cache
def texts() -> dict[str, str]:
    """Those with a dropped word; read by the worker that runs these tests, not by each that collects them."""
    read = {str(path.relative_to(ROOT)): as_words(path.read_text()) for path in files() if path.exists()}
    assert len(read) > 1000
    return {name: text for name, text in read.items() if ANY.search(text.lower())}


@pytest.mark.parametrize("word", DROPPED)
def test_a_dropped_word_does_not_come_back(word: str) -> None:
    found = {
        f"{name}: {text[max(0, match.start() - 30) : match.end() + 30]!r}"
        for name, text in texts().items()
        for match in PATTERNS[word].finditer(text)
    }
    assert found == set(), f"say instead: {DROPPED[word]}"


def test_a_dropped_word_is_found_in_names_of_every_style() -> None:
    for text in ("open_incident", "OpenIncident", "open-incidents", "an incident."):
        assert PATTERNS[r"(?<!provider )incidents?"].search(as_words(text)), text
    assert not PATTERNS[r"(?<!provider )incidents?"].search(as_words("ProviderIncident, provider_incidents"))
