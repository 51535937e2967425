"""Parts that a process keeps: the same for all who see the same, and never another person's, language's or role's."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client
from django.utils import translation
from django.utils.safestring import mark_safe

from centers.models import Center, Membership, Reseller, Role, User
from centers.templatetags import reuse
from tests.factories import ResellerFactory, member
from tests.people import sign_in


def draw(template: Template, **context: Any) -> str:
    return template.render(Context(context))


def test_it_is_rendered_once_for_each_key() -> None:
    asked: list[int] = []
    part = Template("{% reuse a=a %}{{ a.0 }}{% endreuse %}")
    seen = Template("{% reuse a=a own b=b %}{{ b }}{% endreuse %}")
    assert [draw(part, a=("1",)), draw(part, a=("2",)), draw(part, a=("1",))] == ["1", "2", "1"]
    for at in (1, 2):
        assert draw(seen, a="x", b=lambda at=at: asked.append(at) or at) == str(at)
    assert asked == [1, 2]  # an own value is read each time


def test_its_key_is_all_that_it_can_read() -> None:
    part = Template("{% reuse a=a %}[{{ a }}{{ b }}{{ request }}{{ reseller.name }}]{% endreuse %}")
    for name in ("Noor", "Huda"):
        assert draw(part, a=1, b=2, request="r", reseller={"name": name}) == "[1]"


def test_each_language_has_its_own() -> None:
    part = Template(
        "{% load i18n %}{% reuse %}{{ LANGUAGE_CODE }} {{ LANGUAGE_BIDI }} {% translate 'Close' %}{% endreuse %}"
    )
    with translation.override("ar"):
        assert draw(part) == "ar True إغلاق"
    assert draw(part) == "en False Close"


def test_what_is_equal_but_looks_different_has_its_own() -> None:
    part = Template("{% reuse a=a %}{{ a }}{% endreuse %}")
    assert draw(part, a="<b>") == "&lt;b&gt;"
    assert draw(part, a=mark_safe("<b>")) == "<b>"
    assert (draw(part, a=1), draw(part, a=True)) == ("1", "True")


def test_own_values_are_escaped_and_stay_out_of_other_pages() -> None:
    part = Template('{% reuse own q=q %}<i title="{{ q }}">{{ q }}</i>{% endreuse %}')
    assert draw(part, q='"><b>') == '<i title="&quot;&gt;&lt;b&gt;">&quot;&gt;&lt;b&gt;</i>'
    assert draw(part, q=mark_safe("<b>")) == '<i title="<b>"><b></i>'
    assert draw(part) == '<i title=""></i>'


def test_the_csrf_token_is_the_page_s() -> None:
    part = Template("{% reuse %}{% csrf_token %}{% endreuse %}")
    for token in ("a" * 64, "b" * 64):
        assert f'value="{token}"' in draw(part, csrf_token=token)


@dataclass
class Changing:
    """Equal to another while both have the same name."""

    name: str

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True)
class Named:
    """Equal to another while both have the same center: a row, which equals any with its id."""

    name: Center


@pytest.mark.parametrize(
    "value",
    [
        Center(pk=1, created_at=None),
        (Center(pk=1, created_at=None),),
        Named(Center(pk=1, created_at=None)),
        Changing("x"),
        object(),
    ],
)
def test_what_its_equal_may_differ_from_is_no_key(value: object) -> None:
    with pytest.raises(TypeError, match="a="):
        draw(Template("{% reuse a=a %}{{ a.name }}{% endreuse %}"), a=value)


def test_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuse, "MOST", 2)
    part = Template("{% reuse a=a %}{{ a }}{% endreuse %}")
    assert [draw(part, a=at) for at in range(5)] == list("01234")
    assert len(part.nodelist[0]._pieces) == 2  # type: ignore[attr-defined]


def test_what_is_kept_is_limited_however_long_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuse, "MOST_TEXT", 30)
    part = Template("{% reuse a=a %}{{ a }}{% endreuse %}")
    node: Any = part.nodelist[0]
    for text in ("a" * 20, "b" * 10, "c", "d" * 31):
        assert draw(part, a=text) == text
        assert sum(len(piece) for pieces in node._pieces.values() for piece in pieces) == node._text <= 30
    assert draw(part, a="e") == "e"
    assert len(node._pieces) == 1


@pytest.mark.parametrize(
    "source",
    ["{% reuse a %}{% endreuse %}", "{% reuse own b %}{% endreuse %}", "{% reuse a=1 b %}{% endreuse %}"],
)
def test_it_takes_names_and_values(source: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="name=value"):
        Template(source)


def test_it_holds_no_block() -> None:
    with pytest.raises(TemplateSyntaxError, match="block"):
        Template("{% reuse %}{% block content %}{% endblock %}{% endreuse %}")


class Page:
    """One person's board in a browser."""

    def __init__(self, person: User, reseller: Reseller, language: str = "en") -> None:
        self.client = sign_in(Client(headers={"accept-language": language}), person)
        self.url = f"/r/{reseller.slug}/board/"

    def get(self) -> str:
        response = self.client.get(self.url)
        assert isinstance(response, HttpResponse)
        return response.content.decode()


def _sidebar(page: str) -> set[str]:
    return set(re.findall(r'href="([^"]+)" class="sidebar-link"', page))


@pytest.mark.django_db
def test_the_frame_is_each_person_s_own() -> None:
    reseller = ResellerFactory()
    owner, helper = member(reseller, Role.OWNER), member(reseller, Role.SUPPORT)
    seen = Page(owner, reseller).get(), Page(helper, reseller).get()
    assert _sidebar(seen[1]) < _sidebar(seen[0])
    for page, person in zip(seen, (owner, helper), strict=True):
        assert str(person) in page
    arabic = Page(owner, reseller, "ar").get()
    assert 'dir="rtl"' in arabic
    assert "pages.rtl" in arabic
    assert _sidebar(arabic) == _sidebar(seen[0])


@pytest.mark.django_db
def test_the_frame_shows_what_changed_since() -> None:
    reseller = ResellerFactory(name="Noor")
    owner = member(reseller, Role.OWNER)
    page = Page(owner, reseller)
    before = page.get()
    assert "Noor" in before
    assert 'data-theme="system"' in before
    Reseller.objects.filter(pk=reseller.pk).update(name="Huda & sons", colour="teal", logo_version="v9")
    User.objects.filter(pk=owner.pk).update(name="Amal", theme="dark")
    after = page.get()
    assert "Huda &amp; sons" in after
    assert "Noor" not in after
    assert 'data-brand="teal"' in after
    assert "?v=v9" in after
    assert 'data-theme="dark"' in after
    assert '<span class="person-name">Amal</span>' in after
    assert len(_sidebar(after)) > 3
    Membership.objects.filter(user=owner).update(role=Role.SUPPORT)
    assert _sidebar(page.get()) < _sidebar(after)


@pytest.mark.django_db
def test_each_answer_masks_the_token_of_its_forms() -> None:
    reseller = ResellerFactory()
    page = Page(member(reseller, Role.OWNER), reseller)
    first, second = (
        set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.get())) for _ in range(2)
    )
    assert len(first) == len(second) == 1
    assert first != second
    other = Page(member(reseller, Role.OWNER), reseller)
    assert not (first | second) & set(re.findall(r'value="(\w{64})"', other.get()))
