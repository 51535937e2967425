"""The checks of a translation match those of GNU msgfmt, without needing it."""

import pytest

from devstack.translation_format import format_problems

# The output of GNU msgfmt 0.21 with `-c` for the same entries; "" when it accepts them.
OF_MSGFMT = [
    (("%(n)s cat", "%(n)s cats"), ("a", "a", "a", "%(n)s", "%(n)s", "%(n)s"), ""),
    (("%(n)s cat", "%(n)s cats"), ("a", "a", "a", "x", "%(n)s", "%(n)s"), "msgstr[3]: missing placeholder"),
    (("%(n)s cat", "%(n)s cats"), ("a", "a", "a", "%(n)s", "%(n)s", "x"), "msgstr[5]: missing placeholder"),
    (("one cat", "%(n)s cats"), ("a", "a", "a", "%(n)s", "%(n)s", "%(n)s"), ""),
    (
        ("%(m)s cat", "%(n)s"),
        ("a", "a", "a", "%(n)s", "%(n)s%(m)s", "%(n)s"),
        "msgstr[4]: unknown placeholder",
    ),
    (("%d cat", "%d cats"), ("a", "%d", "%d", "%d", "%d", "%d"), "msgstr[0]: takes 0 unnamed values"),
    (("%d cat", "%d cats"), ("%d",) * 5, "5 plural forms instead of 6"),
    (("%d cat", "%d cats"), ("%d",) * 7, "7 plural forms instead of 6"),
    (("%(n)s x",), ("%(n)d x",), "unknown placeholder"),
    (("%(n)s x",), ("%s x",), "named placeholders in the one, unnamed in the other"),
    (("%s of %s",), ("%s x",), "takes 1 unnamed values, the original 2"),
    (("%s of %d",), ("%d x %s",), "of other kinds"),
    (("5%% of %(n)s",), ("٪5 %(n)s",), ""),
    (("5%% of %(n)s",), ("5% %(n)s",), "missing placeholder"),
    (("%(n)s x",), ("x",), "missing placeholder"),
    (("%(n)s x",), ("%(n)s %(n)s",), ""),
    (("%(n)s x",), ("%(m)s x",), "unknown placeholder"),
    (("%(n)s x",), ("%(n x",), "is no placeholder"),
    (("%(n)s x\n",), ("%(n)s x",), "do not both end with a line break"),
]


@pytest.mark.parametrize(("originals", "forms", "said"), OF_MSGFMT)
def test_the_check_refuses_what_msgfmt_refuses_and_nothing_else(
    originals: tuple[str, ...], forms: tuple[str, ...], said: str
) -> None:
    found = list(format_problems(originals, forms, filled=True))
    assert (said in found[0]) if said else not found
