"""Leaves out of a style sheet what no page can use: rules for classes that none of our sources names.

Tabler's sheet has rules for some 2,500 classes, of which the pages use a few hundred. A class is kept when its name
stands anywhere in the sources as a word, or begins with a word that something is appended to (`bg-{{ tone }}`). So a
rule is left out only if no page can have the class.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_WORD = re.compile(r"[\w-]+")
_BEGINNING = re.compile(r"""([A-Za-z][\w]*-(?:[\w]+-)*)(?:\{|%|["'`]|\$)""")
_ENDING = re.compile(r"\}(-[\w-]+)")
_SHORTEST = 2  # of a beginning; a single letter and a hyphen (`m-`) would keep hundreds
_CLASS = re.compile(r"\.((?:[A-Za-z_-]|\\.)(?:[\w-]|\\.)*)")
_ESCAPED = re.compile(r"\\(.)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LICENCE = re.compile(r"/\*!.*?\*/", re.DOTALL)
_INNERMOST = re.compile(r"\([^()]*\)")
_GROUPS = ("@media", "@supports", "@layer", "@container")


@dataclass(frozen=True)
class Used:
    """The names that may be classes of an element."""

    words: frozenset[str]
    beginnings: tuple[str, ...]
    endings: tuple[str, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Used":
        """What templates, Python and scripts name."""
        words: set[str] = set()
        beginnings: set[str] = set()
        endings: set[str] = set()
        for text in texts:
            words.update(_WORD.findall(text))
            beginnings.update(found for found in _BEGINNING.findall(text) if len(found) > _SHORTEST)
            endings.update(_ENDING.findall(text))
        return cls(frozenset(words), tuple(beginnings), tuple(endings))

    def has(self, name: str) -> bool:
        """Whether a page can have the class."""
        return name in self.words or name.startswith(self.beginnings) or name.endswith(self.endings)


def pruned(css: str, used: Used) -> str:
    """The style sheet (minified or not) without the rules that can match nothing."""
    return "".join([*_LICENCE.findall(css), *_kept(css, used)])


def _kept(css: str, used: Used) -> Iterator[str]:
    for head, body in _statements(_COMMENT.sub("", css)):
        if body is None or (head.startswith("@") and not head.startswith(_GROUPS)):
            yield head if body is None else f"{head}{{{body}}}"
        elif head.startswith("@"):
            inside = "".join(_kept(body, used))
            if inside:
                yield f"{head}{{{inside}}}"
        else:
            selectors = [one for one in _split(head) if _can_match(one, used)]
            if selectors:
                yield f"{','.join(selectors)}{{{body}}}"


def _can_match(selector: str, used: Used) -> bool:
    """Whether every class outside parentheses (`:not(.x)`, `:is(.x, .y)`) is one that a page can have."""
    while (shorter := _INNERMOST.sub("", selector)) != selector:
        selector = shorter
    return all(used.has(_ESCAPED.sub(r"\1", name)) for name in _CLASS.findall(selector))


def _statements(css: str) -> Iterator[tuple[str, str | None]]:
    """Each rule as its head and its body, and each statement without a block as (text, None)."""
    start = opened = depth = 0
    for at, mark in _marks(css, "{};"):
        if mark == "{":
            opened = opened if depth else at
            depth += 1
        elif mark == "}":
            depth -= 1
            if not depth:
                yield css[start:opened].strip(), css[opened + 1 : at]
                start = at + 1
        elif not depth:
            yield css[start : at + 1].strip(), None
            start = at + 1


def _split(head: str) -> list[str]:
    parts, start = [], 0
    for at, _mark in _marks(head, ","):
        parts.append(head[start:at])
        start = at + 1
    return [*parts, head[start:]]


_TOKEN = re.compile(r"""\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()\[\]{};,]""", re.DOTALL)


def _marks(css: str, marks: str) -> Iterator[tuple[int, str]]:
    """Where these marks stand, outside strings and parentheses."""
    inside = 0
    for token in _TOKEN.finditer(css):
        mark = token[0]
        if mark in "([":
            inside += 1
        elif mark in ")]":
            inside -= 1
        elif not inside and mark in marks:
            yield token.start(), mark
