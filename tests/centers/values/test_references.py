"""Numbers of documents within a sentence aren't broken at their hyphens."""

import pytest

from centers.templatetags.values import references


@pytest.mark.parametrize("number", ["INV-2026-0041", "TRF-20261201-0080", "TAX/INV-2026-0001"])
def test_a_number_stays_in_one_line(number: str) -> None:
    assert references(f"Voided {number}.") == f'Voided <span class="whole">{number}</span>.'


@pytest.mark.parametrize(
    "text", ["INV-2026-0041a", "X-RateLimit", "sub-INV-1", "A", "INV-2026-0041-of-the-whole-year", ""]
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert references(text) == text


def test_what_people_typed_is_escaped() -> None:
    assert (
        references("<b>INV-1</b> & more") == '&lt;b&gt;<span class="whole">INV-1</span>&lt;/b&gt; &amp; more'
    )
