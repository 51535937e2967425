"""`{% reuse slug=reseller.slug own text=search_query %} ... {% endreuse %}`: a part of a page that a process keeps.

It is rendered once for all who see the same, in a context of nothing but the values named before `own`, which are its
key, and the language, so that it cannot show what its key lacks. The values after `own`, and the CSRF token, differ
from page to page: each is put in its place, escaped, and no condition can read it.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import fields
from threading import Lock
from typing import Any

from django import template
from django.db.models import Model
from django.template import Context, TemplateSyntaxError
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.loader_tags import BlockNode
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi

register = template.Library()
MOST = 500  # of one tag: resellers, languages, roles and pages; a few KB each
#: Characters of one tag: what a page repeats of its address is as long as its reader makes it.
MOST_TEXT = 4_000_000
_KEYS = (str, int, type(None), Promise)
# Unguessable, so that no text of a page can be mistaken for a place.
_SECRET = secrets.token_hex(8)
_PLACE = re.compile(f"\x02{_SECRET}:(\\w+)\x03")
_TOKEN = "csrf_token"  # noqa: S105  # a name, not a secret


class ReuseNode(Node):
    """Its body in pieces, by key: text, the name of an own value, text ..."""

    def __init__(
        self, body: NodeList, key: Mapping[str, FilterExpression], own: Mapping[str, FilterExpression]
    ) -> None:
        self.nodelist, self.key, self.own = body, key, own
        self._reads = [expression.resolve for expression in key.values()]
        self._pieces: dict[tuple[Any, ...], list[str]] = {}
        self._text = 0  # characters that are kept
        self._lock = Lock()

    def render(self, context: Context) -> SafeString:
        values = [read(context) for read in self._reads]
        # A safe text equals an unsafe one, and 1 equals True, but they don't look alike.
        key = (get_language(), *values, *map(type, values))
        pieces = self._pieces.get(key)
        if pieces is None:
            pieces = self._render(context, dict(zip(self.key, values, strict=True)))
            self._keep(key, pieces)
        if len(pieces) == 1:
            return mark_safe(pieces[0])  # noqa: S308
        own = [self._own(name, context) if at % 2 else name for at, name in enumerate(pieces)]
        return mark_safe("".join(own))  # noqa: S308

    def _own(self, name: str, context: Context) -> str:
        value: Any = context.get(_TOKEN, "") if name == _TOKEN else self.own[name].resolve(context)
        return str(conditional_escape(value))

    def _render(self, context: Context, values: dict[str, Any]) -> list[str]:
        for name, value in values.items():
            if not _is_key(value):
                raise TypeError(f"{name}={value!r} can't be the key of a part that is kept.")
        language = {"LANGUAGE_CODE": get_language(), "LANGUAGE_BIDI": get_language_bidi()}
        places = {name: mark_safe(f"\x02{_SECRET}:{name}\x03") for name in (_TOKEN, *self.own)}  # noqa: S308
        return _PLACE.split(self.nodelist.render(context.new({**language, **places, **values})))

    def _keep(self, key: tuple[Any, ...], pieces: list[str]) -> None:
        with self._lock:
            self._text += _length(pieces) - _length(self._pieces.pop(key, []))
            self._pieces[key] = pieces
            while len(self._pieces) > MOST or self._text > MOST_TEXT:
                # The oldest; where it is needed it comes back.
                self._text -= _length(self._pieces.pop(next(iter(self._pieces))))


def _length(pieces: list[str]) -> int:
    return sum(map(len, pieces))


def _is_key(value: object) -> bool:
    """Whether it says all about itself by what it equals; a row equals any other with the same id."""
    if isinstance(value, tuple | frozenset):
        return all(map(_is_key, value))
    if isinstance(value, Model):
        return False
    if isinstance(value, _KEYS):
        return True
    how = getattr(value, "__dataclass_params__", None)
    if how is None or not how.frozen:
        return False
    # Without `eq` it equals nothing but itself.
    return not how.eq or all(_is_key(getattr(value, one.name)) for one in fields(value))  # type: ignore[arg-type]


@register.tag("reuse")
def do_reuse(parser: Parser, token: Token) -> ReuseNode:
    """Raises TemplateSyntaxError for anything but `name=value`, and for a block: each page has its own of those."""
    bits = token.split_contents()[1:]
    at = bits.index("own") if "own" in bits else len(bits)
    named, others = bits[:at], bits[at + 1 :]
    key, own = token_kwargs(named, parser), token_kwargs(others, parser)
    if named or others:  # what could be read is removed
        raise TemplateSyntaxError(f"{{% reuse %}} takes name=value, not “{' '.join(named + others)}”.")
    body = parser.parse(("endreuse",))
    parser.delete_first_token()
    if body.get_nodes_by_type(BlockNode):
        raise TemplateSyntaxError("A part that is kept holds no block of a page.")
    return ReuseNode(body, key, own)
