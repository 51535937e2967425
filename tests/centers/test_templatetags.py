"""What the tags put on a page, in both languages."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from centers.models import Center, Reseller
from centers.tenancy.permissions import Permission
from centers.values.formats import money_text, number_text
from centers.web.icons import IconMissing
from centers.web.paging import Page

MOMENT = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
RESELLER = Reseller(name="Noor", slug="noor", time_zone="Asia/Riyadh")


def draw(source: str, **context: Any) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("amount", "currency", "exact", "shown"),
    [
        ("1234.5", "LYD", False, "1,234.500 LYD"),
        ("1234.5", "USD", False, "1,234.50 USD"),
        ("1234.5", "JPY", False, "1,235 JPY"),
        ("0.005", "USD", False, "0.01 USD"),
        ("-0.005", "USD", False, "-0.01 USD"),
        ("0.0125", "USD", True, "0.0125 USD"),
        ("0.5", "USD", True, "0.50 USD"),
        ("0.003348995", "OMR", True, "0.003349 OMR"),
        ("12345678901234567.891", "KWD", False, "12,345,678,901,234,567.891 KWD"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(
    amount: str, currency: str, exact: bool, shown: str
) -> None:
    assert money_text(Decimal(amount), currency, exact=exact) == shown


@pytest.mark.parametrize("language", ["en", "ar"])
def test_amounts_and_numbers_are_latin_and_isolated(language: str) -> None:
    with translation.override(language):
        drawn = draw(
            "{% money a 'LYD' %}{{ n|digits }}{{ p|ltr }}", a=Decimal("1234.5"), n=56789, p="+218 91"
        )
    assert drawn == (
        '<bdi dir="ltr" class="money">1,234.500 LYD</bdi><bdi dir="ltr" class="number">56,789</bdi>'
        '<bdi dir="ltr">+218 91</bdi>'
    )


@pytest.mark.parametrize(
    ("value", "occurred", "shown"),
    [
        ("83.5", False, "83.50"),
        ("97", False, "97.00"),
        ("99.99", True, "99.99"),
        ("100.00", False, "100"),
        ("0", False, "0"),
        ("0.00", True, "&lt; 0.01"),
    ],
)
def test_shares_have_two_decimals_and_what_occurred_is_never_nothing(
    value: str, occurred: bool, shown: str
) -> None:
    drawn = draw("{% percent v occurred=o %}", v=Decimal(value), o=occurred)
    assert drawn == f'<bdi dir="ltr" class="number">{shown}%</bdi>'


def test_nothing_known_is_a_dash() -> None:
    drawn = draw(
        "{% money n 'USD' %}{{ n|digits }}{% when n %}{% ago n %}{% day n %}{% copyable n %}{% secret e %}",
        n=None,
        e="",
    )
    assert drawn.count("–") == 7


def test_numbers_keep_their_decimals() -> None:
    assert number_text(Decimal("1234.5678")) == "1,234.5678"


def test_times_are_shown_in_the_zone_of_the_reseller() -> None:
    drawn = draw("{% when m %} {% day m %} {% day d %}", m=MOMENT, d=date(2026, 3, 1), reseller=RESELLER)
    assert ">2 Mar 2026, 01:30</time>" in drawn
    assert (
        '<time datetime="2026-03-02">2 Mar 2026</time> <time datetime="2026-03-01">1 Mar 2026</time>' in drawn
    )
    with translation.override("ar"):
        assert "2 مارس 2026، 01:30" in draw("{% when m %}", m=MOMENT, reseller=RESELLER)


def test_ago_counts_from_the_clock_of_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("centers.clock.now", lambda: MOMENT.replace(hour=23, minute=0))
    drawn = draw("{% ago m %}", m=MOMENT, reseller=RESELLER)
    assert ">30 minutes ago<" in drawn
    assert 'title="2 Mar 2026, 01:30:00"' in drawn


def test_numbers_of_documents_are_not_broken_at_their_hyphens() -> None:
    drawn = draw(
        "{{ v|references }}", v="Amal's invoice INV-2026-0041 & <b>A-</b> well-known TRF-20261201-0080."
    )
    whole = '<span class="whole">{}</span>'
    assert drawn == (
        f"Amal&#x27;s invoice {whole.format('INV-2026-0041')} &amp; &lt;b&gt;A-&lt;/b&gt; well-known "
        f"{whole.format('TRF-20261201-0080')}."
    )
    long = "INV-2026-0041-0041-0041-0041"
    assert draw("{{ v|references }}", v=long) == long, "longer than a line of a phone"


def test_each_of_several_boxes_is_drawn_as_a_single_one() -> None:
    class Choosing(forms.Form):
        one = forms.BooleanField()
        some = forms.MultipleChoiceField(
            choices=[("a", "A"), ("b", "B")], widget=forms.CheckboxSelectMultiple
        )

    drawn = draw("{% field f.one %}{% field f.some %}", f=Choosing({"some": ["b"]}))
    assert drawn.count("form-check-input") == drawn.count("<input ") == 3
    assert drawn.count(" checked") == 1


def test_hostile_text_stays_text() -> None:
    nasty = '"><script>alert(1)</script>'
    drawn = draw(
        "{% copyable v v %}{% secret v %}{{ v|ltr }}{% badge 'info' v 'plug' v %}{% empty_state 'plug' v v v v %}",
        v=nasty,
    )
    assert "<script>" not in drawn
    assert '""' not in drawn


def test_icons_come_from_one_file_and_must_be_in_it() -> None:
    assert '<use href="/static/img/icons.svg#plug"/>' in draw("{% icon 'plug' %}")
    assert 'aria-hidden="true"' in draw("{% icon 'plug' %}")
    assert "icon-mirror" in draw("{% icon 'chevron-right' %}")
    for name in ("no-such-icon", "../outline/plug", ""):
        with pytest.raises(IconMissing):
            draw("{% icon name %}", name=name)


def test_a_badge_has_a_known_tone() -> None:
    with pytest.raises(ValueError, match="purple"):
        draw("{% badge 'purple' 'x' %}")


@pytest.mark.parametrize("payment_status", Center.PaymentStatus.values)
def test_every_payment_status_has_a_badge(payment_status: str) -> None:
    center = Center(payment_status=payment_status)
    assert str(Center.PaymentStatus(payment_status).label) in draw("{% payment_status_badge c %}", c=center)


class Example(forms.Form):
    email = forms.EmailField(help_text="At work")
    agree = forms.BooleanField()
    kind = forms.ChoiceField(choices=[("a", "A")])
    way = forms.ChoiceField(choices=[("x", "X")], widget=forms.RadioSelect)


def test_fields_tie_label_help_and_error_together() -> None:
    form = Example({"email": "nonsense"})
    form.full_clean()
    form.add_error(None, "Both are wrong")
    drawn = draw("{% fields form %}", form=form)
    assert '<label class="form-label required" for="id_email">' in drawn
    assert 'aria-describedby="id_email_helptext id_email_error"' in drawn
    assert 'id="id_email_helptext"' in drawn
    assert 'id="id_email_error"' in drawn
    assert 'class="form-control is-invalid"' in drawn
    assert drawn.count(" autofocus") == 1, "the first field with an error"
    assert "autofocus" not in draw("{% fields form %}", form=Example())
    assert 'class="form-check-input is-invalid"' in drawn
    assert "<legend" in drawn
    assert 'role="alert"' in drawn
    assert "Both are wrong" in drawn


def test_sorting_keeps_the_filters_and_begins_at_the_first_page() -> None:
    request = RequestFactory().get("/?q=a%20b&after=zzz&sort=name")
    page: Page[Any] = Page((), "", "", "name")
    drawn = draw(
        "{% sort_header 'name' 'Name' %}{% sort_header 'since' 'Since' %}", request=request, page=page
    )
    assert 'href="?q=a+b&amp;sort=-name"' in drawn
    assert 'href="?q=a+b&amp;sort=since"' in drawn
    assert "after" not in drawn
    assert 'aria-sort="ascending"' in drawn
    assert 'aria-sort="none"' in drawn


def test_a_live_part_fetches_itself() -> None:
    drawn = draw("<div {% live 'instances, alerts' url %}>", url="/r/x/?a=1&b=2")
    assert 'data-live="instances alerts"' in drawn
    assert 'hx-get="/r/x/?a=1&amp;b=2"' in drawn
    assert 'hx-trigger="live"' in drawn


def test_the_pager_offers_only_pages_that_exist() -> None:
    assert draw("{% pager p %}", p=Page((), "", "", "name")) == ""
    drawn = draw("{% pager p %}", p=Page((), "?after=x", "", "name"))
    assert 'rel="next"' in drawn
    assert 'rel="prev"' not in drawn


def test_what_a_role_may_not_do_is_not_on_its_page() -> None:
    page = '{% may "pair" and not off %}pair{% else %}look{% endmay %}'
    holds = frozenset({Permission.PAIR})
    assert draw(page, permissions=holds, off=False) == "pair"
    assert draw(page, permissions=holds, off=True) == "look"
    assert draw(page, permissions=frozenset({Permission.VIEW}), off=False) == "look"
    assert draw(page, off=False) == "look"  # signed out: no permissions at all


@pytest.mark.parametrize(
    "tag", ['may "piar"', "may pair", "may", 'may "pair" or off', 'may "pair" and', 'may "pair" off']
)
def test_a_permission_that_does_not_exist_is_refused_when_the_template_is_read(tag: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        Template("{% " + tag + " %}x{% endmay %}")


def test_a_column_writes_its_label_once_for_its_head_and_its_cells() -> None:
    table = '{% column "due" _("Due") css="num" %}{% for n in rows %}<td {% cell "due" %}>{{ n }}</td>{% endfor %}'
    shown = draw(table, rows=[1, 2])
    assert shown == (
        '<th scope="col" class="num">Due</th><td data-label="Due">1</td><td data-label="Due">2</td>'
    )
    with pytest.raises(KeyError):
        draw('{% column "due" _("Due") %}<td {% cell "deu" %}>')


def test_a_sorted_column_labels_its_cells_too() -> None:
    request = RequestFactory().get("/", {"sort": "-due"})
    shown = draw('{% column "due" "Due" sort="due" %}<td {% cell "due" %}>', request=request)
    assert 'aria-sort="descending"' in shown
    assert shown.endswith('<td data-label="Due">')


def test_a_short_name_in_a_heading_stays_in_one_line_and_a_long_one_wraps() -> None:
    assert draw("{{ name|whole }}", name="Desk <1>") == '<span class="whole">Desk &lt;1&gt;</span>'
    assert (
        draw("{{ name|whole }}", name="A name of a number that is long") == "A name of a number that is long"
    )
