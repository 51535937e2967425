"""What `msgfmt -c` refuses in a translation, so that no machine needs the gettext programs to find it.

GNU msgfmt compares the values that each form fills in with those of the (plural) original. It lets a form that
stands for one or two numbers only, as Arabic's "one" and "two", leave a named value out; an unnamed one never:
`"..." % 2` fails without a place for the 2.
"""

import re
from collections.abc import Iterator, Sequence

# One conversion of printf-style formatting: %(name)s, %d, %5.2f, %%.
_CONVERSION = re.compile(
    r"%(?:\((?P<name>[^)]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?P<kind>.?)", re.DOTALL
)
_QUOTED = re.compile(r'^(?:msgstr )?"(.*)"$', re.MULTILINE)
_KINDS = frozenset("diouxXeEfFgGcrsa")
#: The forms of Arabic that only one number takes: 0, 1 and 2.
RARE_FORMS = frozenset({0, 1, 2})
FORMS = 6
HEADER_FIELDS = (
    "Project-Id-Version",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Language",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Plural-Forms",
)
#: (name, kind) of every value that a text fills in, in its order; the name of an unnamed one is None.
Values = list[tuple[str | None, str]]


class Broken(ValueError):
    """A text that cannot be formatted; the message says why."""


def values(text: str) -> Values:
    """The values that printf-style formatting fills into `text`. Raises Broken where it would fail."""
    conversions: Values = []
    for match in _CONVERSION.finditer(text):
        kind = match["kind"]
        if kind == "%" and match["name"] is None:
            continue
        if kind not in _KINDS or not kind:
            raise Broken(f"{match.group()!r} is no placeholder; a percent sign is written %%")
        conversions.append((match["name"], kind))
    if len({name is None for name, _ in conversions}) > 1:
        raise Broken("named and unnamed placeholders in one text")
    return conversions


def format_problems(originals: Sequence[str], forms: Sequence[str], *, filled: bool) -> Iterator[str]:
    """What is wrong with the forms of one translation; `filled` says that its text is one to fill values into.

    `originals` are the text and, where it has one, its plural; `forms` the one translation or all plural forms.
    """
    plural = len(originals) > 1
    if plural and len(forms) != FORMS:
        yield f"{len(forms)} plural forms instead of {FORMS}"
    for number, form in enumerate(forms):
        name = f"msgstr[{number}]" if plural else "msgstr"
        for end, has in (("begin", str.startswith), ("end", str.endswith)):
            if len({has(text, "\n") for text in (*originals, form)}) > 1:
                yield f"{name} and the original do not both {end} with a line break"
        if filled:
            for problem in _unlike(originals[-1], form, rare=plural and number in RARE_FORMS):
                yield f"{name}: {problem}"


def header_problems(po: str, plural_rule: str) -> Iterator[str]:
    """What the header of a catalog lacks, whose text is `po`, and a rule for plurals that is not `plural_rule`."""
    header = po[: po.find("\n\n")]
    text = "".join(_QUOTED.findall(header)).replace("\\n", "\n")
    fields = {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}
    for name in HEADER_FIELDS:
        if not fields.get(name):
            yield f"the header lacks {name}"
    if fields.get("Plural-Forms", plural_rule) != plural_rule:
        yield f"Plural-Forms is not {plural_rule}"


def _unlike(original: str, form: str, *, rare: bool) -> Iterator[str]:
    """Where `form` does not take the same values as `original`; a `rare` form may leave out named ones."""
    try:
        expected, used = values(original), values(form)
    except Broken as error:
        yield str(error)
        return
    if {name is None for name, _ in expected} | {name is None for name, _ in used} == {True, False}:
        yield "named placeholders in the one, unnamed in the other"
    elif any(name is None for name, _ in (*expected, *used)):
        if [kind for _, kind in expected] != [kind for _, kind in used]:
            yield f"takes {len(used)} unnamed values, the original {len(expected)} (or of other kinds)"
    else:
        yield from _unlike_names(set(expected), set(used), rare=rare)


def _unlike_names(
    required: set[tuple[str | None, str]], used: set[tuple[str | None, str]], *, rare: bool
) -> Iterator[str]:
    if strange := used - required:
        yield f"unknown placeholder {_spelled(strange)}"
    elif not rare and (lost := required - used):
        yield f"missing placeholder {_spelled(lost)}"


def _spelled(values: set[tuple[str | None, str]]) -> list[str]:
    return sorted(f"%({name}){kind}" for name, kind in values)
