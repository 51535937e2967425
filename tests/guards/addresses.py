"""Every address of the product, read from the resolver."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """One URL pattern: its name, its view and the names of what it takes, in their order."""

    name: str
    route: str
    view: Any
    takes: tuple[str, ...]

    @property
    def audience(self) -> str:
        """`staff` or `portal`, or "" for a view without a door."""
        return getattr(self.view, "audience", "")

    def __str__(self) -> str:
        return self.name or self.route


def walk(
    resolver: URLResolver | None = None, route: str = "", takes: tuple[str, ...] = ()
) -> Iterator[Address]:
    """All addresses below `resolver` (the whole product)."""
    for entry in (resolver or get_resolver()).url_patterns:
        here = takes + tuple(entry.pattern.converters)
        path = route + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Address(entry.name or "", path, entry.callback, here)
        else:
            yield from walk(entry, path, here)


def all_addresses() -> list[Address]:
    """All addresses, once each (allauth repeats some)."""
    return list({address.route: address for address in walk()}.values())
