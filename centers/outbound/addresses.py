"""Addresses that people enter: only public ones, even if the spelling hides a private one.

An internal address would let the person who typed it reach our network, or the network of who fetches it for us.
"""

import ipaddress
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES

from centers.errors import OperationRefused

MAX_URL = 500
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

# `is_global` is True for these (Python 3.11 to 3.13), although they are internal or unroutable.
_MORE_BLOCKED = tuple(
    ipaddress.ip_network(net)
    for net in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated (SIIT)
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/23",  # Teredo, ORCHID, benchmarking and other special purposes
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local
        "192.88.99.0/24",
        "100.64.0.0/10",
        "198.18.0.0/15",
    )
)
_BLOCKED = (*EXTRA_BLOCKED_NET_RANGES, *_MORE_BLOCKED)
_INTERNAL_SUFFIXES = (
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
    ".onion",
    ".svc",
)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)


def check_public_url(url: str, *, resolve: Resolve | None = None) -> str:
    """The address without surrounding space. Raises OperationRefused unless it is http(s) without a user name or
    password and its host resolves only to public addresses.

    `resolve(host, port)` returns the host's addresses (default: the system's resolver) or raises OSError.
    """
    text = url.strip()
    host, port = split_url(text)
    literal = literal_address(host)
    addresses = [literal] if literal else _resolved(host, port, resolve or _system_resolve)
    if not addresses or not all(is_public(address) for address in addresses):
        raise OperationRefused(
            _("“%(host)s” isn't a public address. Enter one that can be reached from the internet.")
            % {"host": host[:80]}
        )
    return text


def check_url(url: str) -> str:
    """As `check_public_url`, for an address that we call ourselves; OUTBOUND_INTERNAL_HOSTS may be inside."""
    text = url.strip()
    host, port = split_url(text)
    return text if _is_internal_by_setting(host, port) else check_public_url(text)


def may_connect(host: str, port: int, address: str) -> bool:
    """Whether we may connect to `address`, which `host` currently resolves to: a public one, or a host of
    OUTBOUND_INTERNAL_HOSTS.

    Asked at every connection: a name that was public when it was entered may lead inside later.
    """
    if _is_internal_by_setting(host, port):
        return True
    try:
        return is_public(ipaddress.ip_address(address))
    except ValueError:  # also one with a zone, such as fe80::1%eth0
        return False


def _is_internal_by_setting(host: str, port: int) -> bool:
    name = host.strip("[]").rstrip(".").lower()
    return not {name, f"{name}:{port}"}.isdisjoint(settings.OUTBOUND_INTERNAL_HOSTS)


def is_public(address: Address) -> bool:
    """Whether the address is on the public internet; IPv4 addresses embedded in IPv6 are never public."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == net.version and address in net for net in _BLOCKED)


def split_url(text: str) -> tuple[str, int]:
    """Host and port of a web address without user name and password. Raises OperationRefused."""
    if len(text) > MAX_URL:
        raise OperationRefused(_("The address is longer than %(limit)s characters.") % {"limit": MAX_URL})
    if not text.isprintable() or not text.isascii() or re.search(r"[\s\\<>\"'{}|^`]", text):
        raise OperationRefused(_("The address contains characters that aren't allowed."))
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise _no_address() from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise _no_address()
    if "@" in parts.netloc:
        raise OperationRefused(_("The address must not contain a user name or password."))
    return host, port or (443 if parts.scheme == "https" else 80)


def literal_address(host: str) -> Address | None:
    """The host as an IP address, if it is a plain one, else None.

    Raises OperationRefused for unusual spellings of an address and for names that are internal by their form.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    labels = host.split(".")
    # Browsers and resolvers take a host ending in a number as IPv4: 127.1, 0x7f.1, 2130706433, 0177.0.0.1
    if _NUMBER.fullmatch(labels[-1]) or not all(_LABEL.fullmatch(label) for label in labels):
        raise _no_address()
    if len(labels) < 2 or ("." + host.lower()).endswith(_INTERNAL_SUFFIXES):
        raise OperationRefused(
            _("“%(host)s” isn't a public address. Enter one that can be reached from the internet.")
            % {"host": host[:80]}
        )
    return None


def _resolved(host: str, port: int, resolve: Resolve) -> list[Address]:
    try:
        results = resolve(host, port)
        return [ipaddress.ip_address(text.partition("%")[0]) for text in results]
    except (OSError, ValueError, UnicodeError) as error:
        raise OperationRefused(
            _("“%(host)s” can't be found. Check the address.") % {"host": host[:80]}
        ) from error


def _system_resolve(host: str, port: int) -> list[str]:
    results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({str(item[4][0]) for item in results})


def _no_address() -> OperationRefused:
    return OperationRefused(_("Enter a web address, such as https://example.com/hook."))
