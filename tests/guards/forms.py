"""The forms a person finds on the pages, read from the HTML as a browser reads them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

from django.test import Client
from django.urls import Resolver404, resolve

_UNSENT = {"csrfmiddlewaretoken"}


@dataclass
class PageForm:
    """One POST that a page offers: where to, what would be sent by choosing, and what is still to be typed."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)  # name -> type of the field
    names: set[str] = field(default_factory=set)

    @cached_property
    def target(self) -> str:
        """The name of the address it is sent to; "" where that is none of ours."""
        try:
            return resolve(self.action.split("?")[0]).url_name or ""
        except Resolver404:
            return ""

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """Forms with the same key do the same to rows alike."""
        return self.target, tuple(sorted(self.names))


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            posts = given.get("method", "").lower() == "post" or "hx-post" in given
            self._open = PageForm(given.get("hx-post") or given.get("action") or self.page) if posts else None
            if self._open:
                self.forms.append(self._open)
        elif "hx-post" in given:
            self.forms.append(PageForm(given["hx-post"]))
        elif self._open is not None:
            self._take(tag, given, self._open)

    def _take(self, tag: str, given: dict[str, str], form: PageForm) -> None:
        name = given.get("name", "")
        if tag == "option" and self._select:
            if given.get("value") and "selected" not in given:  # a person who changes all there is to change
                form.values[self._select] = [given["value"]]
            return
        if not name or name in _UNSENT or "disabled" in given:
            return
        form.names.add(name)
        kind = given.get("type", "text") if tag == "input" else tag
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.values.setdefault(name, [""])
        elif kind in ("checkbox", "radio"):
            if "checked" in given or name not in form.values:
                form.values[name] = [given.get("value", "on")]
        elif tag == "button":
            form.values.setdefault(name, [given.get("value", "")])
        elif given.get("value"):
            form.values.setdefault(name, []).append(given["value"])
        elif tag == "input":
            form.empty[name] = kind

    def handle_data(self, data: str) -> None:
        if self._area and self._open is not None:
            self._open.values[self._area][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


def forms_on(client: Client, url: str) -> Iterator[PageForm]:
    """The POSTs that the page at `url` offers this person."""
    response = client.get(url)
    if "html" in response.headers.get("Content-Type", "") and not response.streaming:
        reader = _Reader(url)
        reader.feed(response.content.decode())
        yield from reader.forms
